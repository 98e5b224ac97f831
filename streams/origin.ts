// The header that names the record from which another record was made: a processor writes it and a consumer
// reads it. It is exact, so that a consumer recognises the second product of one record.

/** `sensor_data@<topic id>`: names a log for ever; offsets mean something only together with it. */
export function sourceOf(topic: string, topicId: string): string {
  return `${topic}@${topicId}`;
}

/** Name of the header: `topic@topic-id/partition/offset`. */
export const ORIGIN_HEADER = 'sensorhouse-from';

/**
 * Name of the header of a record that stands for others of its origin that cannot be read: `first-last`, both
 * included. Its own origin is the last of them.
 */
export const UNREADABLE_HEADER = 'sensorhouse-unreadable';

export interface Origin {
  /** `topic@topic-id`. */
  readonly source: string;
  readonly partition: number;
  readonly offset: number;
}

const FORM = /^([^/@]{1,249}@[A-Za-z0-9_-]{1,64})\/(\d{1,5})\/(\d{1,16})$/;

export function writeOrigin({ offset, partition, source }: Origin): string {
  return `${source}/${partition}/${offset}`;
}

/** What a header's text says, or undefined when it is not of the form. */
export function readOrigin(header: string): Origin | undefined {
  const match = FORM.exec(header);
  if (match === null) return undefined;
  const [partition, offset] = [Number(match[2]), Number(match[3])];
  if (partition > 65_535 || !Number.isSafeInteger(offset)) return undefined;
  return { source: match[1]!, partition, offset };
}
