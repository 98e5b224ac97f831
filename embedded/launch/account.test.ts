import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Account } from '../../producers/account.ts';
import {
  accountFor,
  describeAccount,
  isCaughtUp,
  isEmpty,
  landedIn,
  total,
  whatLanded,
  type Hop,
  type PartitionStanding,
  type RunAccount,
  type TrackStanding,
} from './account.ts';

const none = { read: 0, sent: 0, inDoubt: 0, dryRun: 0, failed: 0, misfits: 0 };

function sentBy(sent: number, more: Partial<Account> = {}): Map<string, Account> {
  return new Map([['producer_A', { ...none, read: sent, sent, ...more }]]);
}

function partition(given: Partial<PartitionStanding>): PartitionStanding {
  const { offsets = 0, rows = offsets } = given;
  const nothing = { partition: 0, begin: 0, end: 0, dead: 0, both: 0, recorded: {}, beyond: 0 };
  return { ...nothing, ...given, offsets, rows };
}

function standing(
  partitions: readonly PartitionStanding[],
  more: Partial<TrackStanding> = {},
): TrackStanding {
  return { partitions, before: 0, hidden: 0, direct: 0, hop: undefined, replaced: false, ...more };
}

const reason = fc.constantFrom('duplicate', 'not-in-log', 'gap', 'unreadable');

/** A partition of which every offset became something. */
const whole = fc
  .record({
    begin: fc.nat(1e9),
    offsets: fc.nat(1e6),
    dead: fc.nat(1e3),
    recorded: fc.dictionary(reason, fc.integer({ min: 1, max: 1_000 })),
  })
  .map((counts) => {
    const recorded = Object.values(counts.recorded).reduce((sum, n) => sum + n, 0);
    return { ...counts, end: counts.begin + counts.offsets + counts.dead + recorded };
  });

const wholes = fc
  .array(whole, { minLength: 1, maxLength: 5 })
  .map((list) => list.map((counts, at) => partition({ partition: at, ...counts })));

function appended(partitions: readonly PartitionStanding[]): number {
  return partitions.reduce((sum, { begin, end }) => sum + end - begin, 0);
}

/** The records that came, and their outcomes. */
function sides({ others, ...account }: RunAccount): [number, number] {
  const { before, deadLetters, foreign, inDoubt, inserted, lag, sent } = account;
  const other = Object.values(others).reduce((sum, count) => sum + count, 0);
  return [sent + inDoubt + foreign + before, inserted + deadLetters + other + lag];
}

describe('accountFor', () => {
  it('has no problem and no lag when every offset is one row, one dead letter or recorded', () => {
    fc.assert(
      fc.property(wholes, (partitions) => {
        const account = accountFor(standing(partitions), sentBy(appended(partitions)));
        expect(account).toMatchObject({ problems: [], lag: 0, foreign: 0 });
        expect(isCaughtUp(standing(partitions))).toBe(true);
        expect(landedIn(standing(partitions))).toBe(appended(partitions));
      }),
    );
  });

  it('adds up for any sender, and with records that waited when the run began', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(wholes, fc.nat(1_000), share, share, (partitions, missing, ours, waited) => {
        const [first, ...rest] = partitions;
        const behind = [{ ...first!, end: first!.end + missing }, ...rest];
        const before = Math.floor(appended(behind) * waited);
        const sent = Math.floor((appended(behind) - before) * ours);
        const account = accountFor(standing(behind, { before }), sentBy(sent));
        const [came, became] = sides(account);
        expect(came).toBe(became);
        expect(account).toMatchObject({ problems: [], lag: missing, before, sent });
        expect(isCaughtUp(standing(behind))).toBe(missing === 0);
      }),
    );
  });

  it('never lets duplicates of one partition hide what is missing in another', () => {
    const partitions = [
      partition({ partition: 0, end: 10, rows: 13, offsets: 10 }),
      partition({ partition: 1, end: 10, offsets: 7 }),
    ];
    const account = accountFor(standing(partitions), sentBy(20));
    expect(account).toMatchObject({ inserted: 20, lag: 3 });
    expect(account.problems).toEqual(['partition 0: 3 rows are there twice']);
  });

  it('names an offset that is a row and a dead letter, also where another one is missing', () => {
    const both = partition({ partition: 2, begin: 5, end: 10, offsets: 4, dead: 1, both: 1 });
    expect(accountFor(standing([both]), sentBy(5))).toMatchObject({
      problems: ['partition 2: 1 offsets are row and dead letter'],
      lag: 1,
    });
    const beyond = partition({ partition: 2, begin: 5, end: 10, offsets: 6 });
    expect(accountFor(standing([beyond]), sentBy(5)).problems).toEqual([
      'partition 2: 1 rows more than Kafka has',
    ]);
  });

  it('names what was acknowledged but is not in Kafka', () => {
    const log = standing([partition({ end: 9, offsets: 9 })]);
    const missing = (of: TrackStanding) => accountFor(of, sentBy(10)).problems;
    expect(missing(log)).toEqual(['1 acknowledged rows are not in Kafka']);
    expect(missing({ ...log, replaced: true })).toEqual([
      '1 acknowledged rows were in the topic that was deleted during the run',
    ]);
    expect(missing({ ...log, before: 1 })).toEqual(['2 acknowledged rows are not in Kafka']);
  });

  it('counts the landed records of a deleted topic, dead letters behind a hole, too', () => {
    // Offsets 0 to 4 landed, 7 is a dead letter, 5, 6 and the rest went with the topic.
    const deleted = whatLanded(partition({ end: 5, offsets: 5, dead: 1 }));
    const all = standing([deleted, partition({ end: 3, offsets: 3 })], { replaced: true });
    const account = accountFor(all, sentBy(9));
    expect(account).toMatchObject({ inserted: 8, deadLetters: 1, lag: 0, problems: [] });
    expect(sides(account)).toEqual([9, 9]);
    expect(accountFor(standing([whatLanded(partition({ dead: 2 }))]), sentBy(2)).problems).toEqual(
      [],
    );
    const twice = whatLanded(partition({ offsets: 2, rows: 3 }));
    expect(accountFor(standing([twice]), sentBy(2)).problems).toEqual([
      'partition 0: 1 rows are there twice',
    ]);
  });

  it('names landed records that the log does not have', () => {
    const log = standing([partition({ end: 9, offsets: 9, beyond: 2 })]);
    expect(accountFor(log, sentBy(9)).problems).toEqual([
      'partition 0: 2 rows more than Kafka has',
    ]);
  });

  it('calls nothing missing that an open transaction hides', () => {
    const log = standing([partition({ end: 9, offsets: 9 })], { hidden: 3 });
    const account = accountFor(log, sentBy(10));
    expect(account).toMatchObject({ foreign: 2, hidden: 3, lag: 0, problems: [] });
    expect(account.others).toEqual({ 'behind an open transaction': 3 });
    expect(sides(account)).toEqual([12, 12]);
    expect(accountFor(log, sentBy(13)).problems).toEqual(['1 acknowledged rows are not in Kafka']);
  });

  it('names producers that failed or left no account', () => {
    const producers = new Map<string, Account | undefined>([
      ['producer_A', { ...none, read: 3, failed: 3 }],
      ['producer_B', { ...none, read: 2, dryRun: 2 }],
      ['producer_C', undefined],
    ]);
    expect(accountFor(standing([]), producers).problems).toEqual([
      'producer_A could not send 3 rows',
      'producer_B printed 2 rows instead of sending them',
      'producer_C ended without an account',
    ]);
  });

  it('counts what others sent, what is in doubt, and what has no record apart', () => {
    const log = partition({ end: 22, offsets: 17, recorded: { 'not-in-log': 2, duplicate: 3 } });
    const account = accountFor(standing([log], { before: 4 }), sentBy(10, { inDoubt: 2 }));
    expect(account).toMatchObject({ sent: 10, inDoubt: 2, foreign: 6, problems: [] });
    expect(describeAccount(account, 2_000)).toBe(
      'sent 10, in doubt 2, of other producers 6, waiting from before 4, inserted 17, dead letters 0, ' +
        'without a record 2, duplicates left out 3, lag 0, in 2.0 s (9 rows/s)',
    );
  });
});

