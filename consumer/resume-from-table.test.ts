// Where to read on: for any history of a partition nothing is skipped and nothing is read twice.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holes, resume, type Known } from './resume-from-table.ts';

const known = (given: Partial<Known>): Known => ({
  floor: undefined,
  rows: undefined,
  committed: undefined,
  upgraded: false,
  log: { begin: 0, end: 100 },
  ...given,
});
const rows = (max: number): Known['rows'] => ({ max, min: 0, count: max + 1 });
const positionOf = (given: Partial<Known>): unknown => {
  const answer = resume(known(given));
  return answer.kind === 'at' ? answer.position : answer.kind;
};

describe('resume', () => {
  it('tells an empty table from one that holds only offset 0', () => {
    expect(positionOf({})).toBe(0);
    expect(positionOf({ rows: rows(0) })).toBe(1);
  });

  it('goes on after the greater of floor and rows', () => {
    expect(positionOf({ floor: 10, rows: rows(4) })).toBe(10);
    expect(positionOf({ floor: 3, rows: rows(4) })).toBe(5);
    expect(positionOf({ floor: 7 })).toBe(7);
  });

  it('never believes a committed offset once anything has landed', () => {
    for (const committed of [0, 4, 90]) {
      expect(positionOf({ rows: rows(50), committed, upgraded: true })).toBe(51);
      expect(positionOf({ floor: 51, committed, upgraded: true })).toBe(51);
      expect(positionOf({ committed })).toBe(0);
    }
  });

  it('seeds an upgraded table from the committed offset, and records it', () => {
    const answer = resume(known({ upgraded: true, committed: 42 }));
    expect(answer).toMatchObject({
      kind: 'at',
      position: 42,
      floor: { offset: 42, reason: 'upgrade' },
    });
    expect(positionOf({ upgraded: true })).toBe(0);
    expect(positionOf({ upgraded: true, committed: 5, log: { begin: 20, end: 100 } })).toBe(20);
    expect(positionOf({ upgraded: true, committed: 100 })).toBe(100);
    expect(positionOf({ upgraded: true, committed: 101 })).toBe(0);
  });

  it('names a gap that retention made, and goes on at the start of the log', () => {
    const answer = resume(known({ rows: rows(9), log: { begin: 30, end: 100 } }));
    expect(answer).toMatchObject({
      kind: 'at',
      position: 30,
      floor: { offset: 30, reason: 'gap' },
    });
    expect(answer).toHaveProperty(
      'floor.detail',
      'offsets 10 to 29 left the log before they were read',
    );
  });

  it('starts a log that was never read where it starts: that is no gap of ours', () => {
    expect(resume(known({ log: { begin: 30, end: 100 } }))).toEqual({
      kind: 'at',
      position: 30,
      floor: { offset: 30, reason: 'start', detail: 'first reading of this log' },
    });
  });

  it('calls offsets a gap that left the log after its first reading, though no row came before them', () => {
    const first = resume(known({ log: { begin: 0, end: 0 } }));
    const floor = first.kind === 'at' ? first.floor?.offset : undefined;
    expect(floor).toBe(0);
    const answer = resume(known({ floor, log: { begin: 50, end: 100 } }));
    expect(answer).toHaveProperty('floor.reason', 'gap');
  });

  it('refuses a log that ends before the offsets that were ingested from it', () => {
    expect(resume(known({ rows: rows(100) }))).toEqual({ kind: 'log-truncated', position: 101 });
    expect(positionOf({ rows: rows(99) })).toBe(100);
  });

  it('is monotone and stays inside the log, whatever is known', () => {
    const offset = fc.nat(200);
    const optional = fc.option(offset, { nil: undefined });
    const histories = fc.record({
      floor: optional,
      max: optional,
      committed: optional,
      upgraded: fc.boolean(),
      begin: offset,
      length: offset,
    });
    fc.assert(
      fc.property(histories, ({ begin, committed, floor, length, max, upgraded }) => {
        const log = { begin, end: begin + length };
        const given = {
          floor,
          committed,
          upgraded,
          log,
          rows: max === undefined ? undefined : rows(max),
        };
        const answer = resume(given);
        const landed = Math.max(floor ?? 0, (max ?? -1) + 1);
        if (answer.kind === 'log-truncated') {
          expect(landed).toBeGreaterThan(log.end);
          return;
        }
        expect(answer.position).toBeGreaterThanOrEqual(landed);
        expect(answer.position).toBeGreaterThanOrEqual(log.begin);
        expect(answer.position).toBeLessThanOrEqual(log.end);
        // What is passed over without having landed is always written down.
        const seeded = floor === undefined && max === undefined;
        if (answer.position > landed && !seeded) expect(answer.floor?.offset).toBe(answer.position);
      }),
    );
  });
});

describe('holes', () => {
  it('counts what is missing between the rows, or too much', () => {
    expect(holes({ min: 10, max: 19, count: 10 }, 0)).toBe(0);
    expect(holes({ min: 10, max: 19, count: 7 }, 3)).toBe(0);
    expect(holes({ min: 10, max: 19, count: 7 }, 1)).toBe(2);
    expect(holes({ min: 10, max: 19, count: 12 }, 0)).toBe(-2);
  });
});
