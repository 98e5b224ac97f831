// A simulated processor: the real relay on a member of a simulated group. Like the real sender, its sender
// repeats each request of unknown outcome, in order.
import type { RelayMetrics } from '../../processor/metrics.ts';
import type { Sender } from '../../processor/relay-parts.ts';
import { Relay } from '../../processor/relay.ts';
import { UnavailableError, UnclearOutcomeError } from '../../platform/errors.ts';
import type { EncodedBatch } from '../../platform/kafka/encoded-batch.ts';
import {
  batchOfRecords,
  recordsIn,
  type OutgoingRecord,
} from '../../platform/kafka/record-batch-writer.ts';
import type { Sent } from '../../platform/kafka/record-sender.ts';
import type { Logger } from '../../platform/log.ts';
import { pause } from '../../platform/retry.ts';
import { ORIGIN_HEADER, readOrigin, sourceOf } from '../../streams/origin.ts';
import type { TopicStream } from '../../streams/stream.ts';
import { GroupMember, type Reading } from './group-member.ts';
import type { Products } from './products.ts';
import type { Network, Program } from './program.ts';
import { undisturbed, type SimulatedProgram } from './simulated-program.ts';

export interface ProcessorParts extends Reading {
  readonly output: TopicStream;
  readonly partitions: number;
  readonly products: Products;
  readonly breach: (what: string) => void;
  readonly logger: Logger;
}

const DRAIN_MS = 2_000;

export class SimulatedProcessor implements SimulatedProgram {
  readonly program: Program;
  readonly #parts: ProcessorParts;
  readonly #member: GroupMember;
  readonly #relay: Relay;
  readonly #sender: SimulatedSender;

  constructor(program: Program, parts: ProcessorParts) {
    this.program = program;
    this.#parts = parts;
    const { failed, kafka, logger, output, partitions, products } = parts;
    const member = new GroupMember(program, parts);
    const sender = new SimulatedSender(program, kafka, products, partitions);
    this.#member = member;
    this.#sender = sender;
    this.#relay = new Relay({
      input: member,
      sender,
      origin: 'read',
      apply: (value) => ({ kind: 'passed', value, to: output }),
      topics: new Map([[output.name, output.topic.name]]),
      max: Infinity,
      fromBeginning: false,
      metrics: silentMetrics,
      logger,
      runtime: program.runtime,
      failed,
      done: () => undefined,
    });
    member.start({
      joining: () => this.#relay.joining(),
      assigned: (owned) => this.#relay.assigned(owned),
      confirmed: () => undefined,
      batch: (fetched, membership) => this.#relay.batch(fetched, membership),
      refresh: () => this.#relay.refresh(),
    });
  }

  /** Stops as a signal stops it; undisturbed, everything that was acknowledged is committed then. */
  async stop(): Promise<void> {
    const { breach, coordinator, kafka, topic } = this.#parts;
    this.#member.stop();
    const { generation } = this.#member;
    const { id } = topic.current;
    const isReady = this.#relay.ready && coordinator.isStable(generation);
    const isUndisturbed = undisturbed(this.program, [kafka], DRAIN_MS);
    await this.#relay.stop(DRAIN_MS);
    const isSame = topic.current.id === id && coordinator.isStable(generation);
    if (isReady && isUndisturbed() && isSame) {
      for (const [partition, next] of this.#sender.acknowledged(sourceOf(topic.name, id))) {
        const { note, offset } = coordinator.committed.get(partition) ?? { note: '', offset: 0 };
        if (note === id && offset >= next) continue;
        breach(`${this.program.name} stopped and left ${next} of ${partition} uncommitted`);
      }
    }
    this.#member.leave();
    this.program.crash();
  }

  forgotten(): void {
    this.#member.leave();
  }
}

class SimulatedSender implements Sender {
  readonly away = false;
  readonly #program: Program;
  readonly #kafka: Network;
  readonly #products: Products;
  readonly #partitions: number;
  readonly #turns = new Map<number, Promise<unknown>>();
  readonly #givenUp = Promise.withResolvers<never>();
  #isGivenUp = false;
  /** The origins that were acknowledged last, by source and partition. */
  readonly #acknowledged = new Map<string, number>();

  constructor(program: Program, kafka: Network, products: Products, partitions: number) {
    this.#program = program;
    this.#kafka = kafka;
    this.#products = products;
    this.#partitions = partitions;
    this.#givenUp.promise.catch(() => undefined);
  }

  partitionsOf(): Promise<number> {
    return this.#program.ask(this.#kafka, () => this.#partitions);
  }

  send(_topic: string, batch: EncodedBatch): Promise<Sent> {
    const { partition } = batch;
    const before = this.#turns.get(partition) ?? Promise.resolve();
    const sent = before
      .catch(() => undefined)
      .then(async () => this.#untilSent(partition, await recordsIn(batch)));
    this.#turns.set(partition, sent);
    return sent;
  }

  async #untilSent(partition: number, records: readonly OutgoingRecord[]): Promise<Sent> {
    for (let attempt = 0; !this.#isGivenUp; attempt += 1) {
      try {
        const append = (): number => this.#products.append(partition, records);
        const request = this.#program.send(this.#kafka, append);
        const landed = await Promise.race([request, this.#givenUp.promise]);
        if (landed > 0) this.#note(records.slice(0, landed));
        if (landed === records.length) return { kind: 'landed' };
        const refused = batchOfRecords(partition, records.slice(landed, landed + 1));
        const behind = records.slice(landed + 1);
        const left = behind.length === 0 ? [] : [batchOfRecords(partition, behind)];
        return { kind: 'refused', refused, behind: left, reason: 'INVALID_RECORD' };
      } catch (error) {
        const isDoubt = error instanceof UnclearOutcomeError || error instanceof UnavailableError;
        if (!isDoubt) throw error;
      }
      await pause(attempt, this.#program.runtime);
    }
    throw new UnavailableError('given up');
  }

  #note(records: readonly OutgoingRecord[]): void {
    const header = records.at(-1)!.headers.find(([name]) => name === ORIGIN_HEADER)![1]!;
    const { offset, partition, source } = readOrigin(header.toString())!;
    this.#acknowledged.set(`${source}/${partition}`, offset + 1);
  }

  /** One past the last record of each partition whose product was acknowledged. */
  acknowledged(source: string): Map<number, number> {
    const own = [...this.#acknowledged].filter(([key]) => key.startsWith(`${source}/`));
    return new Map(own.map(([key, next]) => [Number(key.slice(source.length + 1)), next]));
  }

  giveUp(): void {
    this.#isGivenUp = true;
    this.#givenUp.reject(new UnavailableError('given up'));
  }
}

const silentMetrics: RelayMetrics = {
  totals: { read: 0, sent: 0, rejected: 0, refused: 0, filtered: 0, unreadable: 0, lag: 0 },
  landed: () => undefined,
  refused: () => undefined,
  lag: () => undefined,
  stalled: () => undefined,
};
