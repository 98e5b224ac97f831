// The plain lines of a CSV file, held against csv-parse.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainCsv, plainCells } from './plain-csv.ts';

const options = { relax_column_count: true, skip_empty_lines: true, bom: true };

/** What csv-parse makes of a text, or undefined when it refuses it. */
function reference(text: string): string[][] | undefined {
  try {
    return parse(text, options);
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
        expect(cells.length === 0 ? [] : [cells]).toEqual(reference(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['"a","b"', ['a', 'b']],
    ['"a,b",""', ['a,b', '']],
    ['a,,b', ['a', '', 'b']],
    ['', []],
  ])('takes %j', (text, cells) => expect(plainCells(text)).toEqual(cells));

  it.each(['"a', '"a"",b"', '"a""b"', 'a,"b"', '"a" ,"b"', 'x"a"', '"a"x', 'a\rb', '"a""'])(
    'leaves %j to csv-parse',
    (text) => expect(plainCells(text)).toBeUndefined(),
  );
});

describe('PlainCsv', () => {
  it('together with csv-parse reads what csv-parse alone reads, wherever chunks are cut', () => {
    const text = fc
      .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
      .map(([lines, eol, bom]) => (bom ? '\ufeff' : '') + lines.join(eol));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), (content, step) => {
        // Where line ends are mixed the two differ on purpose: csv-parse settles on the first one it
        // meets and takes later carriage returns for text; here each line may end either way.
        const ends = new Set(content.match(/\r?\n|\r/g));
        fc.pre(ends.size <= 1 && !ends.has('\r'));
        const expected = reference(content);
        fc.pre(expected !== undefined);
        const records: string[][] = [];
        const plain = new PlainCsv((cells) => records.push(cells));
        const bytes = Buffer.from(content);
        let rest: Buffer | undefined;
        for (let at = 0; at < bytes.length; at += step) {
          const chunk = bytes.subarray(at, at + step);
          if (rest === undefined) rest = plain.feed(chunk);
          else rest = Buffer.concat([rest, chunk]);
        }
        rest ??= plain.finish();
        if (rest !== undefined) records.push(...parse(rest, options));
        expect(records).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });

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
