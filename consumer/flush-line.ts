// The one line per flush that a person can follow, with the same facts as fields for machines.
import type { Batch } from './batch.ts';

/** What to log about a batch that landed in `table`. */
export function flushLine(
  { block, deadLetters, duplicates, spans, unreadable }: Batch,
  table: string,
  durationMs: number,
  lag: number,
): { readonly fields: object; readonly text: string } {
  const { rows } = block;
  const dead = deadLetters.length;
  const ms = Math.round(durationMs);
  const offsets = Object.fromEntries(
    [...spans].map(([partition, { first, next }]) => [partition, `${first}-${next - 1}`]),
  );
  const letters = dead === 0 ? '' : `, ${dead} dead letters`;
  const also = duplicates === 0 ? letters : `${letters}, ${duplicates} duplicates left out`;
  const passed = unreadable === 0 ? also : `${also}, ${unreadable} unreadable offsets passed over`;
  const text = `Inserted ${rows} rows into ${table}${passed} in ${ms} ms, lag ${lag}`;
  return { fields: { rows, dead, duplicates, unreadable, offsets, ms, lag }, text };
}
