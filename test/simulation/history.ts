// One simulated history: consumers, a topic and a table server, faults at given moments, and at the end an
// account of every offset. Everything follows from the script, so a failing one can be run again and shrunk.
import type { Logger } from '../../platform/log.ts';
import { account } from './account.ts';
import { Chance } from './chance.ts';
import { Coordinator } from './coordinator.ts';
import { Program } from './program.ts';
import { SimulatedConsumer, type Surroundings } from './simulated-consumer.ts';
import { TableServer } from './table-server.ts';
import { Topic } from './topic.ts';
import { VirtualTime } from './virtual-time.ts';

export type FaultKind =
  | 'crash'
  | 'pause'
  | 'stop'
  | 'start'
  | 'clickhouse-down'
  | 'clickhouse-loses-replies'
  | 'clickhouse-slow'
  | 'kafka-down'
  | 'kafka-loses-replies'
  | 'recreate-topic'
  | 'retention'
  | 'compaction'
  | 'session-lost';

export interface Fault {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly forMs: number;
  /** Which consumer or partition, modulo their number. */
  readonly which: number;
}

export interface Script {
  readonly seed: number;
  readonly faults: readonly Fault[];
}

const PARTITIONS = 2;
const CONSUMERS = 2;
const CONSUMERS_MAX = 4;
/** Records come and faults happen until then. */
const LOAD_MS = 12_000;
/** After the last fault everything must have landed within this. */
const CALM_MS = 60_000;
const LOOK_EVERY_MS = 500;

/** Runs a history; the answer is what is wrong with it, undefined for nothing. */
export async function runHistory(
  { faults, seed }: Script,
  logger: Logger = silent,
): Promise<string | undefined> {
  const chance = new Chance(seed);
  const time = new VirtualTime();
  const topic = new Topic(PARTITIONS);
  const server = new TableServer(time, chance);
  const failures: string[] = [];
  const surroundings: Surroundings = {
    topic,
    coordinator: new Coordinator(time, PARTITIONS),
    server,
    kafka: { down: false, loss: 0 },
    clickhouse: { down: false, loss: 0 },
    committed: new Map(),
    failed: (error) => failures.push(`a process ended: ${error.stack ?? error.message}`),
    logger,
  };
  const consumers: SimulatedConsumer[] = [];
  let started = 0;
  const start = (): void => {
    started += 1;
    const program = new Program(`owner-${chance.int(1_000)}-${started}`, time, chance);
    consumers.push(new SimulatedConsumer(program, surroundings));
  };
  for (let index = 0; index < CONSUMERS; index += 1) start();
  produce(topic, time, chance);
  const world = { ...surroundings, consumers, start, time };
  for (const fault of faults) time.after(fault.atMs, () => inject(fault, world));
  time.after(LOAD_MS, () => calm(world));
  let isDone = false;
  const look = (): void => {
    isDone = account(topic, server, 'progress') === undefined;
    if (!isDone) time.after(LOOK_EVERY_MS, look);
  };
  time.after(LOAD_MS, look);
  const isOver = (): boolean => isDone || failures.length > 0 || server.breaches.length > 0;
  await time.runUntil(LOAD_MS + CALM_MS, isOver);
  const wrong = failures[0] ?? server.breaches[0] ?? account(topic, server, 'final');
  return wrong;
}

interface World extends Surroundings {
  readonly consumers: SimulatedConsumer[];
  readonly start: () => void;
  readonly time: VirtualTime;
}

function inject({ forMs, kind, which }: Fault, world: World): void {
  const { clickhouse, consumers, kafka, server, start, time, topic } = world;
  const running = consumers.filter(({ program }) => !program.crashed);
  const consumer = running[which % Math.max(1, running.length)];
  switch (kind) {
    case 'crash':
      consumer?.program.crash();
      time.after(forMs, start);
      break;
    case 'pause':
      consumer?.program.pause();
      time.after(forMs, () => consumer?.program.resume());
      break;
    case 'stop':
      void consumer?.stop();
      time.after(forMs, start);
      break;
    case 'start':
      if (running.length < CONSUMERS_MAX) start();
      break;
    case 'clickhouse-down':
      clickhouse.down = true;
      time.after(forMs, () => (clickhouse.down = false));
      break;
    case 'clickhouse-loses-replies':
      clickhouse.loss = 0.5;
      time.after(forMs, () => (clickhouse.loss = 0));
      break;
    case 'clickhouse-slow':
      server.slowestInsertMs = 4_000;
      time.after(forMs, () => (server.slowestInsertMs = 50));
      break;
    case 'kafka-down':
      kafka.down = true;
      time.after(forMs, () => (kafka.down = false));
      break;
    case 'kafka-loses-replies':
      kafka.loss = 0.3;
      time.after(forMs, () => (kafka.loss = 0));
      break;
    case 'recreate-topic':
      topic.recreate();
      break;
    case 'retention':
      topic.retain(which % PARTITIONS, Math.floor(forMs / 1_000));
      break;
    case 'compaction':
      topic.compact(which % PARTITIONS);
      break;
    case 'session-lost':
      consumer?.forgotten();
      break;
  }
}

/** Ends all faults; at least one consumer runs from here on. */
function calm({ clickhouse, consumers, kafka, server, start }: World): void {
  clickhouse.down = kafka.down = false;
  clickhouse.loss = kafka.loss = 0;
  server.slowestInsertMs = 50;
  for (const { program } of consumers) program.resume();
  start();
}

/** Appends batches of events, messages that are none, and offsets without a record. */
function produce(topic: Topic, time: VirtualTime, chance: Chance): void {
  const append = (): void => {
    const length = 1 + chance.int(8);
    const goods = Array.from({ length }, () => {
      if (chance.happens(0.05)) return undefined;
      return !chance.happens(0.1);
    });
    topic.append(chance.int(PARTITIONS), goods);
    if (time.elapsedMs < LOAD_MS) time.after(chance.between(1, 400), append);
  };
  append();
}

const nothing = (): void => undefined;
const silent = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
} as unknown as Logger;
