// The parts of a lane, and its requests to the group it reads with.
import type { OwnedLog } from '../platform/kafka/partition-owner.ts';
import type { Logger } from '../platform/log.ts';
import type { Runtime } from '../platform/runtime.ts';
import type { Stream } from '../streams/stream.ts';
import type { FlushLimits } from './flush-rule.ts';
import type { LaneMetrics } from './metrics.ts';
import type { Sink } from './sink.ts';
import type { TopicLog } from './table-takeover.ts';

/** What a lane asks of the group it reads with. */
export interface GroupLog extends TopicLog, OwnedLog {
  /** Records that an open transaction hides. */
  hidden(): Promise<number>;
  commit(positions: ReadonlyMap<number, number>): Promise<void>;
}

export interface LaneParts {
  readonly stream: Stream;
  readonly log: GroupLog;
  readonly sink: Sink;
  readonly runtime: Runtime;
  readonly limits: FlushLimits & { readonly maxMessageBytes: number };
  readonly metrics: LaneMetrics;
  readonly logger: Logger;
  /** Called once with what no waiting can mend. */
  readonly failed: (error: Error) => void;
}
