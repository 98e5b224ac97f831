// The three sensor boards of the public data set and the producer that replays each of them.
// The only file under producers/ that knows what is being replayed.

export interface Producer {
  readonly name: string;
  /** The value of the stream's key field in this producer's rows. */
  readonly deviceId: string;
}

export const producers: readonly Producer[] = [
  { name: 'producer_A', deviceId: '00:0f:00:70:91:0a' },
  { name: 'producer_B', deviceId: '1c:bf:ce:15:ec:4d' },
  { name: 'producer_C', deviceId: 'b8:27:eb:bf:9d:51' },
];

const AFFIXES = /^producer_|\.(ts|py)$/gi;

/**
 * The producer a person means: `A`, `producer_A`, `producer_A.ts` and `producer_A.py` are the same,
 * in any case. Undefined when it is none of them.
 */
export function findProducer(written: string): Producer | undefined {
  const letter = written.trim().replace(AFFIXES, '').toUpperCase();
  return producers.find(({ name }) => name === `producer_${letter}`);
}
