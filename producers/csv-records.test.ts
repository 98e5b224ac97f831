// Records of a CSV file: the same from every way to write them down, wherever the bytes are cut, with the
// line on which each begins; and work that is linear in the bytes.
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CsvRecords, type CsvMistake } from './csv-records.ts';

interface Split {
  readonly records: string[][];
  readonly lines: number[];
  readonly mistake: CsvMistake | undefined;
}

async function split(text: string, step: number): Promise<Split> {
  const records: string[][] = [];
  const lines: number[] = [];
  const splitter = new CsvRecords((cells, line) => {
    records.push(cells);
    lines.push(line);
  });
  const bytes = Buffer.from(text);
  let mistake: CsvMistake | undefined;
  for (let at = 0; at < bytes.length; at += step) {
    mistake ??= await splitter.feed(Buffer.from(bytes.subarray(at, at + step)));
  }
  return { records, lines, mistake: mistake ?? (await splitter.finish()) };
}

const unit = fc.constantFrom('a', '1', ',', '"', ' ', '\r', '\n', '\r\n', 'ü', ';', '\t');
const written = fc.string({ unit, maxLength: 8 }).chain((value) =>
  fc.record({
    value: fc.constant(value),
    quote: fc.constantFrom('always', 'if needed'),
    around: fc.constantFrom('', ' ', '  '),
  }),
);
type Written = typeof written extends fc.Arbitrary<infer T> ? T : never;

/** A cell as a program may write it. Blanks around quotes and around bare text are not the cell's. */
function cellText({ around, quote, value }: Written): string {
  const bare = quote === 'if needed' && !/["\r\n,]/.test(value) && value === value.trim();
  return `${around}${bare ? value : `"${value.replaceAll('"', '""')}"`}${around}`;
}

const ends = fc.constantFrom('\n', '\r\n', '\r');
const blankLine = fc.constantFrom('', '  ', '\t');
const table = fc.array(
  fc.record({
    cells: fc.array(written, { minLength: 2, maxLength: 4 }),
    end: ends,
    blanks: fc.array(fc.tuple(blankLine, ends), { maxLength: 1 }),
  }),
  { minLength: 1, maxLength: 8 },
);

describe('CsvRecords', () => {
  it('reads back what was written, with any quotes, line ends and blanks, cut anywhere', async () => {
    const layout = fc.record({ step: fc.integer({ min: 1, max: 40 }), bom: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(table, layout, fc.boolean(), async (rows, { bom, step }, lastEnd) => {
        let text = bom ? '\ufeff' : '';
        const lines: number[] = [];
        let line = 1;
        for (const { blanks, cells, end } of rows) {
          lines.push(line);
          const inCells = cells.map(({ value }) => value.split('\n').length - 1);
          line += inCells.reduce((sum, each) => sum + each, 1) + blanks.length;
          text += cells.map(cellText).join(',') + end;
          for (const [blank, blankEnd] of blanks) text += blank + blankEnd;
        }
        // A CR before an LF of the next blank line is one line end, so the lines differ by one.
        fc.pre(!rows.some(({ blanks, end }) => end === '\r' && blanks[0]?.join('') === '\n'));
        fc.pre(!rows.some(({ blanks }) => blanks[0]?.[1] === '\r'));
        const whole = lastEnd ? text : text.replace(/(\r\n|\n|\r)$/, '');
        const expected = rows.map(({ cells }) => cells.map(({ value }) => value));
        expect(await split(whole, step)).toEqual({ records: expected, lines, mistake: undefined });
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['LF, then CRLF, and quotes in the last cell', 'a,b\n1,"x, y"\n2,"z"\r\n3,w\r\n', [['a', 'b'], ['1', 'x, y'], ['2', 'z'], ['3', 'w']]],
    ['CRLF, then LF', 'a,b\r\n1,"x, y"\r\n2,z\n3,w\n', [['a', 'b'], ['1', 'x, y'], ['2', 'z'], ['3', 'w']]],
    ['CR alone', 'a,b\r1,x\r', [['a', 'b'], ['1', 'x']]],
    ['a last line of blanks', 'a,b\n1,x\n   ', [['a', 'b'], ['1', 'x']]],
    ['the line by which Excel learns the delimiter', 'sep=,\na,b\n1,x\n', [['a', 'b'], ['1', 'x']]],
    ['blanks between a comma and a quote', 'a,b\n1, "x ,y" \n', [['a', 'b'], ['1', 'x ,y']]],
    ['rows of delimiters alone', 'a,b\n,\n"",""\n', [['a', 'b'], ['', ''], ['', '']]],
  ])('reads %s', async (_name, text, records) => {
    for (const step of [1, 3, 1_000]) {
      expect(await split(text, step)).toMatchObject({ records, mistake: undefined });
    }
  }); // prettier-ignore

  it('gives each record the line on which it begins, also behind CRLF in quotes', async () => {
    const text = 'a,b\r\n1,"x\r\ny\r\nz"\r\n\r\n2,"p\nq"\r\n3,w\r\n';
    expect((await split(text, 2)).lines).toEqual([1, 2, 6, 8]);
  });

  it('ends at a row without an end, having kept about 1 MiB of it', async () => {
    for (const start of ['', '1,"']) {
      const splitter = new CsvRecords(() => undefined);
      await splitter.feed(Buffer.from(`a,b\n${start}`));
      const chunk = Buffer.alloc(65_536, 'x');
      let fed = 0;
      let mistake: CsvMistake | undefined;
      for (; mistake === undefined && fed < 100; fed += 1) mistake = await splitter.feed(chunk);
      expect(mistake).toMatchObject({ line: 2 });
      expect(mistake!.problem).toContain('longer than 1 MiB');
      expect(fed).toBeLessThan(20);
    }
  });

  it('ends at a row of delimiters alone as early', async () => {
    const splitter = new CsvRecords(() => undefined);
    const chunk = Buffer.alloc(262_144, ',');
    let fed = 0;
    let mistake: CsvMistake | undefined;
    for (; mistake === undefined && fed < 20; fed += 1) mistake = await splitter.feed(chunk);
    expect(mistake).toMatchObject({ line: 1 });
    expect(fed).toBeLessThan(10);
  });

  it('copies a line that comes byte by byte a bounded number of times', async () => {
    const concat = vi.spyOn(Buffer, 'concat');
    const copy = vi.spyOn(Buffer.prototype, 'copy');
    const text = `a,b\n1,${'x'.repeat(30_000)}\n`;
    const { records } = await split(text, 1);
    const joined = concat.mock.results.map(({ value }) => (value as Buffer).length);
    const copied = [...joined, ...copy.mock.results.map(({ value }) => value as number)];
    vi.restoreAllMocks();
    expect(records[1]![1]).toHaveLength(30_000);
    expect(copied.reduce((bytes, each) => bytes + each, 0)).toBeLessThan(5 * text.length);
  });
});
