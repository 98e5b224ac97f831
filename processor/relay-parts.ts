// The parts of a relay, its requests to the sender, and its state of an assignment.
import type { EncodedBatch } from '../platform/kafka/encoded-batch.ts';
import type { Sent } from '../platform/kafka/record-sender.ts';
import type { Logger } from '../platform/log.ts';
import type { Runtime } from '../platform/runtime.ts';
import type { ByteEnrich } from '../streams/byte-enrich.ts';
import type { Transform } from '../streams/transform.ts';
import type { Committer } from './committer.ts';
import type { RelayMetrics } from './metrics.ts';
import type { Apply } from './parcel.ts';
import type { InputLog, Taken } from './commit-takeover.ts';

/** What sends: {@link RecordSender}. */
export interface Sender {
  readonly away: boolean;
  partitionsOf(topic: string): Promise<number>;
  send(topic: string, batch: EncodedBatch): Promise<Sent>;
  giveUp(): void;
}

export interface RelayParts {
  readonly input: InputLog;
  readonly sender: Sender;
  readonly origin: Transform['origin'];
  readonly apply: Apply;
  readonly byteEnrich?: ByteEnrich | undefined;
  readonly handsOn?: boolean | undefined;
  /** Topic of each output, by the name of its stream. */
  readonly topics: ReadonlyMap<string, string>;
  /** Ends after so many records. */
  readonly max: number;
  readonly fromBeginning: boolean;
  readonly metrics: RelayMetrics;
  readonly logger: Logger;
  readonly runtime: Runtime;
  /** Called once with what no waiting can mend. */
  readonly failed: (error: Error) => void;
  /** Called when `max` records were dealt with. */
  readonly done: () => void;
}

/** An assignment that was taken over, with what commits for it. */
export interface Assignment extends Taken {
  readonly committer: Committer;
}
