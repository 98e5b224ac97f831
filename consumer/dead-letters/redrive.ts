// The pure side of publishing dead letters again: the form of the message, the letters of one batch, and the
// contents of a batch's record.
import type { PartitionOfTopic } from '../../platform/kafka/batch-sender.ts';
import type { BatchIdentity } from '../../platform/kafka/encoded-batch.ts';
import type { OutgoingRecord } from '../../platform/kafka/record-batch-writer.ts';

/** A dead letter that is not resolved, as much of it as planning needs. */
export interface OpenLetter {
  readonly offset: number;
  readonly timestampMs: number;
  /** Of key, value and headers. */
  readonly bytes: number;
  /** How often what is in it was published again before. */
  readonly attempts: number;
}

/** What a dead letter keeps of its message. */
export interface LetterContent {
  readonly offset: number;
  readonly timestampMs: number;
  readonly reason: string;
  readonly key: Buffer;
  readonly value: Buffer;
  /** As the consumer wrote them: JSON `[[name, [base64, …]], …]`, '' for none. */
  readonly headers: string;
}

/** Letters of one partition that are published as one batch, which lands whole or not at all. */
export interface Redrive {
  readonly id: string;
  /** Where the letters are from: `topic@id` and partition. */
  readonly source: string;
  readonly partition: number;
  /** In the order of the batch. */
  readonly letters: readonly { readonly offset: number; readonly attempt: number }[];
  readonly target: PartitionOfTopic;
  /** One past the last offset of the target before the batch was sent. */
  readonly from: number;
  readonly identity: BatchIdentity;
}

/** Every header of ours starts with it; those of an earlier re-drive are replaced. */
const OWN = 'sensorhouse-';

/**
 * The message of a dead letter: key, value, timestamp and headers as they were, so that it is judged as
 * the first time, and where it comes from. No key and an empty one are the same to a dead letter: none.
 */
export function messageOf(
  letter: LetterContent,
  { id, partition, source }: Redrive,
  attempt: number,
): OutgoingRecord {
  const { key, offset, reason, timestampMs, value } = letter;
  const own: [string, string][] = [
    ['redrive', id],
    ['origin-source', source],
    ['origin-partition', String(partition)],
    ['origin-offset', String(offset)],
    ['attempt', String(attempt)],
  ];
  return {
    key: key.length === 0 ? null : key,
    value: reason === 'tombstone' ? null : value,
    timestampMs,
    headers: [
      ...headersOf(letter).filter(([name]) => !name.startsWith(OWN)),
      ...own.map(([name, text]) => [`${OWN}${name}`, Buffer.from(text)] as const),
    ],
  };
}

function headersOf({ headers }: LetterContent): (readonly [string, Buffer | null])[] {
  if (headers === '') return [];
  const kept = JSON.parse(headers) as [string, string[]][];
  return kept.flatMap(([name, values]): (readonly [string, Buffer | null])[] => {
    if (values.length === 0) return [[name, null]];
    return values.map((value) => [name, Buffer.from(value, 'base64')] as const);
  });
}

export interface BatchLimits {
  readonly letters: number;
  readonly bytes: number;
}

/** Cuts letters, in order, into batches within the limits; one that is too large alone stays alone. */
export function batchesOf(letters: readonly OpenLetter[], limits: BatchLimits): OpenLetter[][] {
  const batches: OpenLetter[][] = [];
  let batch: OpenLetter[] = [];
  let bytes = 0;
  for (const letter of letters) {
    const fits = batch.length < limits.letters && bytes + letter.bytes <= limits.bytes;
    if (batch.length === 0 || !fits) {
      batch = [];
      bytes = 0;
      batches.push(batch);
    }
    batch.push(letter);
    bytes += letter.bytes;
  }
  return batches;
}

/** The topic of a source, `topic@id`. */
export function topicOf(source: string): string {
  return source.slice(0, source.lastIndexOf('@'));
}

/** Whether a letter goes to the topic that a processor reads, since its message was made from a record there. */
export function isViaProcessor({
  home,
  source,
}: {
  readonly home: { readonly source: string };
  readonly source: string;
}): boolean {
  return home.source !== source;
}
