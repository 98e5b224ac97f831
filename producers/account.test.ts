// The account of a run adds up, whatever happened to its rows.
import fc from 'fast-check';
import { describe as suite, expect, it } from 'vitest';
import { Ledger, describe, type Outcome } from './account.ts';

const outcomes: Outcome[] = ['sent', 'inDoubt', 'dryRun'];
const step = fc.record({
  took: fc.nat(1_000),
  settled: fc.nat(2_000),
  outcome: fc.constantFrom(...outcomes),
});

suite('Ledger', () => {
  it('adds up to the rows read, whatever happened to them', () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const ledger = new Ledger();
        for (const { took, settled, outcome } of steps) {
          ledger.took(took);
          ledger.settle(outcome, Math.min(settled, ledger.open));
        }
        const { read, sent, inDoubt, dryRun, failed } = ledger.close();
        expect(read).toBe(steps.reduce((sum, { took }) => sum + took, 0));
        expect(sent + inDoubt + dryRun + failed).toBe(read);
        expect(Math.min(sent, inDoubt, dryRun, failed)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('counts what was never settled as failed', () => {
    const ledger = new Ledger();
    ledger.took(10);
    ledger.settle('sent', 6);
    ledger.settle('inDoubt', 1);
    ledger.settle('dryRun', 2);
    const account = ledger.close();
    expect(account).toEqual({ read: 10, sent: 6, inDoubt: 1, dryRun: 2, failed: 1, misfits: 0 });
    expect(describe(account)).toBe(
      '10 rows read: sent 6, in doubt (ack lost) 1, dry-run 2, failed 1',
    );
  });

  it('counts the rows that do not fit, which are settled like the others', () => {
    const ledger = new Ledger();
    ledger.took(10, 2);
    ledger.took(5, 1);
    ledger.settle('sent', 15);
    const account = ledger.close();
    expect(account).toMatchObject({ read: 15, sent: 15, failed: 0, misfits: 3 });
    expect(describe(account)).toMatch(/, failed 0; 3 of them do not fit and become dead letters$/);
  });

  it('settles no row twice', () => {
    const ledger = new Ledger();
    ledger.took(1);
    ledger.settle('sent', 1);
    expect(() => ledger.settle('dryRun', 1)).toThrow('1 rows settled, 0 are open');
  });
});
