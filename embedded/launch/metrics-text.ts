// Reads the few figures the status line shows from the consumer's /metrics.

export interface ConsumerFigures {
  readonly inserted: number;
  readonly deadLetters: number;
  readonly lag: number;
  readonly residentBytes: number;
}

const PREFIX = 'sensorhouse_consumer_';

/** The figures of the consumer at `url`; undefined while it does not answer. */
export async function fetchFigures(
  url: string,
  signal: AbortSignal,
): Promise<ConsumerFigures | undefined> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(2_000)]);
    const response = await fetch(url, { signal: limit });
    return response.ok ? readFigures(await response.text()) : undefined;
  } catch {
    return undefined;
  }
}

/** Sums the samples of each metric over their labels. */
export function readFigures(text: string): ConsumerFigures {
  const sums = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^(\w+)(?:\{.*\})? (\S+)/.exec(line) ?? [];
    if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return {
    inserted: sums.get(`${PREFIX}rows_inserted_total`) ?? 0,
    deadLetters: sums.get(`${PREFIX}dead_letters_total`) ?? 0,
    lag: sums.get(`${PREFIX}lag_records`) ?? 0,
    residentBytes: sums.get('process_resident_memory_bytes') ?? 0,
  };
}
