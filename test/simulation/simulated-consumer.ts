// A simulated consumer: the real lane on a member of a simulated group, over the port of a simulated sink.
import { Lane } from '../../consumer/lane.ts';
import { NO_TOTALS, type LaneMetrics } from '../../consumer/metrics.ts';
import type { Logger } from '../../platform/log.ts';
import { sourceOf } from '../../streams/origin.ts';
import type { Stream } from '../../streams/stream.ts';
import { GroupMember, type Reading } from './group-member.ts';
import type { Network, Program } from './program.ts';
import { undisturbed, type SimulatedProgram } from './simulated-program.ts';
import { SimulatedSink } from './simulated-sink.ts';
import type { TableServer } from './table-server.ts';

export interface ConsumerParts extends Reading {
  readonly stream: Stream;
  readonly server: TableServer;
  readonly clickhouse: Network;
  readonly logger: Logger;
}

const DRAIN_MS = 2_000;
const PARTITIONS = [0, 1];

export class SimulatedConsumer implements SimulatedProgram {
  readonly program: Program;
  readonly #parts: ConsumerParts;
  readonly #member: GroupMember;
  readonly #lane: Lane;

  constructor(program: Program, parts: ConsumerParts) {
    this.program = program;
    this.#parts = parts;
    const { clickhouse, failed, logger, server, stream } = parts;
    const member = new GroupMember(program, parts);
    const sink = new SimulatedSink(program, server, clickhouse);
    this.#member = member;
    this.#lane = new Lane({
      stream,
      log: {
        topic: member.topic,
        topicId: () => member.topicId(),
        logRanges: () => member.logRanges(),
        committed: () => Promise.resolve(new Map()),
        hidden: () => Promise.resolve(0),
        seek: (partition, offset) => member.seek(partition, offset),
        commit: (positions) => member.commit(positions, '').catch(() => undefined),
      },
      sink,
      runtime: program.runtime,
      limits: {
        batchRows: 20,
        flushIntervalMs: 300,
        maxBatchRows: 40,
        maxBatchBytes: 100_000,
        maxMessageBytes: 1_000,
      },
      metrics: silentMetrics,
      logger,
      failed,
    });
    member.start({
      joining: () => Promise.resolve(),
      assigned: (partitions) => {
        sink.assigned();
        this.#lane.assigned(partitions);
      },
      confirmed: () => {
        sink.confirmed();
        this.#lane.confirmed();
      },
      batch: (fetched, membership) => this.#lane.batch(fetched, membership),
      refresh: () => this.#lane.refresh(),
    });
  }

  /** Stops as a signal stops it: lands what was read, then leaves the group. */
  async stop(): Promise<void> {
    const { clickhouse, coordinator, kafka, server, topic } = this.#parts;
    const { generation } = this.#member;
    this.#member.stop();
    const { current } = topic;
    const source = sourceOf(topic.name, current.id);
    // What is under way may end in doubt, and what is refused lands nothing: then nothing may be recorded.
    const isSettled = !server.refuses && server.runningInserts(source, PARTITIONS).length === 0;
    const isReady = this.#lane.ready && isSettled && coordinator.isStable(generation);
    const isUndisturbed = undisturbed(this.program, [clickhouse, kafka], DRAIN_MS);
    await this.#lane.stop(DRAIN_MS);
    const isSame = topic.current === current && coordinator.isStable(generation);
    if (isReady && isUndisturbed() && isSame) {
      server.assertRecorded(source, this.program.name);
    }
    this.#member.leave();
    this.program.crash();
  }

  forgotten(): void {
    this.#member.leave();
  }
}

const silentMetrics: LaneMetrics = {
  table: 'simulated',
  totals: NO_TOTALS,
  consumed: () => undefined,
  flushed: () => undefined,
  lag: () => undefined,
  hidden: () => undefined,
  stalled: () => undefined,
  waited: () => undefined,
};
