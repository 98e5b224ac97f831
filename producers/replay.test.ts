// The loop of a producer: order, limit, one batch at a time, and every way a run can end.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { Ledger } from './account.ts';
import type { Ending } from './delivery.ts';
import { Pace } from './pace.ts';
import { MAX_BATCH_ROWS, replay } from './replay.ts';
import { RowSource, type Rows } from './row-source.ts';

interface Run {
  rows: number;
  limit?: number;
  loop?: boolean;
  failure?: Error;
  /** What happens to the nth batch. */
  outcome?: (batch: number) => Ending | undefined;
  stopAfter?: number;
}

async function runReplay({
  rows,
  limit = Infinity,
  loop = false,
  failure,
  outcome,
  stopAfter,
}: Run) {
  const source = new RowSource(async function* () {
    await Promise.resolve();
    for (let at = 0; at < rows; at += 300) {
      yield Array.from({ length: Math.min(300, rows - at) }, (_, index) => at + index);
    }
    if (failure !== undefined) throw failure;
  }, loop);
  const ledger = new Ledger();
  const stop = new AbortController();
  const delivered: string[] = [];
  let batches = 0;
  let underWay = 0;
  const deliver = async (rows: readonly Rows<number[]>[]): Promise<Ending | undefined> => {
    const events = rows.flatMap(({ from, page, to }) => page.slice(from, to).map(String));
    underWay += 1;
    expect(underWay).toBe(1);
    expect(events.length).toBeLessThanOrEqual(MAX_BATCH_ROWS);
    await new Promise(setImmediate);
    underWay -= 1;
    const ending = outcome?.(batches);
    batches += 1;
    if (batches === stopAfter) stop.abort();
    if (ending !== undefined) return ending;
    ledger.settle('sent', events.length);
    delivered.push(...events);
    return undefined;
  };
  const ending = await replay({
    source, ledger, limit, deliver, pace: new Pace(0), stop: stop.signal,
  }); // prettier-ignore
  return { ending, delivered, account: ledger.close() };
}

describe('replay', () => {
  it('delivers every row in order, one batch at a time, up to the limit', async () => {
    const cases = fc.tuple(fc.nat(5_000), fc.option(fc.integer({ min: 1, max: 6_000 })));
    await fc.assert(
      fc.asyncProperty(cases, async ([rows, limit]) => {
        const run = await runReplay({ rows, limit: limit ?? Infinity });
        const count = Math.min(rows, limit ?? Infinity);
        expect(run.delivered).toEqual(Array.from({ length: count }, (_, row) => String(row)));
        const none = { inDoubt: 0, dryRun: 0, failed: 0, misfits: 0 };
        expect(run.account).toEqual({ read: count, sent: count, ...none });
        expect(run.ending).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });

  it('goes on at the start of the file when looping, up to the limit', async () => {
    const run = await runReplay({ rows: 400, loop: true, limit: 1_000 });
    expect(run.delivered.slice(398, 402)).toEqual(['398', '399', '0', '1']);
    expect(run.account.sent).toBe(1_000);
  });

  it('delivers the rows before a bad one, then reports it', async () => {
    const failure = new ConfigError('line 3000');
    const run = await runReplay({ rows: 2_998, failure });
    expect(run.ending).toBe(failure);
    expect(run.account).toMatchObject({ read: 2_998, sent: 2_998, failed: 0 });
  });

  it('counts rows in hand as failed when the delivery ends the run', async () => {
    const run = await runReplay({ rows: 10_000, outcome: (n) => (n === 2 ? 'failed' : undefined) });
    expect(run.ending).toBe('failed');
    const none = { inDoubt: 0, dryRun: 0, misfits: 0 };
    expect(run.account).toEqual({ read: 4_000, sent: 2_000, failed: 2_000, ...none });
  });

  it('stops reading on request, and delivers the rows it has read', async () => {
    const run = await runReplay({ rows: 10_000, stopAfter: 2 });
    expect(run.ending).toBeUndefined();
    expect(run.account.read).toBe(run.account.sent);
    expect(run.account.read).toBeLessThan(10_000);
  });
});
