// A record batch that is ready to be sent, with the identity it is sent under, whether an attempt to send it
// may have stored it, and its place in the log. It lands whole or not at all.
import { CorruptError } from './corrupt.ts';
import { crc32c } from './crc32c.ts';
import { inflatedWhole } from './inflate.ts';
import { Records } from './record-batch.ts';

/** Everything of a batch before its records. */
export const BATCH_HEAD_BYTES = 61;
const CRC_AT = 17;
/** The checksum covers everything from here on. */
const ATTRIBUTES_AT = 21;
const FIRST_TIMESTAMP_AT = 27;
const PRODUCER_ID_AT = 43;
const EPOCH_AT = 51;
const SEQUENCE_AT = 53;
const CODEC_MASK = 0x07;
/** Sequence numbers go on at 0 behind the largest Int32, as brokers count them. */
const SEQUENCES = 2 ** 31;
/** More than any batch of ours holds. */
const INFLATED_BYTES_MAX = 2 ** 30;

/** What a broker knows a batch by, besides its partition and its sequence number. */
export interface BatchIdentity {
  readonly producerId: number;
  readonly epoch: number;
}

export class EncodedBatch {
  readonly partition: number;
  readonly count: number;
  readonly bytes: Buffer;
  /** Number of its first record in the order that its partition gets from one identity. */
  sequence = 0;
  /** Set: it is sent under this one, not under that of the connection it goes through. */
  identity: BatchIdentity | undefined;
  /** Offset of its first record once it is acknowledged; -1 where the broker does not say. */
  offset: number | undefined;
  /** Attempts that may have stored it: written to a connection, and not refused by the broker. */
  doubts = 0;
  #givenUp: Error | undefined;

  constructor(partition: number, count: number, bytes: Buffer) {
    this.partition = partition;
    this.count = count;
    this.bytes = bytes;
  }

  /** The sequence number of what follows it. */
  get nextSequence(): number {
    return (this.sequence + this.count) % SEQUENCES;
  }

  /**
   * The bytes of an attempt that is about to be written, under `identity` unless it has one of its own.
   * @throws the reason it was given up for.
   */
  stamped(identity: BatchIdentity): Buffer {
    if (this.#givenUp !== undefined) throw this.#givenUp;
    const { bytes } = this;
    const { epoch, producerId } = this.identity ?? identity;
    bytes.writeBigInt64BE(BigInt(producerId), PRODUCER_ID_AT);
    bytes.writeInt16BE(epoch, EPOCH_AT);
    bytes.writeInt32BE(this.sequence, SEQUENCE_AT);
    bytes.writeUInt32BE(crc32c(bytes.subarray(ATTRIBUTES_AT)), CRC_AT);
    this.doubts += 1;
    return bytes;
  }

  /** The broker stored nothing in the attempt that was written last. */
  refused(): void {
    this.doubts -= 1;
  }

  /** The broker has it. */
  acknowledged(offset: number): void {
    this.offset = offset;
  }

  /** From now on no attempt gets as far as being written. */
  giveUp(reason: Error): void {
    this.#givenUp = reason;
  }

  /** Its records, read again from its bytes. @throws {CorruptError} when they cannot be read. */
  async records(): Promise<Records> {
    const { bytes, count } = this;
    const codec = bytes.readInt16BE(ATTRIBUTES_AT) & CODEC_MASK;
    const body = bytes.subarray(BATCH_HEAD_BYTES);
    const inflated = await inflatedWhole(body, codec, INFLATED_BYTES_MAX);
    if (inflated === undefined) throw new CorruptError('a batch of our own cannot be read');
    const batch = {
      ...{ baseOffset: 0, lastOffset: count - 1, count, codec, body, damage: undefined },
      ...{ control: false, transactional: false, producerId: -1n, timestampIsFixed: false },
      timestampMs: Number(bytes.readBigInt64BE(FIRST_TIMESTAMP_AT)),
    };
    return new Records(batch, inflated);
  }
}
