// Where a partition goes on: never after what is not acknowledged, never by the offsets of another topic.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resume, type Known } from './resume-from-commits.ts';

const known = (given: Partial<Known>): Known => ({
  topicId: 'now',
  log: { begin: 10, end: 100 },
  committed: undefined,
  landed: undefined,
  fromBeginning: false,
  ...given,
});
const at = (offset: number, note = 'now') => ({ offset, note });

describe('resume', () => {
  it.each<[string, Partial<Known>, number, RegExp | undefined]>([
    ['nobody came here before', {}, 10, undefined],
    ['somebody committed', { committed: at(40) }, 40, undefined],
    ['a person committed, without a note', { committed: at(40, '') }, 40, undefined],
    [
      'this process came further than it committed',
      { committed: at(40), landed: at(50) },
      50,
      undefined,
    ],
    ['another one came further meanwhile', { committed: at(60), landed: at(50) }, 60, undefined],
    ['it is to begin at the beginning', { committed: at(40), fromBeginning: true }, 10, undefined],
    ['it did so before', { committed: at(40), fromBeginning: true, landed: at(20) }, 20, undefined],
    ['it was committed for another topic', { committed: at(40, 'old') }, 10, /created again/],
    ['the topic was replaced while it ran', { landed: at(40, 'old') }, 10, /created again/],
    [
      'the same, and nobody committed anew',
      { committed: at(40, 'old'), landed: at(50, 'old') },
      10,
      /created again/,
    ],
    ['retention was faster', { committed: at(4) }, 10, /^offsets 4 to 9 left the log/],
    ['retention came as far', { committed: at(10) }, 10, undefined],
    ['all of the log was read', { committed: at(100) }, 100, undefined],
    [
      'the log is shorter than it was',
      { committed: at(101) },
      10,
      /ends at 100, but was read up to 101/,
    ],
    ['all is read', { committed: at(100) }, 100, undefined],
  ])('when %s', (_, given, position, warning) => {
    const decided = resume(known(given));
    expect(decided.position).toBe(position);
    if (warning === undefined) expect(decided.warning).toBeUndefined();
    else expect(decided.warning).toMatch(warning);
  });

  it('is within the log and not after the acknowledged offset, whatever is known', () => {
    const noted = fc.option(
      fc.record({ offset: fc.nat(30), note: fc.constantFrom('now', 'old', '') }),
      { nil: undefined },
    );
    const log = fc
      .tuple(fc.nat(30), fc.nat(30))
      .map(([begin, more]) => ({ begin, end: begin + more }));
    fc.assert(
      fc.property(noted, noted, log, fc.boolean(), (committed, landed, range, fromBeginning) => {
        const { position } = resume({
          topicId: 'now',
          log: range,
          committed,
          landed,
          fromBeginning,
        });
        expect(position).toBeGreaterThanOrEqual(range.begin);
        expect(position).toBeLessThanOrEqual(range.end);
        const acknowledged = [committed, landed].map((each) =>
          each?.note === 'old' ? 0 : (each?.offset ?? 0),
        );
        expect(position).toBeLessThanOrEqual(Math.max(range.begin, ...acknowledged));
      }),
    );
  });
});
