// A random mix of faults for as long as one likes: everything between consumer and ClickHouse, kills of
// consumer, ClickHouse and broker, joins and rivals, while the memory of all processes is watched.
import { setTimeout as sleep } from 'node:timers/promises';
import { assert, assertStruck, type Fault, type Lab, type Struck } from '../fault.ts';
import { startFaultProxy, type Fate, type FaultProxy } from '../fault-proxy.ts';
import { startLoad } from '../load.ts';
import { watchMemory, type MemorySeries } from '../memory-series.ts';
import { mortalClickHouse, mortalKafka, type Mortal } from '../own-servers.ts';
import { openWorld, type World } from '../world.ts';

export const mixFault: Fault = {
  name: 'mix',
  about:
    'random faults in random order: replies lost, cut, late, errors, ClickHouse refusing or killed, broker killed, joins, rivals killed',
  quick: false,
  strike: mix,
};

const PEAK_MB = 300;
/** Shorter runs are still warming up in their first quarter. */
const FLAT_FROM_MINUTES = 5;
const FLAT = 1.25;

async function mix({ minutes, random }: Lab): Promise<Struck> {
  await using kafka = await mortalKafka();
  await using clickhouse = await mortalClickHouse();
  const endpoints = { kafkaBootstrap: kafka.address, clickhouseUrl: clickhouse.address };
  await using world = await openWorld(endpoints);
  await using proxy = await startFaultProxy(clickhouse.address);
  const through = { CLICKHOUSE_URL: proxy.url, CLICKHOUSE_TIMEOUT_MS: '2000' };
  await using staying = world.consumerProcess(through);
  await staying.logged(/took over/);
  proxy.decide = ({ insertInto }) =>
    insertInto !== undefined && random.chance(0.05) ? anyFate(random.next()) : undefined;
  await using load = startLoad(world, { perRound: 100, everyMs: 100, brokerMayDie: true });
  using memory = watchMemory({
    consumer: () => staying.pid,
    ClickHouse: () => clickhouse.pid,
    broker: () => kafka.pid,
  });
  const until = performance.now() + minutes * 60_000;
  const strikes = new Map<string, number>();
  while (performance.now() < until) {
    const [name, strike] = STRIKES[Math.floor(random.next() * STRIKES.length)]!;
    await strike({ world, through, clickhouse, kafka, proxy, pauseMs: random.next() * 2_000 });
    strikes.set(name, (strikes.get(name) ?? 0) + 1);
    await sleep(1_000);
  }
  await load.stop();
  proxy.decide = () => undefined;
  const audit = await world.verified();
  strikes.set('insert', proxy.struck);
  strikes.delete('quiet');
  const struck = [...strikes].map(([name, count]) => `${name} ${count}`).join(', ');
  assertFlat(memory, minutes);
  const times = [...strikes.values()].reduce((sum, count) => sum + count, 0);
  assertStruck(times, 1);
  const note = `${struck}; RSS in MB, median of first → last quarter: ${memory.told()}`;
  return { times, audit, note };
}

function assertFlat(memory: MemorySeries, minutes: number): void {
  const { firstQuarterMb, lastQuarterMb, peakMb } = memory.of('consumer');
  assert(peakMb < PEAK_MB, `RSS of the consumer rose to ${peakMb} MB`);
  const flat = lastQuarterMb <= FLAT * firstQuarterMb;
  assert(minutes < FLAT_FROM_MINUTES || flat, `RSS is not flat: ${memory.told()}`);
}

interface Scene {
  readonly world: World;
  readonly through: Record<string, string>;
  readonly clickhouse: Mortal;
  readonly kafka: Mortal;
  readonly proxy: FaultProxy;
  readonly pauseMs: number;
}

const STRIKES: readonly (readonly [string, (scene: Scene) => Promise<void>])[] = [
  ['quiet', ({ pauseMs }) => sleep(pauseMs)],
  ['kill-clickhouse', ({ clickhouse, pauseMs }) => killed(clickhouse, pauseMs)],
  ['kill-broker', ({ kafka, pauseMs }) => killed(kafka, pauseMs)],
  [
    'refused',
    async ({ pauseMs, proxy }) => {
      await proxy.refuse();
      await sleep(5 * pauseMs);
      await proxy.accept();
    },
  ],
  [
    'join-and-leave',
    async ({ pauseMs, through, world }) => {
      const joining = await world.consumer(through);
      await sleep(1_000 + pauseMs);
      await joining[Symbol.asyncDispose]();
    },
  ],
  [
    'rival-killed',
    async ({ pauseMs, through, world }) => {
      const KAFKA_GROUP = `rival-${world.topic}-${Math.round(pauseMs * 1_000)}`;
      await using rival = world.consumerProcess({ ...through, KAFKA_GROUP });
      await rival.logged(/took over/);
      await sleep(pauseMs);
      rival.kill('SIGKILL');
    },
  ],
];

async function killed(server: Mortal, pauseMs: number): Promise<void> {
  await server.kill();
  await sleep(pauseMs);
  await server.revive();
}

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
