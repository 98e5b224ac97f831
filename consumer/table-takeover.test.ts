// What a takeover records and says of a partition, by what the tables and the log say.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logLines } from '../test/log-lines.ts';
import { describeGap, readGap } from './gap.ts';
import { LEFT_THE_LOG } from './resume-from-table.ts';
import type { FloorRow, Landed } from './sink.ts';
import { factsOf, LogTruncatedError, takeOver, type TakeoverParts } from './table-takeover.ts';

interface Given {
  readonly landed?: Map<number, Landed>;
  readonly range?: { readonly begin: number; readonly end: number };
  readonly dead?: number;
  readonly gone?: readonly { readonly first: number; readonly last: number }[];
  readonly days?: number;
  readonly isUpgraded?: boolean;
  /** By partition and origin. */
  readonly origins?: ReadonlyMap<number, ReadonlyMap<string, number>>;
}

const rowsOf = (min: number, max: number, count: number): Map<number, Landed> =>
  new Map([[0, { floor: undefined, rows: { min, max, count } }]]);

async function taking(given: Given, partitions = [0]) {
  const {
    days,
    dead = 0,
    gone = [],
    isUpgraded = false,
    origins = new Map(),
    landed = new Map<number, Landed>(),
  } = given;
  const { range = { begin: 0, end: 100 } } = given;
  const { lines, log: logger } = logLines();
  const asked: string[] = [];
  const below: (readonly [partition: number, position: number])[] = [];
  const recorded: FloorRow[] = [];
  const facts = {
    claim: (source: string) => Promise.resolve({ source, claims: [] }),
    landed: () => Promise.resolve(landed),
    deadFrom: () => Promise.resolve(new Set()),
    deadBetween: () => {
      asked.push('dead');
      return Promise.resolve(dead);
    },
    gone: () => Promise.resolve(gone),
    origins: (_: string, from: ReadonlyMap<number, number>) => {
      below.push(...from);
      return Promise.resolve(origins);
    },
    retentionDays: () => Promise.resolve(days),
    isUpgraded: () => Promise.resolve(isUpgraded),
    recordFloors: (_: unknown, floors: readonly FloorRow[]) => {
      recorded.push(...floors);
      return Promise.resolve();
    },
  } as unknown as TakeoverParts['facts'];
  const log = {
    topic: 't',
    topicId: () => Promise.resolve('id'),
    logRanges: () => Promise.resolve(new Map(partitions.map((at) => [at, range]))),
    committed: () => {
      asked.push('committed');
      return Promise.resolve(new Map(partitions.map((at) => [at, 7])));
    },
  };
  const taken = await takeOver(partitions, { facts, log, logger });
  return { asked, below, lines, recorded, taken };
}

