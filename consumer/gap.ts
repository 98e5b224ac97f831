// Writes ranges of offsets without a record into `consumer_positions.detail`, and reads them back for the
// audit: the same words for a person and for the arithmetic.

export interface OffsetRange {
  readonly first: number;
  readonly last: number;
}

/** The reason of facts about offsets that were not in the log when their neighbours were read. */
export const NOT_IN_LOG = 'not-in-log';

/** The reason of facts about records that another one was made from already: they are left out. */
export const DUPLICATE = 'duplicate';

/** The reason of facts about offsets of records that cannot be read: damaged, or past a limit. */
export const UNREADABLE = 'unreadable';

/** Adds an offset above all others to ranges in order. */
export function extend(ranges: OffsetRange[], offset: number): void {
  const last = ranges.at(-1);
  if (last?.last !== offset - 1) ranges.push({ first: offset, last: offset });
  else ranges[ranges.length - 1] = { first: last.first, last: offset };
}

/** `offsets 5 to 9, 12 to 12 <what happened>`. */
export function describeGap(ranges: readonly OffsetRange[], whatHappened: string): string {
  const told = ranges.map(({ first, last }) => `${first} to ${last}`);
  return `offsets ${told.join(', ')} ${whatHappened}`;
}

/** The ranges that {@link describeGap} wrote; none when the text is not of its making. */
export function readGap(detail: string): OffsetRange[] {
  const told = /^offsets (\d{1,16} to \d{1,16}(?:, \d{1,16} to \d{1,16})*) /.exec(detail)?.[1];
  const ranges = (told?.split(', ') ?? []).map((range) => {
    const [first, last] = range.split(' to ').map(Number);
    return { first: first!, last: last! };
  });
  return ranges.every(({ first, last }) => first <= last) ? ranges : [];
}

/** How many offsets of `within` the ranges cover; overlapping ones count once. */
export function covered(ranges: readonly OffsetRange[], within: OffsetRange): number {
  let count = 0;
  let next = within.first;
  for (const { first, last } of ranges.toSorted((one, other) => one.first - other.first)) {
    const from = Math.max(first, next);
    const to = Math.min(last, within.last);
    if (to < from) continue;
    count += to - from + 1;
    next = to + 1;
  }
  return count;
}

/** What is left of a range without these offsets, as ranges in order. */
export function without({ first, last }: OffsetRange, offsets: ReadonlySet<number>): OffsetRange[] {
  const left: OffsetRange[] = [];
  let from = first;
  // The smaller of the two is gone over: a compacted topic has many small ranges.
  const within =
    last - first < offsets.size
      ? Array.from({ length: last - first + 1 }, (_, at) => first + at).filter((at) =>
          offsets.has(at),
        )
      : [...offsets].filter((offset) => offset >= first && offset <= last);
  for (const offset of within.toSorted((one, other) => one - other)) {
    if (offset > from) left.push({ first: from, last: offset - 1 });
    from = offset + 1;
  }
  if (from <= last) left.push({ first: from, last });
  return left;
}
