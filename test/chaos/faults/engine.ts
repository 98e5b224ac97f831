// Faults inside the real engine, not played by a proxy: a full disk, too many parts, failing and fatal
// renames at the moment a part gets its name, merges in between, batches over hundreds of months.
import { setTimeout as sleep } from 'node:timers/promises';
import { mountSmallDisk } from '../disk.ts';
import { assert, assertStruck, type Fault, type Lab, type Struck } from '../fault.ts';
import { startFaultProxy, type FaultProxy } from '../fault-proxy.ts';
import { startLoad } from '../load.ts';
import { eventJson } from '../messages.ts';
import { mortalClickHouse, type Mortal } from '../own-servers.ts';
import { assertStrace, injectIntoRenames } from '../strace.ts';
import { openWorld, type World } from '../world.ts';
import { until } from '../../until.ts';

export const engineFaults: readonly Fault[] = [
  {
    name: 'disk-full',
    about:
      'the disk of ClickHouse is really full (a tmpfs of its own), or nearly; then it has room',
    quick: false,
    strike: diskFull,
  },
  {
    name: 'parts-limit',
    about:
      'ClickHouse itself refuses inserts (252): merges stand still at parts_to_throw_insert = 3',
    quick: true,
    strike: partsLimit,
  },
  {
    name: 'rename-enospc',
    about: 'the rename that makes a part visible fails with ENOSPC (strace)',
    quick: false,
    strike: (lab) => renameStruck(lab, 'error=ENOSPC'),
  },
  {
    name: 'kill-clickhouse-at-rename',
    about: 'ClickHouse gets a SIGKILL in the rename that makes a part visible (strace)',
    quick: false,
    strike: (lab) => renameStruck(lab, 'signal=SIGKILL'),
  },
  {
    name: 'merges',
    about: 'OPTIMIZE … FINAL of all tables, again and again under load',
    quick: true,
    strike: merges,
  },
  {
    name: 'batch-of-300-months',
    about: 'one batch whose event times span 300 months is one part, and no error 252',
    quick: true,
    strike: manyMonths,
  },
];

/** The tables want 256 MB free (`min_free_disk_bytes_to_perform_insert`). */
const DISK_MB = 400;
const NEARLY_FULL_BYTES = 30_000_000;

async function diskFull({ endpoints, intensity }: Lab): Promise<Struck> {
  await using disk = await mountSmallDisk(DISK_MB);
  await using clickhouse = await mortalClickHouse(disk.folder);
  await using world = await openWorld({ ...endpoints, clickhouseUrl: clickhouse.address });
  await using proxy = await startFaultProxy(clickhouse.address);
  await using consumer = world.consumerProcess({ CLICKHOUSE_URL: proxy.url });
  await world.fill(300, 20);
  await world.verified();
  for (let round = 0; round < Math.max(2, Math.ceil(intensity / 2)); round += 1) {
    const before = refusals(proxy);
    // In turns: too little room for a part, and none for a byte.
    await disk.fill(round % 2 === 0 ? NEARLY_FULL_BYTES : 0);
    await world.fill(6_000, 20);
    await until('three inserts are refused', () => refusals(proxy) >= before + 3, {
      seen: () => refusals(proxy) - before,
    });
    const held = await world.rowCount();
    await sleep(3_000);
    assert((await world.rowCount()) === held, 'rows landed on a full disk');
    await disk.relieve();
    await world.verified();
  }
  assert(consumer.lines.some(({ msg }) => msg.includes('waiting:')), 'it did not say that it waits'); // prettier-ignore
  const audit = await world.verified();
  return { times: refusals(proxy), audit, note: codesOf(proxy) };
}

function refusals({ errors }: FaultProxy): number {
  return [...errors.values()].reduce((all, count) => all + count, 0);
}

/** `error 243 ×5` */
function codesOf({ errors }: FaultProxy): string {
  return [...errors].map(([code, count]) => `error ${code} ×${count}`).join(', ');
}

const TOO_MANY_PARTS = 252;