describe('a takeover', () => {
  it('records the first reading of a log quietly, and lost offsets loudly', async () => {
    const first = await taking({ range: { begin: 3, end: 9 } });
    expect(first.recorded).toMatchObject([{ partition: 0, offset: 3, reason: 'start' }]);
    expect(first.lines).toEqual([]);
    const later = await taking({ landed: rowsOf(0, 4, 5), range: { begin: 8, end: 9 } });
    expect(later.recorded).toMatchObject([{ partition: 0, offset: 8, reason: 'gap' }]);
    expect(later.lines).toMatchObject([{ level: 'warn', partition: 0, offset: 8 }]);
  });

  it('says nothing of rows without a hole, and does not ask about them', async () => {
    const { asked, lines, taken } = await taking({ landed: rowsOf(2, 9, 8) });
    expect([asked, lines]).toEqual([[], []]);
    expect(taken.states.get(0)).toMatchObject({ position: 10, landed: 10, recorded: 0, end: 100 });
  });

  it.each([
    ['dead letters', { dead: 2 }],
    ['offsets without a record', { gone: [{ first: 4, last: 5 }] }],
    ['both', { dead: 1, gone: [{ first: 4, last: 4 }] }],
    ['dead letters whose records have left the log', { dead: 2, gone: [{ first: 4, last: 5 }] }],
    ['what retention took', { days: 30 }],
  ])('says nothing of holes that are %s', async (_, given) => {
    expect((await taking({ landed: rowsOf(2, 9, 6), ...given })).lines).toEqual([]);
  });

  it.each([
    ['missing offsets', { landed: rowsOf(2, 9, 6) }, 2, 'of offsets 2 to 9 2 are in no table'],
    [
      'rows too many',
      { landed: rowsOf(2, 9, 9), days: 30 },
      -1,
      'of offsets 2 to 9 1 rows are too many',
    ],
    [
      'rows too many beside offsets without a record',
      { landed: rowsOf(2, 9, 9), gone: [{ first: 4, last: 5 }] },
      ...([-1, 'of offsets 2 to 9 1 rows are too many'] as const),
    ],
  ])('says that there are %s', async (_, given, holes, text) => {
    const { lines } = await taking(given);
    expect(lines).toMatchObject([{ level: 'warn', partition: 0, min: 2, max: 9, holes }]);
    expect(lines[0]!.msg).toContain(text);
  });

  it.each([
    ['a floor that stands', { floor: 4, rows: undefined }, { begin: 0, end: 9 }, 4],
    [
      'rows behind the floor',
      { floor: 3, rows: { min: 0, max: 4, count: 5 } },
      { begin: 0, end: 9 },
      3,
    ],
    ['a gap it records itself', { floor: 4, rows: undefined }, { begin: 6, end: 9 }, 6],
  ])('knows how far floors are recorded: %s', async (_, landed, range, recorded) => {
    const { taken } = await taking({ landed: new Map([[0, landed]]), range });
    expect(taken.states.get(0)).toMatchObject({ recorded });
  });

  it('reads the origins below each position, and leaves out those of partitions it does not own', async () => {
    const landed = new Map([...rowsOf(0, 4, 5), [1, { floor: 8, rows: undefined }] as const]);
    const origins = new Map([
      [0, new Map([['in@id/0', 3]])],
      [
        1,
        new Map([
          ['in@id/1', 6],
          ['in@id/2', 7],
        ]),
      ],
      [2, new Map([['in@id/0', 9]])],
    ]);
    const { below, taken } = await taking({ landed, origins }, [0, 1]);
    expect(below).toEqual([
      [0, 5],
      [1, 8],
    ]);
    expect([...taken.states.values()].map((state) => [...state.origins])).toEqual([
      [['in@id/0', 3]],
      [
        ['in@id/1', 6],
        ['in@id/2', 7],
      ],
    ]);
  });

  it('asks for commits only where a partition has no trace in a table of an older version', async () => {
    expect((await taking({})).asked).toEqual([]);
    const upgraded = await taking({ isUpgraded: true });
    expect(upgraded.asked).toEqual(['committed']);
    expect(upgraded.taken.states.get(0)!.position).toBe(7);
    const landed = rowsOf(0, 4, 5);
    expect((await taking({ isUpgraded: true, landed })).asked).toEqual([]);
    expect((await taking({ isUpgraded: true, landed }, [0, 1])).asked).toEqual(['committed']);
  });

  it('ends where the log is shorter than what was read from it', async () => {
    const range = { begin: 0, end: 9 };
    const failure = await taking({ landed: rowsOf(0, 9, 10), range }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(LogTruncatedError);
    expect((failure as Error).message).toContain('ends at 9, but offsets up to 9 were ingested');
  });
});

// Gaps and dead letters never overlap in what is recorded, whatever was dead already.
describe('the facts of a gap', () => {
  const recorded = (dead: readonly number[]) => ({
    deadFrom: () => Promise.resolve(new Set(dead)),
  });

  const gapFloor = (first: number, last: number) => {
    const detail = describeGap([{ first, last }], LEFT_THE_LOG);
    return { offset: last + 1, reason: 'gap' as const, detail };
  };

  it('cover every lost offset that is not dead, and no dead one', async () => {
    const offsets = fc.array(fc.nat({ max: 40 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 20 }), fc.nat({ max: 20 }), offsets, async (first, more, dead) => {
        const last = first + more;
        const facts = await factsOf(gapFloor(first, last), 's', 3, recorded(dead));
        expect(facts.every(({ offset, partition }) => offset === last + 1 && partition === 3)).toBe(true);
        const covered = facts.flatMap(({ detail }) => {
          return readGap(detail).flatMap((range) => {
            return Array.from({ length: range.last - range.first + 1 }, (_, at) => range.first + at);
          });
        });
        const lost = Array.from({ length: more + 1 }, (_, at) => first + at);
        expect(covered).toEqual(lost.filter((offset) => !dead.includes(offset)));
      }),
    ); // prettier-ignore
  });

  it('still say where to go on when every lost offset is dead', async () => {
    const facts = await factsOf(gapFloor(5, 6), 's', 0, recorded([5, 6]));
    expect(facts).toEqual([{ partition: 0, offset: 7, reason: 'dead-letters', detail: '' }]);
  });

  it('are the floor itself when nothing was lost', async () => {
    const floor = { offset: 4, reason: 'start' as const, detail: 'x' };
    expect(await factsOf(floor, 's', 1, recorded([9]))).toEqual([{ partition: 1, ...floor }]);
    // A first floor may quote a gap; only a floor over one is a gap.
    const seed = { ...gapFloor(3, 5), reason: 'upgrade' as const };
    expect(await factsOf(seed, 's', 1, recorded([4]))).toEqual([{ partition: 1, ...seed }]);
  });
});
