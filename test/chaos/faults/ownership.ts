// Faults of ownership: more than one process believes that it owns a partition, or the group remembers a
// wrong position. The fence in the INSERT has to decide, whatever the group says.
import { setTimeout as sleep } from 'node:timers/promises';
import { assert, assertStruck, type Fault, type Lab, type Struck } from '../fault.ts';
import { startFaultProxy, type LateAnswer } from '../fault-proxy.ts';
import { startLoad } from '../load.ts';
import { mixedMessages, poisonMessage } from '../messages.ts';
import { openWorld, type Endpoints, type World } from '../world.ts';

const FENCED = 395;
const CANCELLED = 394;

export const ownershipFaults: readonly Fault[] = [
  {
    name: 'zombie',
    about:
      'SIGSTOP in the middle of an INSERT; another takes over; the INSERT arrives, the process wakes',
    quick: true,
    strike: (lab) => zombie(lab, false),
  },
  {
    name: 'zombie-same-group',
    about: 'the same within one group, which first has to notice after its session timeout',
    quick: false,
    strike: (lab) => zombie(lab, true),
  },
  {
    name: 'same-epoch',
    about: 'two owners read the same epoch before either claims',
    quick: true,
    strike: sameEpoch,
  },
  {
    name: 'running-past-guard',
    about:
      'the INSERT has passed its guard and goes on for seconds when another takes over: it is killed',
    quick: true,
    strike: runningPastGuard,
  },
  {
    name: 'two-owners',
    about: 'two groups own every partition at once and keep taking it from each other',
    quick: false,
    strike: twoOwners,
  },
  {
    name: 'rebalance',
    about: 'a second consumer joins and leaves every 3 s; with --full for two minutes',
    quick: false,
    strike: rebalance,
  },
  {
    name: 'offsets-moved',
    about: 'committed offsets moved by ±500, a partition of nothing but poison among them',
    quick: true,
    strike: offsetsMoved,
  },
];

/** Two owners take a partition from each other after each of these, with twenty statements. */
const RARELY = { FLUSH_INTERVAL_SEC: '0.5' };

/** Held in the proxy: the first INSERT of rows, until released. */
async function zombie({ endpoints, intensity }: Lab, sameGroup: boolean): Promise<Struck> {
  let times = 0;
  await using world = await openWorld(endpoints);
  for (let round = 0; round < intensity; round += 1) {
    for (const table of ['sensor_data', 'dead_letters']) {
      await strikeZombie(
        world,
        table,
        sameGroup ? {} : { KAFKA_GROUP: `zombie-${round}-${table}` },
      );
      times += 1;
    }
  }
  return { times, audit: await world.verified() };
}

async function strikeZombie(world: World, table: string, group: Record<string, string>) {
  await using proxy = await startFaultProxy(world.endpoints.clickhouseUrl);
  const held = Promise.withResolvers<undefined>();
  const release = Promise.withResolvers<undefined>();
  const answered = Promise.withResolvers<LateAnswer>();
  let holding = false;
  proxy.decide = async ({ insertInto }) => {
    if (insertInto !== table || holding) return undefined;
    holding = true;
    held.resolve(undefined);
    await release.promise;
    return { kind: 'late', delayMs: 0, done: answered.resolve };
  };
  await using asleep = world.consumerProcess({ CLICKHOUSE_URL: proxy.url, ...group, ...RARELY });
  await asleep.logged(/took over/);
  await world.fill(300, 10);
  await held.promise;
  asleep.kill('SIGSTOP');
  await world.runs(RARELY);
  await world.fill(300, 10);
  await world.ingested();
  release.resolve(undefined);
  const { code } = await answered.promise;
  assert(code === FENCED, `the zombie's INSERT into ${table} got code ${code}, not ${FENCED}`);
  asleep.kill('SIGCONT');
  await asleep.logged(/fenced/);
  await world.fill(300, 10);
  await world.verified();
}

async function sameEpoch({ endpoints, intensity }: Lab): Promise<Struck> {
  let [times, byFirst] = [0, 0];
  for (let round = 0; ; round += 1) {
    await using world = await openWorld(endpoints);
    await using one = await startFaultProxy(endpoints.clickhouseUrl);
    await using other = await startFaultProxy(endpoints.clickhouseUrl);
    const barrier = meetingOf(2);
    for (const proxy of [one, other]) {
      let first = true;
      proxy.decide = async ({ insertInto }) => {
        if (insertInto !== 'consumer_positions' || !first) return undefined;
        first = false;
        await barrier();
        return undefined;
      };
    }
    await world.fill(600, 20);
    {
      await using first = await world.consumer({ CLICKHOUSE_URL: one.url, KAFKA_GROUP: 'one', ...RARELY }); // prettier-ignore
      await world.runs({ CLICKHOUSE_URL: other.url, KAFKA_GROUP: 'two', ...RARELY });
      await world.ingested();
      byFirst += first.totals().inserted;
    }
    await world.fill(600, 20);
    const audit = await world.verified();
    const [met] = await world.clickhouse.rows<{ owners: string }>(
      `SELECT toString(uniqExact(owner)) AS owners FROM consumer_positions
       WHERE reason = 'claim' AND epoch = 1 AND kafka_partition = 0`,
    );
    assert(met?.owners === '2', `${met?.owners ?? 0} owners claimed epoch 1, wanted 2`);
    times += 1;
    const note = `${byFirst} rows by the first of the two`;
    if (round + 1 === intensity) return { times, audit, note };
  }
}

