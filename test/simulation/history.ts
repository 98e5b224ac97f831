// One simulated history: programs, topics and a table server, faults at given moments, and at the end an account
// of every offset. Everything follows from the script, so a failing one can be run again and shrunk.
import { ConfigError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { account, accountOfProducts } from './account.ts';
import { Chance } from './chance.ts';
import { Coordinator } from './coordinator.ts';
import { inject, type Fault } from './faults.ts';
import { Products } from './products.ts';
import { Program, soundNetwork, type Network } from './program.ts';
import { SimulatedConsumer } from './simulated-consumer.ts';
import { SimulatedProcessor } from './simulated-processor.ts';
import type { SimulatedProgram } from './simulated-program.ts';
import { consumed, made, raw } from './streams.ts';
import { TableServer } from './table-server.ts';
import { Topic, type Message, type Transaction } from './topic.ts';
import { VirtualTime } from './virtual-time.ts';

export interface Script {
  readonly seed: number;
  /** Whether processors stand between what is produced and the consumers. */
  readonly pipeline: 'consumer' | 'processor';
  readonly faults: readonly Fault[];
}

export type Kind = 'consumer' | 'processor';

export interface World {
  readonly time: VirtualTime;
  readonly chance: Chance;
  /** What is produced. */
  readonly input: Topic;
  readonly server: TableServer;
  readonly kafka: Network;
  readonly clickhouse: Network;
  readonly programs: readonly { readonly kind: Kind; readonly running: SimulatedProgram }[];
  readonly transactions: Set<Transaction>;
  readonly start: (kind: Kind) => void;
}

export const PARTITIONS = 2;
/** Records come and faults happen until then. */
const LOAD_MS = 12_000;
/** After the last fault everything must have landed within this. */
const CALM_MS = 60_000;
const LOOK_EVERY_MS = 500;
/** What ended with a refusal is started again after this. */
const RESTART_MS = 1_000;

/** Runs a history; the answer is what is wrong with it, undefined for nothing. */
export async function runHistory(
  { faults, pipeline, seed }: Script,
  logger: Logger = silent,
): Promise<string | undefined> {
  const chance = new Chance(seed);
  const time = new VirtualTime();
  const server = new TableServer(time, chance);
  const failures: string[] = [];
  const kafka = soundNetwork();
  const clickhouse = soundNetwork();
  const processed = new Topic('simulated', PARTITIONS);
  const input = pipeline === 'consumer' ? processed : new Topic('raw', PARTITIONS);
  const breach = (what: string): void => server.breach(what);
  const products = new Products({ raw: input, processed }, time, chance, breach);
  const consumers = new Coordinator(time, PARTITIONS);
  const processors = new Coordinator(time, PARTITIONS, (partition, at) =>
    products.assertMadeBefore(partition, at),
  );
  const programs: { kind: Kind; running: SimulatedProgram }[] = [];
  const start = (kind: Kind): void => {
    const program = new Program(`owner-${chance.int(1_000)}-${programs.length}`, time, chance);
    // A refusal ends a program; its operator starts it again.
    const failed = (error: Error): void => {
      if (!(error instanceof ConfigError)) {
        failures.push(`a process ended: ${error.stack ?? error.message}`);
        return;
      }
      void programs.find(({ running }) => running.program === program)?.running.stop();
      time.after(RESTART_MS, () => start(kind));
    };
    const common = { kafka, failed, logger };
    const running =
      kind === 'consumer'
        ? new SimulatedConsumer(program, {
            ...{ ...common, topic: processed, coordinator: consumers, server, clickhouse },
            stream: pipeline === 'consumer' ? consumed : made,
          })
        : new SimulatedProcessor(program, {
            ...{ ...common, topic: input, coordinator: processors, products, breach },
            ...{ output: raw, partitions: PARTITIONS },
          });
    programs.push({ kind, running });
  };
  start('consumer');
  if (pipeline === 'consumer') start('consumer');
  else for (const kind of ['processor', 'processor'] as const) start(kind);
  const transactions = new Set<Transaction>();
  const world = { time, chance, input, server, kafka, clickhouse, programs, transactions, start };
  produce(world);
  for (const fault of faults) time.after(fault.atMs, () => inject(fault, world));
  time.after(LOAD_MS, () => calm(world, pipeline));
  const judge = (look: 'progress' | 'final'): string | undefined => {
    const wrong = account(processed, server, look, input);
    if (wrong !== undefined || pipeline === 'consumer') return wrong;
    return accountOfProducts(input, processed, products, server);
  };
  let isDone = false;
  const look = (): void => {
    isDone = judge('progress') === undefined;
    if (!isDone) time.after(LOOK_EVERY_MS, look);
  };
  time.after(LOAD_MS + 1, look);
  const isOver = (): boolean => isDone || failures.length > 0 || server.breaches.length > 0;
  await time.runUntil(LOAD_MS + CALM_MS, isOver);
  return failures[0] ?? server.breaches[0] ?? judge('final');
}

/** Ends all faults and transactions; at least one program of each kind runs from here on. */
function calm(
  { clickhouse, input, kafka, programs, server, start, transactions }: World,
  pipeline: Script['pipeline'],
): void {
  for (const network of [clickhouse, kafka]) {
    const { calmAtMs, faults } = network;
    Object.assign(network, soundNetwork(), { calmAtMs, faults });
  }
  server.slowestInsertMs = 50;
  server.cuts = 0;
  server.refuses = false;
  for (const transaction of transactions) input.end(transaction, 'committed');
  transactions.clear();
  for (const { running } of programs) running.program.resume();
  start('consumer');
  if (pipeline === 'processor') start('processor');
}

/** Appends batches of events, messages that are none, offsets without a record, and transactions. */
function produce({ chance, input, time, transactions }: World): void {
  let count = 0;
  const messages = (): (Message | undefined)[] => {
    return Array.from({ length: 1 + chance.int(8) }, () => {
      if (chance.happens(0.05)) return undefined;
      count += 1;
      return { id: count, good: !chance.happens(0.1) };
    });
  };
  const append = (): void => {
    const isTransactional = chance.happens(0.1);
    if (isTransactional) begin(chance, input, time, transactions, messages);
    else input.append(chance.int(PARTITIONS), messages());
    if (time.elapsedMs < LOAD_MS) time.after(chance.between(1, 400), append);
  };
  append();
}

/** Writes one or two batches in a transaction and ends it some time later. */
function begin(
  chance: Chance,
  input: Topic,
  time: VirtualTime,
  transactions: Set<Transaction>,
  messages: () => (Message | undefined)[],
): void {
  const transaction = input.begin();
  transactions.add(transaction);
  input.append(chance.int(PARTITIONS), messages(), transaction);
  if (chance.happens(0.5)) input.append(chance.int(PARTITIONS), messages(), transaction);
  time.after(chance.between(1, 3_000), () => {
    if (!transactions.delete(transaction)) return;
    input.end(transaction, chance.happens(0.6) ? 'committed' : 'aborted');
  });
}

const nothing = (): void => undefined;
const silent = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
} as unknown as Logger;
