// The header that says which record another was made from survives the way there and back, and nothing
// else is taken for one.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readOrigin, sourceOf, writeOrigin } from './origin.ts';

it('reads what it writes', () => {
  const source = fc
    .tuple(fc.stringMatching(/^[a-zA-Z0-9._-]{1,249}$/), fc.uuid())
    .map((pair) => pair.join('@'));
  const origin = fc.record({
    source,
    partition: fc.integer({ min: 0, max: 65_535 }),
    offset: fc.maxSafeNat(),
  });
  fc.assert(
    fc.property(origin, (given) => {
      expect(readOrigin(writeOrigin(given))).toEqual(given);
    }),
  );
});

it.each([
  '',
  'a@b',
  'x/a@b/1/2',
  'a@b/1/2/3',
  'a@b/1',
  'a@b/1/x',
  'a@b/-1/2',
  'a/1/2',
  'a@b/65536/1',
  'a@b/1/2 ',
  'a@b/1/2/3',
])('does not take %j for one', (text) => expect(readOrigin(text)).toBeUndefined());

it('a source is a topic and its id', () => {
  expect(sourceOf('readings', 'id')).toBe('readings@id');
});
