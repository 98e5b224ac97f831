// The audit's arithmetic against a model: any history of landed, dead, lost, repeated and expired
// offsets is recognised, and only a history without a fault passes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reckon, type Counted, type PartitionFacts } from './reckoning.ts';

type Fate = 'good' | 'dead' | 'gap' | 'absent' | 'duplicate' | 'unreadable';

/** The facts that tables and broker would tell about a partition with these fates from offset 0. */
function factsOf(fates: readonly Fate[], { begin = 0, behind = 0 } = {}): PartitionFacts {
  const offsets = (fate: Fate) => fates.flatMap((each, offset) => (each === fate ? [offset] : []));
  const counted = (fate: Fate): Counted => {
    const of = offsets(fate);
    const inLog = of.filter((offset) => offset >= begin).length;
    return { rows: of.length, offsets: of.length, inLog };
  };
  const known = [...offsets('good'), ...offsets('dead')];
  return {
    partition: 0,
    log: { begin, end: fates.length + behind },
    position: fates.length === 0 ? undefined : fates.length,
    good: counted('good'),
    dead: counted('dead'),
    deadAhead: 0,
    both: 0,
    lowest: known.length === 0 ? undefined : Math.min(...known),
    gaps: offsets('gap').map((offset) => ({ first: offset, last: offset })),
    absent: offsets('absent').map((offset) => ({ first: offset, last: offset })),
    duplicates: offsets('duplicate').map((offset) => ({ first: offset, last: offset })),
    unreadable: offsets('unreadable').map((offset) => ({ first: offset, last: offset })),
    seed: undefined,
    expired: 0,
    checksum: 0n,
  };
}

/** What the tables tell when retention took any of the offsets below `expired`. */
function factsOfExpired(fates: readonly Fate[], expired: number, begin: number): PartitionFacts {
  const facts = factsOf(fates, { begin });
  const counted = (fate: Fate): Counted => {
    const of = fates.flatMap((each, offset) =>
      each === fate && offset >= expired ? [offset] : [],
    );
    const inLog = of.filter((offset) => offset >= begin).length;
    return { rows: of.length, offsets: of.length, inLog };
  };
  const known = fates.findIndex((fate, offset) => fate !== 'gap' && offset >= expired);
  const lowest = known === -1 ? undefined : known;
  return { ...facts, good: counted('good'), dead: counted('dead'), lowest, expired };
}

const history = fc
  .array(fc.constantFrom<Fate>('good', 'dead', 'gap', 'absent', 'duplicate', 'unreadable'), {
    maxLength: 50,
  })
  .chain((fates) => {
    return fc.record({
      fates: fc.constant(fates),
      begin: fc.nat({ max: fates.length }),
      behind: fc.nat({ max: 9 }),
    });
  });

const more = (counted: Counted, by: Partial<Counted>): Counted => ({
  rows: counted.rows + (by.rows ?? 0),
  offsets: counted.offsets + (by.offsets ?? 0),
  inLog: counted.inLog + (by.inLog ?? 0),
});

