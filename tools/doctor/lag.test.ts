import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lagFinding, readLag, unreadableFinding, type LagSource } from './lag.ts';

/** A pipeline that works and goes on between any two questions: `steps` are what arrives before each. */
function busyPipeline(steps: readonly number[]): LagSource {
  let [asked, end, landed, committed] = [0, 100, 100, 100];
  const answer = <T>(of: () => T): Promise<T> => {
    const arrived = steps[asked % steps.length]!;
    asked += 1;
    // What arrived lands at once and is committed a question later: the consumer keeps up.
    committed = landed;
    end += arrived;
    landed = end;
    return Promise.resolve(of());
  };
  const nothing = new Set<number>();
  return {
    topicId: () => Promise.resolve('one'),
    committed: () => answer(() => new Map([[0, committed]])),
    landed: () =>
      answer(() => new Map([[0, { position: landed, deadAhead: nothing, unreadable: 0 }]])),
    logRanges: () => answer(() => new Map([[0, { begin: 0, end }]])),
    openTransactions: () => answer(() => []),
  };
}

/** Figures that do not move. */
function still(
  position: number,
  begin: number,
  end: number,
  dead: number[] = [],
  unreadable = 0,
): LagSource {
  return {
    topicId: () => Promise.resolve('one'),
    committed: () => Promise.resolve(new Map([[0, position]])),
    landed: () =>
      Promise.resolve(new Map([[0, { position, deadAhead: new Set(dead), unreadable }]])),
    logRanges: () => Promise.resolve(new Map([[0, { begin, end }]])),
    openTransactions: () => Promise.resolve([]),
  };
}

describe('readLag', () => {
  it('never finds the table ahead of a log that only grows, whatever arrives meanwhile', async () => {
    const arrivals = fc.array(fc.nat(5_000), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(arrivals, async (steps) => {
        const lag = await readLag(busyPipeline(steps));
        expect(lag.beyond).toBe(0);
        // What came between the reading of the position and of the log is all that may look late.
        expect(lag.byTable).toBeLessThanOrEqual(5_000);
        expect(lagFinding('t', 'g', lag, true, 0).level).toBe('ok');
      }),
    );
  });

  it('finds a log that ends before what landed, also one without that partition', async () => {
    expect(await readLag(still(50, 0, 20))).toMatchObject({ beyond: 30, byTable: 0 });
    const gone = { ...still(50, 0, 20), logRanges: () => Promise.resolve(new Map<never, never>()) };
    expect(await readLag(gone)).toMatchObject({ beyond: 50 });
    const found = lagFinding('t', 'g', await readLag(still(50, 0, 20)), true, 0);
    expect(found).toMatchObject({ level: 'FAIL', said: expect.stringMatching(/30 ahead/) as string });
  }); // prettier-ignore

  it('counts what is neither landed nor a dead letter, above what left the log', async () => {
    expect(await readLag(still(10, 0, 20, [12, 15, 25]))).toMatchObject({ byTable: 8 });
    expect(await readLag(still(10, 18, 20))).toMatchObject({ byTable: 2, byCommits: 2 });
  });

  it('compares nothing when the topic was replaced in between', async () => {
    const ids = ['one', 'two'];
    const replaced = { ...still(50, 0, 20), topicId: () => Promise.resolve(ids.shift()!) };
    await expect(readLag(replaced)).rejects.toThrow('replaced');
  });
});

describe('lagFinding', () => {
  const atMs = Date.UTC(2026, 10, 27, 12, 3, 5);
  const open = [{ partition: 0, records: 110, sinceMs: atMs, transactionalId: 'orders' }];
  const lag = { byTable: 0, byCommits: 0, beyond: 0, unreadable: 0, open };

  it('counts records behind an open transaction, and does not call them lag', () => {
    const { level, said } = lagFinding('t', 'g', lag, false, atMs + 5_000);
    expect(said).toBe(
      't: 0 by the table, 0 by the commits of g, 110 behind an open transaction since 12:03:05 UTC',
    );
    expect(level).toBe('ok');
  });

  it('names whose it is when it stays open', () => {
    const { advice, level, said } = lagFinding('t', 'g', lag, true, atMs + 86_400_000);
    expect(level).toBe('warn');
    expect(said).toContain('since 2026-11-27 12:03:05 UTC');
    expect(advice).toContain('the producer orders has to commit or abort');
  });
});

describe('unreadableFinding', () => {
  it('says how many offsets were passed over, and nothing when none were', async () => {
    const lag = await readLag(still(50, 0, 50, [], 10));
    expect(unreadableFinding('t', lag)).toMatchObject({
      level: 'warn',
      said: 't: 10 offsets were passed over because their records cannot be read',
    });
    expect(unreadableFinding('t', await readLag(still(50, 0, 50)))).toBeUndefined();
  });
});
