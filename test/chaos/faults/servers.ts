// Faults of the servers: kill -9 of Kafka and of ClickHouse while messages flow, and a random mix of
// everything for as long as one likes.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { assert, assertStruck, type Fault, type Lab, type Struck } from '../fault.ts';
import { startFaultProxy, type Fate } from '../fault-proxy.ts';
import { startLoad } from '../load.ts';
import { mortalClickHouse, mortalKafka } from '../own-servers.ts';
import { openWorld, type World } from '../world.ts';

export const serverFaults: readonly Fault[] = [
  {
    name: 'kill-clickhouse',
    about: 'kill -9 of the ClickHouse server under load, at random moments',
    quick: true,
    strike: killClickHouse,
  },
  {
    name: 'kill-broker',
    about: 'kill -9 of the Kafka broker under load',
    quick: false,
    strike: killBroker,
  },
];

export const mixFault: Fault = {
  name: 'mix',
  about: 'random faults in random order: replies lost, cut, late, errors, kills, joins, ClickHouse',
  quick: false,
  strike: mix,
};

async function killClickHouse({ endpoints, intensity, random }: Lab): Promise<Struck> {
  await using clickhouse = await mortalClickHouse();
  await using world = await openWorld({ ...endpoints, clickhouseUrl: clickhouse.address });
  await world.runs();
  await using load = startLoad(world, 100, 100);
  const times = 2 * intensity - 1;
  for (let strike = 0; strike < times; strike += 1) {
    await sleep(500 + random.next() * 1_500);
    await clickhouse.kill();
    await sleep(random.next() * 1_000);
    await clickhouse.revive();
  }
  await load.stop();
  return { times, audit: await world.verified(120_000) };
}

async function killBroker({ endpoints, intensity, random }: Lab): Promise<Struck> {
  await using kafka = await mortalKafka();
  await using world = await openWorld({ ...endpoints, kafkaBootstrap: kafka.address });
  await world.runs();
  const times = Math.max(1, Math.round(intensity / 2));
  for (let strike = 0; strike < times; strike += 1) {
    // What a send in doubt left behind is for the broker to say: both oracles ask the broker.
    await using load = startLoad(world, 100, 50);
    await sleep(2_000 + random.next() * 2_000);
    await kafka.kill();
    await sleep(random.next() * 2_000);
    await kafka.revive();
    await load.stop().catch(() => undefined);
    await world.reconnect();
    await world.fill(300, 20);
    await world.ingested(120_000);
  }
  return { times, audit: await world.verified(120_000) };
}

async function mix({ endpoints, minutes, random }: Lab): Promise<Struck> {
  await using clickhouse = await mortalClickHouse();
  await using world = await openWorld({ ...endpoints, clickhouseUrl: clickhouse.address });
  await using proxy = await startFaultProxy(clickhouse.address);
  const through = { CLICKHOUSE_URL: proxy.url, CLICKHOUSE_TIMEOUT_MS: '2000' };
  await using staying = world.consumerProcess(through);
  await staying.logged(/took over/, 60_000);
  proxy.decide = ({ insertInto }) =>
    insertInto !== undefined && random.chance(0.05) ? anyFate(random.next()) : undefined;
  await using load = startLoad(world, 100, 100);
  const until = performance.now() + minutes * 60_000;
  const strikes = new Map<string, number>();
  const memoryMb: number[] = [];
  while (performance.now() < until) {
    const [name, strike] = STRIKES[Math.floor(random.next() * STRIKES.length)]!;
    await strike({ world, through, clickhouse, pauseMs: random.next() * 2_000 });
    strikes.set(name, (strikes.get(name) ?? 0) + 1);
    memoryMb.push(await residentMb(staying.pid));
    await sleep(1_000);
  }
  await load.stop();
  proxy.decide = () => undefined;
  const audit = await world.verified(180_000);
  strikes.set('insert', proxy.struck);
  const struck = [...strikes].map(([name, count]) => `${name} ${count}`).join(', ');
  const third = Math.ceil(memoryMb.length / 3);
  const early = median(memoryMb.slice(0, third));
  const late = median(memoryMb.slice(-third));
  const peak = Math.round(Math.max(...memoryMb));
  const note = `${struck}; RSS first third ${early} MB, last third ${late} MB, peak ${peak} MB`;
  assert(peak < 300, `RSS rose to ${peak} MB`);
  const times = [...strikes.values()].reduce((sum, count) => sum + count, 0);
  assertStruck(times, 1);
  return { times, audit, note };
}

interface Scene {
  readonly world: World;
  readonly through: Record<string, string>;
  readonly clickhouse: Awaited<ReturnType<typeof mortalClickHouse>>;
  readonly pauseMs: number;
}

const STRIKES: readonly (readonly [string, (scene: Scene) => Promise<void>])[] = [
  ['quiet', ({ pauseMs }) => sleep(pauseMs)],
  [
    'kill-clickhouse',
    async ({ clickhouse, pauseMs }) => {
      await clickhouse.kill();
      await sleep(pauseMs);
      await clickhouse.revive();
    },
  ],
  [
    'join-and-leave',
    async ({ pauseMs, through, world }) => {
      await using joining = await world.consumer(through);
      await sleep(1_000 + pauseMs + 0 * joining.port);
    },
  ],
  [
    'rival-killed',
    async ({ pauseMs, through, world }) => {
      const KAFKA_GROUP = `rival-${world.topic}-${Math.round(pauseMs * 1_000)}`;
      await using rival = world.consumerProcess({ ...through, KAFKA_GROUP });
      await rival.logged(/took over/, 60_000);
      await sleep(pauseMs);
      rival.kill('SIGKILL');
    },
  ],
];

function anyFate(at: number): Fate {
  const fates: readonly Fate[] = [
    { kind: 'lose-reply' },
    { kind: 'cut', share: 0.5 },
    { kind: 'late', delayMs: 3_000 },
    { kind: 'drip', delayMs: 3_000 },
    { kind: 'answer', status: 500, code: 252 },
    { kind: 'answer', status: 503, after: true },
    { kind: 'hang' },
  ];
  return fates[Math.floor(at * fates.length)]!;
}

/** Resident memory of a process, from /proc; 0 where there is none. */
async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1_024;
}

function median(values: readonly number[]): number {
  return Math.round(values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0);
}