async function partsLimit({ endpoints, intensity }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await using proxy = await startFaultProxy(endpoints.clickhouseUrl);
  const refused = (): number => proxy.errors.get(TOO_MANY_PARTS) ?? 0;
  await world.clickhouse.command(
    'ALTER TABLE sensor_data MODIFY SETTING parts_to_throw_insert = 3, parts_to_delay_insert = 3',
  );
  await world.runs({ CLICKHOUSE_URL: proxy.url });
  for (let round = 0; round < intensity; round += 1) {
    await world.clickhouse.command('SYSTEM STOP MERGES sensor_data');
    const before = refused();
    while (refused() < before + 2) {
      await world.fill(60, 20);
      await sleep(150);
    }
    await world.clickhouse.command('SYSTEM START MERGES sensor_data');
    await mergedUntilIngested(world);
  }
  return { times: refused(), audit: await world.verified(), note: codesOf(proxy) };
}

/** What a server does by itself, sooner. */
async function mergedUntilIngested(world: World): Promise<void> {
  const ingested = world.ingested().then(() => true);
  ingested.catch(() => undefined);
  while (!(await Promise.race([ingested, sleep(300, false)]))) {
    await world.clickhouse.command('OPTIMIZE TABLE sensor_data FINAL');
  }
}

async function renameStruck({ endpoints, intensity }: Lab, fault: string): Promise<Struck> {
  await assertStrace();
  await using clickhouse = await mortalClickHouse();
  await using world = await openWorld({ ...endpoints, clickhouseUrl: clickhouse.address });
  await using proxy = await startFaultProxy(clickhouse.address);
  await world.runs({ CLICKHOUSE_URL: proxy.url });
  const tables = ['sensor_data', 'dead_letters'];
  const wanted = Array.from({ length: Math.ceil(intensity / 2) }, () => tables).flat();
  for (const table of wanted) await strikeRename(world, proxy, clickhouse, table, fault);
  return { times: wanted.length, audit: await world.verified() };
}

async function strikeRename(
  world: World,
  proxy: FaultProxy,
  clickhouse: Mortal,
  table: string,
  fault: string,
): Promise<void> {
  const attached = Promise.withResolvers<Awaited<ReturnType<typeof injectIntoRenames>>>();
  attached.promise.catch(() => undefined);
  let armed = true;
  // The INSERT waits in the proxy until the tracer stands by, so that the next rename is its own.
  proxy.decide = async ({ insertInto }) => {
    if (!armed || insertInto !== table) return undefined;
    armed = false;
    const injecting = injectIntoRenames(clickhouse.pid, fault);
    await injecting.then(attached.resolve, attached.reject);
    return undefined;
  };
  await world.fill(300, 20);
  {
    await using injection = await attached.promise;
    const calls = await injection.struck();
    assert(calls.includes('tmp_insert_'), `struck was no part: ${calls}`);
  }
  if (fault.startsWith('signal')) {
    await clickhouse.kill(); // is dead already; resolves once its end was seen
    await clickhouse.revive();
  }
  await world.verified();
}

async function merges({ endpoints, intensity }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await world.runs();
  await using load = startLoad(world, { perRound: 100, everyMs: 100 });
  let times = 0;
  const until = performance.now() + 4_000 * intensity;
  while (performance.now() < until) {
    for (const table of ['sensor_data', 'dead_letters', 'consumer_positions']) {
      await world.clickhouse.command(`OPTIMIZE TABLE ${table} FINAL`);
      times += 1;
    }
  }
  await load.stop();
  assertStruck(times, 3);
  return { times, audit: await world.verified() };
}

const MONTHS = 300;

async function manyMonths({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints, { partitions: 1 });
  await world.clickhouse.command('SYSTEM STOP MERGES sensor_data');
  await world.send(
    Array.from({ length: MONTHS }, (_, month) => {
      const event = JSON.parse(eventJson(month)) as { ts: number };
      event.ts = Date.UTC(2000, 1 + month, 1) / 1_000;
      return { value: JSON.stringify(event), partition: 0 };
    }),
  );
  await world.runs({ FLUSH_INTERVAL_SEC: '2', BATCH_SIZE: '100000' });
  const audit = await world.verified();
  const parts = await world.clickhouse.rows<{ months: string }>(
    'SELECT toString(uniqExact(toYYYYMM(ts))) AS months FROM sensor_data GROUP BY _part',
  );
  const months = parts.map((part) => part.months).join();
  assert(months === String(MONTHS), `months by part: ${months}`);
  return { times: 1, audit, note: `${MONTHS} months in one part` };
}
