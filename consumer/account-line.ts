// The consumer's last line: the number of offsets with each outcome. `consumed` is the sum of the others.
import type { Totals } from './metrics.ts';

export interface AccountLine {
  readonly account: Readonly<Record<string, number | string>>;
  readonly text: string;
}

/** What is 0 in most runs is left out of the text. */
export function accountLine(totals: Totals): AccountLine {
  const { absent, deadBefore, deadLetters, duplicates, inserted, lag, unreadable } = totals;
  const consumed = totals.settled;
  const rare = [
    ['dead letters recorded before', deadBefore],
    ['duplicates left out', duplicates],
    ['without a record', absent],
    ['unreadable offsets', unreadable],
  ] as const;
  const parts = [
    `consumed ${consumed}`,
    `inserted ${inserted}`,
    `dead letters ${deadLetters}`,
    ...rare.filter(([, count]) => count > 0).map(([words, count]) => `${words} ${count}`),
    `lag ${lag}`,
  ];
  const figures = { consumed, inserted, deadLetters, deadBefore, duplicates, absent, unreadable };
  return { account: { event: 'account', ...figures, lag }, text: parts.join(', ') };
}
