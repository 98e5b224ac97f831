// The plain lines of a CSV file, held against csv-parse.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CSV_OPTIONS } from './csv-records.ts';
import { PlainCsv, plainCells } from './plain-csv.ts';

/** What csv-parse makes of a text, or undefined when it refuses it. Lines of blanks are no records. */
function reference(text: string): string[][] | undefined {
  try {
    const records: string[][] = parse(text, CSV_OPTIONS);
    return records.filter((cells) => cells.length > 1 || cells[0] !== '');
  } catch {
    return undefined;
  }
}

const cell = fc.string({ unit: fc.constantFrom('a', '1', '.', ',', '"', ' ', '\r', 'ü') });
const line = fc
  .array(cell, { minLength: 1, maxLength: 4 })
  .chain((cells) =>
    fc.constantFrom(
      cells.join(','),
      cells.map((text) => `"${text}"`).join(','),
      cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(','),
    ),
  );

describe('plainCells', () => {
  it('never disagrees with csv-parse about a line it takes', () => {
    fc.assert(
      fc.property(line, (text) => {
        const cells = plainCells(text);
        fc.pre(cells !== undefined && !text.includes('\r'));
        const isRecord = cells.length > 1 || (cells[0] ?? '') !== '';
        expect(isRecord ? [cells] : []).toEqual(reference(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['"a","b"', ['a', 'b']],
    ['"a,b",""', ['a,b', '']],
    ['a,,b', ['a', '', 'b']],
    ['', []],
    [' \t ', []],
    [' a , b\u00a0', ['a', 'b']],
    ['" a ","b"', [' a ', 'b']],
  ])('takes %j', (text, cells) => expect(plainCells(text)).toEqual(cells));

  it.each(['"a', '"a"",b"', '"a""b"', 'a,"b"', '"a" ,"b"', 'x"a"', '"a"x', 'a\rb', '"a""'])(
    'leaves %j to csv-parse',
    (text) => expect(plainCells(text)).toBeUndefined(),
  );
});

describe('PlainCsv', () => {
  it('counts lines, blank ones too', () => {
    const seen: [string[], number][] = [];
    const plain = new PlainCsv((cells, number) => seen.push([cells, number]));
    expect(plain.feed(Buffer.from('a,b\n\n1,2\n"x\n3,4\n5'))).toEqual(Buffer.from('"x\n3,4\n5'));
    expect(seen).toEqual([
      [['a', 'b'], 1],
      [['1', '2'], 3],
    ]);
    expect(plain.lines).toBe(3);
  });

  it('does not gather a line without an end', () => {
    const plain = new PlainCsv(() => undefined);
    expect(plain.feed(Buffer.alloc(70_000, 'x'))?.length).toBe(70_000);
  });
});