describe('behind a processor', () => {
  const made: Hop = {
    ...{ topic: 'raw', maker: 'processor p', arrived: 20, before: 0, waiting: 0, unmade: 0 },
  };

  it('counts what producers sent to it, and what somebody sent past it', () => {
    const log = partition({ end: 22, offsets: 20, dead: 2 });
    const account = accountFor(standing([log], { hop: made, direct: 2 }), sentBy(20));
    expect(account).toMatchObject({ sent: 20, foreign: 2, inserted: 20, deadLetters: 2, lag: 0 });
    expect(account.problems).toEqual([]);
  });

  it('separates records that waited for the processor from those sent since', () => {
    const log = partition({ end: 20, offsets: 20 });
    const account = accountFor(standing([log], { hop: { ...made, before: 8 } }), sentBy(12));
    expect(account).toMatchObject({ sent: 12, foreign: 0, before: 8, problems: [] });
    expect(sides(account)).toEqual([20, 20]);
  });

  it('lags by the records that wait for the processor and by its output', () => {
    const log = standing([partition({ end: 15, offsets: 10 })], { hop: { ...made, waiting: 5 } });
    expect(accountFor(log, sentBy(20))).toMatchObject({ lag: 10, problems: [] });
    expect(isCaughtUp(log)).toBe(false);
    expect(isCaughtUp(standing([], { hop: { ...made, waiting: 1 } }))).toBe(false);
  });

  it('names what our producers sent and the processor made nothing of', () => {
    const log = partition({ end: 17, offsets: 17 });
    const lost = standing([log], { hop: { ...made, unmade: 3 } });
    expect(accountFor(lost, sentBy(20)).problems).toEqual([
      'processor p made nothing of 3 records of raw',
    ]);
    // Of others it may have been filtered, or aborted.
    const account = accountFor(lost, sentBy(17));
    expect(account).toMatchObject({ foreign: 3, problems: [] });
    expect(account.others).toEqual({ 'left out by the processor': 3 });
    expect(sides(account)).toEqual([20, 20]);
  });
});

describe('total', () => {
  it('adds up several tables', () => {
    const [one, two] = [
      accountFor(standing([partition({ end: 3, offsets: 2, dead: 1 })]), sentBy(3)),
      accountFor(standing([partition({ end: 2, recorded: { 'not-in-log': 2 } })]), new Map()),
    ];
    const all = total(new Map([['a', one], ['b', two]])); // prettier-ignore
    expect(all).toMatchObject({ sent: 3, foreign: 2, inserted: 2, deadLetters: 1 });
    expect(all.others).toEqual({ 'without a record': 2 });
    expect(sides(all)).toEqual([5, 5]);
    expect(isEmpty(all)).toBe(false);
    expect(isEmpty(accountFor(standing([]), sentBy(0)))).toBe(true);
  });
});
