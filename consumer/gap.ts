// How a range of offsets that can no longer be read is written into `consumer_positions.detail`, and
// read back by the audit: the same words for a person and for the arithmetic.

export interface OffsetRange {
  readonly first: number;
  readonly last: number;
}

/** `offsets 5 to 9 <what happened>`. */
export function describeGap({ first, last }: OffsetRange, whatHappened: string): string {
  return `offsets ${first} to ${last} ${whatHappened}`;
}

/** The range that {@link describeGap} wrote, or undefined when the text is not of its making. */
export function readGap(detail: string): OffsetRange | undefined {
  const match = /^offsets (\d{1,16}) to (\d{1,16}) /.exec(detail);
  if (match === null) return undefined;
  const range = { first: Number(match[1]), last: Number(match[2]) };
  return range.first <= range.last ? range : undefined;
}

/** What is left of a range without these offsets, as ranges in order. */
export function without({ first, last }: OffsetRange, offsets: ReadonlySet<number>): OffsetRange[] {
  const left: OffsetRange[] = [];
  let from = first;
  const within = [...offsets].filter((offset) => offset >= first && offset <= last);
  for (const offset of within.toSorted((one, other) => one - other)) {
    if (offset > from) left.push({ first: from, last: offset - 1 });
    from = offset + 1;
  }
  if (from <= last) left.push({ first: from, last });
  return left;
}
