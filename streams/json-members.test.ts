// Members are added without touching what is there: digits, spaces and the order stay as written.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withMembers } from './json-members.ts';

const add = (text: string, added: Parameters<typeof withMembers>[2]): string =>
  withMembers(Buffer.from(text), JSON.parse(text) as Record<string, unknown>, added).toString();

describe('withMembers', () => {
  it.each([
    ['digits that no double holds', '{"n":1.10,"big":12345678901234567890,"e":1E2}', ',"a":1}'],
    ['spaces and line breaks', ' { "n" : [ 1 ] \n} \n', ',"a":1} \n'],
    ['braces in strings', '{"n":"}{,\\"}"}', ',"a":1}'],
  ])('keeps %s', (_, text, tail) => {
    const end = text.lastIndexOf('}');
    expect(add(text, { a: 1 })).toBe(text.slice(0, end) + tail);
  });

  it('needs no comma in an empty object, and adds nothing when there is nothing', () => {
    expect(add('{ }', { a: 1 })).toBe('{ "a":1}');
    expect(add('{"n":1}', {})).toBe('{"n":1}');
    expect(add('{}', {})).toBe('{}');
  });

  it('replaces a member of the same name, however it is written, and no nested one', () => {
    const text = '{"\\u0061":{"a":[1,2]}, "n":1.0,"a" :"x,}","m":{"a":7}}';
    expect(add(text, { a: true })).toBe('{ "n":1.0,"m":{"a":7},"a":true}');
    expect(add('{"a":1}', { a: 2 })).toBe('{"a":2}');
  });

  it('gives the event with the members last, for any event', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    const value = fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.constant(null));
    fc.assert(
      fc.property(
        object,
        fc.dictionary(fc.string(), value),
        fc.constantFrom(0, 1, '\t'),
        (o, a, space) => {
          const { ['__proto__']: _one, ...event } = o;
          const { ['__proto__']: _other, ...added } = a;
          // Some names in common.
          const shared = {
            ...added,
            ...Object.fromEntries(
              Object.keys(event)
                .slice(0, 1)
                .map((name) => [name, 1]),
            ),
          };
          const text = add(JSON.stringify(event, undefined, space), shared);
          expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify({ ...event, ...shared })));
          const kept = Object.keys(event).filter((name) => !Object.hasOwn(shared, name));
          const names = Object.keys(JSON.parse(text) as object);
          const integers = (name: string): boolean => /^(0|[1-9]\d*)$/.test(name);
          expect(names.filter((name) => !integers(name))).toEqual(
            [...kept, ...Object.keys(shared)].filter((name) => !integers(name)),
          );
        },
      ),
    );
  });
});