describe('a partition', () => {
  it('adds up when every offset has one outcome, whatever has left the log', () => {
    fc.assert(
      fc.property(history, ({ fates, ...at }) => {
        const audit = reckon(factsOf(fates, at));
        expect(audit).toMatchObject({ exact: true, missing: 0, surplus: 0, behind: at.behind });
        const { absent, begin, end, dead, duplicates, gap, good, behind, unreadable } = audit;
        const account = good + dead + gap + absent + duplicates + unreadable;
        expect(account).toBe(end - begin - behind);
        expect(account + audit.older).toBe(fates.length);
        const inLog = (fate: Fate) => fates.slice(at.begin).filter((each) => each === fate).length;
        expect([absent, duplicates, unreadable]).toEqual([
          inLog('absent'),
          inLog('duplicate'),
          inLog('unreadable'),
        ]);
      }),
    );
  });

  it('does not add up when one offset is nowhere, in the log or before it', () => {
    fc.assert(
      fc.property(history, fc.boolean(), ({ fates, begin, behind }, inLog) => {
        const lived = inLog ? fates.slice(begin) : fates.slice(0, begin);
        // The oldest one that is known cannot be missed: nothing tells that it ever was.
        const candidates = lived.filter((fate, at) => fate === 'good' && (inLog || at > 0));
        fc.pre(candidates.length > 0);
        const facts = factsOf(fates, { begin, behind });
        const good = more(facts.good, { rows: -1, offsets: -1, inLog: inLog ? -1 : 0 });
        expect(reckon({ ...facts, good })).toMatchObject({ exact: false, missing: 1 });
      }),
    );
  });

  it('does not add up when one row is there twice, in either table or in both', () => {
    fc.assert(
      fc.property(history, ({ fates, ...at }) => {
        const facts = factsOf(fates, at);
        const twice = { exact: false, surplus: 1 };
        expect(reckon({ ...facts, good: more(facts.good, { rows: 1 }) })).toMatchObject(twice);
        expect(reckon({ ...facts, dead: more(facts.dead, { rows: 1 }) })).toMatchObject(twice);
        const dead = more(facts.dead, { rows: 1, offsets: 1, inLog: 1 });
        expect(reckon({ ...facts, dead, both: 1 })).toMatchObject({ ...twice, missing: 0 });
      }),
    );
  });

  it('does not add up when it holds more than the log ever had', () => {
    const facts = factsOf(['good', 'good', 'good']);
    const audit = reckon({ ...facts, log: { begin: 0, end: 2 } });
    expect(audit).toMatchObject({ exact: false, beyond: 1, behind: 0 });
  });

  it('does not let a gap hide rows that landed', () => {
    const facts = factsOf(['good', 'good', 'good']);
    const audit = reckon({ ...facts, gaps: [{ first: 1, last: 1 }] });
    expect(audit).toMatchObject({ exact: false, missing: -1 });
  });

  it('counts what had no record behind the last row as read', () => {
    const facts = factsOf(['good', 'good'], { behind: 5 });
    const audit = reckon({ ...facts, absent: [{ first: 2, last: 4 }] });
    expect(audit).toMatchObject({ exact: true, good: 2, absent: 3, behind: 2 });
  });

  it('counts each kind of what had no record behind the last row, up to the end of the log', () => {
    const facts = {
      ...factsOf(['good', 'absent', 'duplicate', 'unreadable'], { behind: 6 }),
      gaps: [{ first: 4, last: 4 }],
    };
    const audit = reckon({
      ...facts,
      absent: [...facts.absent, { first: 5, last: 5 }],
      duplicates: [...facts.duplicates, { first: 6, last: 6 }],
      // Read after the log was asked for its end: what lies there is not of this account.
      unreadable: [...facts.unreadable, { first: 7, last: 7 }, { first: 10, last: 12 }],
    });
    expect(audit).toMatchObject({ exact: true, absent: 3, duplicates: 2, unreadable: 2 });
    expect(audit.behind).toBe(2);
  });

  it('misses offsets that are nowhere between those recorded without a record and the log', () => {
    const facts = factsOf(['gap', 'good', 'good'], { begin: 2 });
    const none = { rows: 1, offsets: 1, inLog: 1 };
    const audit = reckon({ ...facts, good: none, lowest: 2 });
    expect(audit).toMatchObject({ exact: false, missing: 1 });
  });

  it('counts an offset that is a gap and absent as a gap, once', () => {
    const facts = factsOf(['good', 'gap', 'good']);
    const audit = reckon({ ...facts, absent: [{ first: 1, last: 1 }] });
    expect(audit).toMatchObject({ exact: true, gap: 1, absent: 0 });
  });

  it('does not let absence hide rows that landed', () => {
    const facts = factsOf(['good', 'good', 'good']);
    const audit = reckon({ ...facts, absent: [{ first: 1, last: 1 }] });
    expect(audit).toMatchObject({ exact: false, missing: -1 });
  });

  it('counts dead letters ahead of their rows as landed, the rest as on the way', () => {
    const facts = factsOf(['good', 'dead'], { behind: 5 });
    const audit = reckon({ ...facts, deadAhead: 2 });
    expect(audit).toMatchObject({ exact: true, dead: 3, behind: 3 });
  });

  it('expects nothing below the first floor of an upgraded table', () => {
    const counted = { rows: 2, offsets: 2, inLog: 2 };
    const facts = { ...factsOf([]), log: { begin: 3, end: 12 }, position: 12 };
    const audit = reckon({ ...facts, good: counted, lowest: 10, seed: 10 });
    expect(audit).toMatchObject({ exact: true, good: 2, missing: 0, behind: 0 });
  });

  it('that nobody has read yet is behind by all it has', () => {
    const facts = { ...factsOf([]), log: { begin: 7, end: 12 } };
    expect(reckon(facts)).toMatchObject({ exact: true, behind: 5, good: 0 });
  });

  it('adds up above the expired offsets, and misses lost offsets there', () => {
    const at = history.chain(({ fates, begin }) => {
      return fc.record({
        fates: fc.constant(fates),
        begin: fc.constant(begin),
        expired: fc.nat({ max: fates.length }),
      });
    });
    fc.assert(
      fc.property(at, ({ begin, expired, fates }) => {
        const facts = factsOfExpired(fates, expired, begin);
        expect(reckon(facts)).toMatchObject({ exact: true, missing: 0, expired });
        const { good } = facts;
        fc.pre(good.inLog > 0);
        const lost = { rows: good.rows - 1, offsets: good.offsets - 1, inLog: good.inLog - 1 };
        expect(reckon({ ...facts, good: lost })).toMatchObject({ exact: false, missing: 1 });
      }),
    );
  });
});
