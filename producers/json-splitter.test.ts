// The splitters of JSON, held against JSON.parse: any file, cut anywhere, right or wrong.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_EVENT_BYTES } from './file-event.ts';
import { JsonArray } from './json-array.ts';
import { JsonLines } from './json-lines.ts';
import type { JsonMistake, JsonPlace, JsonSplitter, OnValue } from './json-splitter.ts';

type SplitterClass = new (onValue: OnValue) => JsonSplitter;

interface Split {
  readonly values: string[];
  readonly places: JsonPlace[];
  readonly mistake: JsonMistake | undefined;
}

function split(
  bytes: Buffer,
  sizes: readonly number[],
  Splitter: SplitterClass = JsonArray,
): Split {
  const values: string[] = [];
  const places: JsonPlace[] = [];
  const splitter = new Splitter((value, place) => {
    values.push(value.toString());
    places.push(place);
  });
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const chunk = Buffer.from(bytes.subarray(at, (at += sizes[turn % sizes.length]!)));
    const mistake = splitter.feed(chunk);
    // Whoever feeds may use the chunk again: nothing may be kept of it.
    chunk.fill('x');
    if (mistake !== undefined) return { values, places, mistake };
  }
  return { values, places, mistake: splitter.finish() };
}

const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 });
const nasty = fc.string({
  unit: fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', '\n', 'ü', '\u2028', 'a', ' '),
});
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    nasty,
    fc.constantFrom(null, true, 0, -1.5e300, '\\"'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(nasty, tie('value'), { maxKeys: 4 }),
  ),
})).value;
const array = fc.array(value, { maxLength: 6 });
const blank = fc.constantFrom('', ' ', '\n', '\r\n\t');

/** What JSON.parse makes of a text when that is an array. */
function reference(text: string): unknown[] | undefined {
  try {
    const parsed = JSON.parse(text) as unknown;
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** What the splitter and a parser of its values together make of a text. */
function ours({ mistake, values }: Split): unknown[] | undefined {
  if (mistake !== undefined) return undefined;
  try {
    return values.map((each) => JSON.parse(each) as unknown);
  } catch {
    return undefined;
  }
}

describe('JsonArray', () => {
  it('hands out what JSON.parse finds, wherever chunks are cut and however it is laid out', () => {
    const layout = fc.record({
      indent: fc.constantFrom(0, 2, '\t'),
      around: blank,
      bom: fc.boolean(),
    });
    fc.assert(
      fc.property(array, layout, sizes, (elements, { around, bom, indent }, cuts) => {
        const json = `${around}${JSON.stringify(elements, null, indent)}${around}`;
        const found = split(Buffer.from(`${bom ? '\ufeff' : ''}${json}`), cuts);
        expect(ours(found)).toEqual(reference(json));
        expect(found.places.map(({ element }) => element)).toEqual(elements.map((_, at) => at + 1));
      }),
      { numRuns: 1_000 },
    );
  });

  it('never takes what JSON.parse refuses, and refuses nothing that it takes', () => {
    const broken = fc
      .tuple(array, fc.nat(), fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', ' ', ''))
      .map(([elements, at, put]) => {
        const json = JSON.stringify(elements);
        const index = at % json.length;
        return json.slice(0, index) + put + json.slice(index + 1);
      });
    fc.assert(
      fc.property(broken, sizes, (text, cuts) => {
        expect(ours(split(Buffer.from(text), cuts))).toEqual(reference(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it('counts elements and lines', () => {
    const { places } = split(Buffer.from('[\n{"a":1},\n\n{"b":\n2}, {"c":3}\n]\n'), [3]);
    expect(places).toEqual([
      { element: 1, line: 2 },
      { element: 2, line: 4 },
      { element: 3, line: 5 },
    ]);
  });

  it.each([
    ['', { line: 1 }, 'the file is empty'],
    [' \n ', { line: 2 }, 'the file is empty'],
    ['{"a":1}', { line: 1 }, 'the file has no array'],
    ['[', { element: 1, line: 1 }, 'is cut short'],
    ['[{"a":1},\n', { element: 2, line: 2 }, 'is cut short'],
    ['[{"a":1},\n{"a', { element: 2, line: 2 }, 'is cut short'],
    ['[{"a":1}\n', { element: 1, line: 1 }, 'is cut short'],
    ['[1]\n[2]', { line: 2 }, 'something follows the end of the array'],
  ])('tells where the mistake is in %j', (text, place, problem) => {
    const { mistake } = split(Buffer.from(text), [4]);
    expect(mistake).toMatchObject({ place });
    expect(mistake!.problem).toContain(problem);
  });

  it.each([true, false])(
    'gathers no element without an end; cut into small chunks: %j',
    (small) => {
      const element = Buffer.from(`[1,"${'x'.repeat(MAX_EVENT_BYTES)}"]`);
      const { mistake, values } = split(element, [small ? 1_000 : element.length]);
      expect(values).toEqual(['1']);
      expect(mistake).toMatchObject({ place: { element: 2, line: 1 } });
      expect(mistake!.problem).toContain('longer than 1 MiB');
      const fits = Buffer.from(`["${'x'.repeat(MAX_EVENT_BYTES - 2)}"]`);
      expect(split(fits, [1_000]).mistake).toBeUndefined();
    },
  );
});

describe('JsonLines', () => {
  it('hands out every line that is not blank, wherever chunks are cut', () => {
    const line = fc.oneof(
      value.map((each) => JSON.stringify(each)),
      fc.constantFrom('', ' \t'),
    );
    const end = fc.constantFrom('\n', '\r\n');
    fc.assert(
      fc.property(fc.array(line), end, fc.boolean(), sizes, (lines, eol, bom, cuts) => {
        const text = Buffer.from(`${bom ? '\ufeff' : ''}${lines.join(eol)}`);
        const { mistake, places, values } = split(text, cuts, JsonLines);
        expect(mistake).toBeUndefined();
        expect(values.map((each) => each.trim())).toEqual(
          lines.filter((each) => each.trim() !== ''),
        );
        for (const [at, { line: number }] of places.entries()) {
          expect(lines[number - 1]).toBe(values[at]!.replace(/\r$/, ''));
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([1_000, 4_000_000])('gathers no line without an end; chunks of %d', (size) => {
    const { mistake, values } = split(
      Buffer.from(`1\n${'x'.repeat(MAX_EVENT_BYTES + 1)}`),
      [size],
      JsonLines,
    );
    expect(values).toEqual(['1']);
    expect(mistake).toEqual({ place: { line: 2 }, problem: 'is longer than 1 MiB' });
  });
});