/** Everybody waits until `count` have come. */
function meetingOf(count: number): () => Promise<void> {
  const all = Promise.withResolvers<undefined>();
  let here = 0;
  return async () => {
    here += 1;
    if (here >= count) all.resolve(undefined);
    await all.promise;
  };
}

/**
 * Columns that make an INSERT of 90 rows last for 13 s, and longer, after its guard was evaluated. Each sleeps for
 * another time: the engine evaluates equal expressions once.
 */
function slowColumns(times: number): string {
  const columns = Array.from({ length: 6 * times }, (_, at) => {
    return `ADD COLUMN slow_${at} UInt8 MATERIALIZED sleepEachRow(${(0.025 + at / 10_000).toFixed(4)})`;
  });
  return columns.join(', ');
}

/** No epoch helps any more: only KILL QUERY ends that INSERT, and only then the position is final. */
async function runningPastGuard({ endpoints, intensity }: Lab): Promise<Struck> {
  for (let round = 1; ; round += 1) {
    const audit = await strikeRunningInsert(endpoints);
    if (round === intensity) return { times: round, audit };
  }
}

async function strikeRunningInsert(endpoints: Endpoints): Promise<Struck['audit']> {
  const codes: number[] = [];
  // On a busy machine the takeover may come when all is over (26 s): then the INSERT has to take longer.
  for (const times of [2, 3]) {
    await using world = await openWorld(endpoints);
    await using proxy = await startFaultProxy(endpoints.clickhouseUrl);
    await world.clickhouse.command(`ALTER TABLE sensor_data ${slowColumns(times)}`);
    const answered = Promise.withResolvers<LateAnswer>();
    proxy.decide = ({ insertInto }) =>
      insertInto === 'sensor_data' && proxy.struck === 0
        ? { kind: 'late', delayMs: 0, done: answered.resolve }
        : undefined;
    const KAFKA_GROUP = `one-${world.database}`;
    // All rows in one INSERT: one of a part of them would be over in a part of the time.
    const whole = { BATCH_SIZE: '90', FLUSH_INTERVAL_SEC: '60' };
    const env = { CLICKHOUSE_URL: proxy.url, KAFKA_GROUP, ...whole };
    await using asleep = world.consumerProcess(env);
    await asleep.logged(/took over/);
    await world.fill(90);
    await untilInsertRuns(world);
    asleep.kill('SIGSTOP');
    await world.runs({ KAFKA_GROUP: `two-${world.database}` });
    const { code } = await answered.promise;
    const audit = await world.verified();
    if (code === CANCELLED) return audit;
    codes.push(code);
  }
  throw new Error(`INSERTs that ran got codes ${codes.join()}, not ${CANCELLED}`);
}

/** An INSERT that has run for a second has its guard behind it. */
async function untilInsertRuns({ clickhouse, database }: World): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const [found] = await clickhouse.rows<{ n: string }>(
      `SELECT toString(count()) AS n FROM system.processes
       WHERE query_id LIKE 'ingest:${database}.%' AND elapsed > 1`,
    );
    if (found?.n !== '0') return;
    await sleep(50);
  }
  throw new Error('no INSERT runs');
}

async function twoOwners({ endpoints, intensity }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await using one = await world.consumer({ KAFKA_GROUP: `one-${world.database}` });
  await using other = await world.consumer({ KAFKA_GROUP: `two-${world.database}` });
  await using load = startLoad(world);
  await sleep(10_000 * intensity);
  await load.stop();
  const audit = await world.verified();
  const [row] = await world.clickhouse.rows<{ takeovers: string }>(
    `SELECT toString(max(epoch)) AS takeovers FROM consumer_positions`,
  );
  const times = Number(row!.takeovers);
  assertStruck(times, 3);
  const both = one.totals().inserted > 0 && other.totals().inserted > 0;
  return { times, audit, note: both ? 'both inserted' : 'one of them inserted everything' };
}

async function rebalance({ endpoints, full, intensity }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints, { partitions: 4 });
  await world.runs();
  await using load = startLoad(world);
  const until = performance.now() + (full ? 120_000 : 12_000 * intensity);
  let times = 0;
  while (performance.now() < until) {
    await sleep(3_000);
    const joining = await world.consumer();
    await sleep(3_000);
    await joining[Symbol.asyncDispose]();
    times += 2;
  }
  await load.stop();
  return { times, audit: await world.verified() };
}

async function offsetsMoved({ endpoints, intensity }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  const poisonOnly = 2;
  const send = async (first: number) => {
    await world.send(mixedMessages(first, 2_000, 2, 40));
    const bad = Array.from({ length: 800 }, (_, at) => poisonMessage(first + at, poisonOnly));
    await world.send(bad);
  };
  const groupId = world.env()['KAFKA_GROUP']!;
  let times = 0;
  for (const by of Array.from({ length: intensity }, () => [500, -500]).flat()) {
    await using consumer = await world.consumer();
    await send(times * 2_000);
    await world.ingested();
    await consumer[Symbol.asyncDispose]();
    const ends = await world.admin.fetchTopicOffsets(world.topic);
    const partitions = ends.map(({ high, partition }) => {
      return { partition, offset: String(Number(high) + by) };
    });
    await world.admin.setOffsets({ groupId, topic: world.topic, partitions });
    times += 1;
  }
  await world.runs();
  await send(times * 2_000);
  const audit = await world.verified();
  return { times, audit };
}
