// When a replayed table may take the live one's place.
import type { TopicAudit } from '../audit/audit.ts';

type Verdict = Pick<TopicAudit, 'earlier'> & {
  readonly partitions: readonly Pick<
    TopicAudit['partitions'][number],
    'partition' | 'missing' | 'surplus' | 'beyond'
  >[];
};

/**
 * True when a table lacks nothing that the live one does not lack too, and holds nothing too much that it
 * does not: rows lost before the replay's start cannot come back from Kafka, and are no reason to refuse.
 */
export function isNoWorse(filled: Verdict, live: Verdict): boolean {
  if (filled.earlier.surplus > live.earlier.surplus) return false;
  return filled.partitions.every((own) => {
    const other = live.partitions.find(({ partition }) => partition === own.partition);
    const worse = (key: 'missing' | 'surplus' | 'beyond'): boolean => {
      return own[key] < 0 || own[key] > Math.max(0, other?.[key] ?? 0);
    };
    return !worse('missing') && !worse('surplus') && !worse('beyond');
  });
}

/** Calls what it is given at most once in `periodMs`, and not at first. */
export function atMostEvery(
  periodMs: number,
  now: () => number = () => performance.now(),
): (act: () => void) => void {
  let lastAtMs = now();
  return (act) => {
    if (now() - lastAtMs < periodMs) return;
    lastAtMs = now();
    act();
  };
}
