import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Account } from '../../producers/account.ts';
import { accountFor, describeAccount, isCaughtUp, type PartitionStanding } from './account.ts';

const none = { read: 0, sent: 0, inDoubt: 0, dryRun: 0, failed: 0, misfits: 0 };

function sentBy(sent: number, more: Partial<Account> = {}): Map<string, Account> {
  return new Map([['producer_A', { ...none, read: sent, sent, ...more }]]);
}

/** A partition of which everything arrived: `rows` rows and `dead` dead letters from `begin` on. */
const whole = fc
  .record({ begin: fc.nat(1e9), rows: fc.nat(1e6), dead: fc.nat(1e3) })
  .map(({ begin, rows, dead }) => ({ begin, end: begin + rows + dead, rows, offsets: rows, dead }));

const wholes = fc
  .array(whole, { minLength: 1, maxLength: 5 })
  .map((list) => list.map((standing, partition) => ({ partition, ...standing })));

function appended(standings: readonly PartitionStanding[]): number {
  return standings.reduce((sum, { begin, end }) => sum + end - begin, 0);
}

describe('accountFor', () => {
  it('has no problem and no lag when every offset is one row or one dead letter', () => {
    fc.assert(
      fc.property(wholes, (standings) => {
        const account = accountFor(standings, sentBy(appended(standings)));
        expect(account).toMatchObject({ problems: [], lag: 0, foreign: 0 });
        expect(account.inserted + account.deadLetters).toBe(account.sent);
        expect(isCaughtUp(standings)).toBe(true);
      }),
    );
  });

  it('shows every row that is not there as lag', () => {
    fc.assert(
      fc.property(wholes, fc.integer({ min: 1, max: 1_000 }), (standings, missing) => {
        const [first, ...rest] = standings;
        const behind = [{ ...first!, end: first!.end + missing }, ...rest];
        const account = accountFor(behind, sentBy(appended(behind)));
        expect(account).toMatchObject({ problems: [], lag: missing });
        expect(isCaughtUp(behind)).toBe(false);
      }),
    );
  });

  it('never lets duplicates of one partition hide what is missing in another', () => {
    const standings = [
      { partition: 0, begin: 0, end: 10, rows: 13, offsets: 10, dead: 0 },
      { partition: 1, begin: 0, end: 10, rows: 7, offsets: 7, dead: 0 },
    ];
    const account = accountFor(standings, sentBy(20));
    expect(account).toMatchObject({ inserted: 20, lag: 3 });
    expect(account.problems).toEqual(['partition 0: 3 rows are there twice']);
  });

  it('names an offset that is a row and a dead letter', () => {
    const standings = [{ partition: 2, begin: 5, end: 10, rows: 5, offsets: 5, dead: 1 }];
    expect(accountFor(standings, sentBy(5)).problems).toEqual([
      'partition 2: 1 rows more than Kafka has',
    ]);
  });

  it('names what was acknowledged but is not in Kafka', () => {
    const standings = [{ partition: 0, begin: 0, end: 9, rows: 9, offsets: 9, dead: 0 }];
    expect(accountFor(standings, sentBy(10)).problems).toEqual([
      '1 acknowledged rows are not in Kafka',
    ]);
  });

  it('names producers that failed or left no account', () => {
    const producers = new Map<string, Account | undefined>([
      ['producer_A', { ...none, read: 3, failed: 3 }],
      ['producer_B', { ...none, read: 2, dryRun: 2 }],
      ['producer_C', undefined],
    ]);
    expect(accountFor([], producers).problems).toEqual([
      'producer_A could not send 3 rows',
      'producer_B printed 2 rows instead',
      'producer_C ended without an account',
    ]);
  });

  it('counts what others sent, and what is in doubt, apart', () => {
    const standings = [{ partition: 0, begin: 0, end: 17, rows: 17, offsets: 17, dead: 0 }];
    const account = accountFor(standings, sentBy(10, { inDoubt: 2 }));
    expect(account).toMatchObject({ sent: 10, inDoubt: 2, foreign: 5, problems: [] });
    expect(describeAccount(account, 2_000)).toBe(
      'sent 10, in doubt 2, of other producers 5, inserted 17, dead letters 0, lag 0, in 2.0 s (9 rows/s)',
    );
  });
});
