// Which fields come of a sample and ClickHouse's types, and what their columns are called.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCsvReader } from '../../streams/csv.ts';
import { boolean, float64, instant, integer, text } from '../../streams/field.ts';
import { checkSample } from './check.ts';
import { columnNames, planColumns, type Plan } from './columns.ts';
import { jsonColumns, type Sample } from './sample.ts';

const request = { key: 'id', time: 'at', without: [] };

function csv(header: string[], ...rows: string[][]): Sample {
  const columns = header.map((name, index) => ({
    path: [name],
    values: rows.map((cells) => (cells[index] === '' ? undefined : cells[index])),
  }));
  return { format: 'csv', header, rows, columns, whole: true };
}

function json(...rows: object[]): Sample {
  return { format: 'json', header: [], rows, columns: jsonColumns(rows), whole: true };
}

function plan(sample: Sample, types: (string | undefined)[], given = request): Plan {
  return planColumns(sample, types, columnNames(sample.columns), given);
}

function rowOf(leaves: Plan['leaves'], { header, rows }: Sample): unknown {
  const result = compileCsvReader({ leaves }, header)(rows[0] as string[]);
  return result.ok ? result.event : result;
}

/** The field of the third column, after id and at. */
function fieldOf(type: string, ...cells: string[]) {
  const rows = cells.map((cell) => ['a', '2026-01-01T00:00:00Z', cell]);
  const { leaves, leftOut } = plan(csv(['id', 'at', 'x'], ...rows), ['String', 'DateTime', type]);
  return leaves[2]?.field ?? leftOut[0]!.why;
}

describe('columnNames', () => {
  it('are plain identifiers of their own, whatever the file calls them', () => {
    const names = fc.array(
      fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 3 }),
    );
    fc.assert(
      fc.property(names, (paths) => {
        const found = columnNames(paths.map((path) => ({ path, values: [] })));
        expect(found.every((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))).toBe(true);
        expect(new Set(found).size).toBe(paths.length);
      }),
    );
  });

  it.each([
    [[['flow l/min']], 'flow_l_min'],
    [[['Überdruck (bar)']], 'uberdruck_bar'],
    [[['2nd']], 'c_2nd'],
    [[['%']], 'c'],
    [
      [['kafka_offset'], ['time'], ['ingest_time']],
      'event_kafka_offset event_time event_ingest_time',
    ],
    [[['index']], 'event_index'],
    [[['a', 'x'], ['b', 'x'], ['b_x']], 'x b_x b_x_2'],
    [[['a b'], ['a-b']], 'a_b a_b_2'],
  ])('%j becomes %s', (paths, expected) => {
    const columns = paths.map((path) => ({ path, values: [] }));
    expect(columnNames(columns, new Set(['index'])).join(' ')).toBe(expected);
  });
});

describe('planColumns of CSV', () => {
  it.each([
    ['Int64', ['1', '-2'], integer()],
    ['Int64', ['1', '007'], text()],
    ['UInt64', ['12345678901234567890', '1'], text()],
    ['Float64', ['1', '2.5e3'], float64()],
    ['Bool', ['true', 'false'], boolean()],
    ['String', ['True', 'FALSE'], boolean()],
    ['String', ['True', 't'], text()],
    [
      'DateTime',
      ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00+01:00'],
      instant({ maxAheadMs: Number.MAX_SAFE_INTEGER }),
    ],
    ['DateTime', ['2026-01-01 00:00:00', '2026-01-01 00:00:01'], text()],
    ['DateTime', ['1999-01-01T00:00:00Z', '2026-01-01T00:00:01Z'], text()],
    ['Date', ['2026-01-01', '2026-01-02'], text()],
    ['String', ['a', 'b', 'c', 'd'], text()],
    ['String', ['a', 'b', 'a', 'b'], text({ repeats: true })],
    ['String', ['x'.repeat(200), 'y'], text({ maxBytes: 512 })],
    ['Array(Int64)', ['[1]', '[2]'], 'of type Array(Int64)'],
  ] as const)('%s of %j', (type, cells, expected) => {
    expect(fieldOf(type, ...cells)).toEqual(expected);
  });

  it('leaves out empty columns and those that the person names, but never key and time', () => {
    const sample = csv(['id', 'at', 'x', 'y'], ['a', '1.7e9', '', 'z']);
    const types = ['String', 'Float64', undefined, 'String'];
    const { leaves, leftOut } = plan(sample, types, {
      ...request,
      without: ['y', 'id'] as never[],
    });
    expect(leaves.map(({ name }) => name)).toEqual(['id', 'at']);
    expect(leftOut).toEqual([
      { name: 'x', why: 'empty in every row' },
      { name: 'y', why: '--without names it' },
    ]);
  });

  it('keeps the header of a renamed column', () => {
    const sample = csv(['id', 'at', 'flow l/min'], ['7', '1.7e9', '1.5']);
    const { key, leaves } = plan(sample, ['Int64', 'Float64', 'Float64']);
    expect(key).toBe('id');
    expect(leaves[0]!.field).toEqual(text({ repeats: true }));
    expect(leaves[2]).toEqual({
      name: 'flow_l_min',
      path: ['flow_l_min'],
      field: float64({ csv: 'flow l/min' }),
    });
  });

  it('takes a time that is absent from some rows from their records', () => {
    const sample = csv(['id', 'at'], ['a', ''], ['b', '2026-01-01T00:00:00Z']);
    expect(plan(sample, ['String', 'DateTime']).leaves[1]!.field).toEqual(
      instant({ absent: 'record-timestamp' }),
    );
  });

  it.each([
    [
      ['2026-01-01 00:00:00'],
      'DateTime',
      '--time: column at has "2026-01-01 00:00:00", which is not epoch seconds or an ISO-8601 instant with a zone; the zone is missing: write 2026-01-01T00:00:00Z if it is UTC',
    ],
    [['1767225600000'], 'Int64', 'has "1767225600000", which looks like epoch milliseconds;'],
    [['1767225600000000000'], 'Int64', 'which looks like epoch nanoseconds;'],
    [['7300000000'], 'Int64', 'has "7300000000": in seconds that is after 2200'],
    [['', ''], undefined, '--time: column at is empty in every row'],
  ])('refuses times %j', (cells, type, message) => {
    const sample = csv(['id', 'at'], ...cells.map((cell) => ['a', cell]));
    expect(() => plan(sample, ['String', type])).toThrow(message);
  });

  it('gives columns without a name in the header none, however many there are', () => {
    const sample = csv(['', 'id', 'at', ''], ['0', 'a', '1.7e9', '']);
    const { leaves, leftOut } = plan(sample, ['Int64', 'String', 'Float64', undefined]);
    expect(leaves.map(({ name }) => name)).toEqual(['id', 'at']);
    const why = 'the header has no name for it';
    expect(leftOut).toEqual([
      { name: 'column 1', why },
      { name: 'column 4', why },
    ]);
  });

  it('reads a column that JavaScript objects do not keep under another name', () => {
    const sample = csv(['id', 'at', '__proto__'], ['a', '1.7e9', '5']);
    const { leaves } = plan(sample, ['String', 'Float64', 'Int64']);
    const row: unknown = JSON.parse(JSON.stringify(rowOf(leaves, sample)));
    expect(row).toMatchObject({ event___proto__: 5 });
  });

  it('explains what stands where the columns should be', () => {
    const refused = (sample: Sample, key = 'id'): string => {
      try {
        plan(sample, [], { ...request, key });
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refused(csv(['id;at;x'], ['a;1;2']))).toContain(
      'it has id;at;x; the file seems to separate cells by semicolons: save it with commas',
    );
    expect(refused(csv(['# made by', 'x'], ['a', 'b']))).toContain(
      'looks like a comment: remove it',
    );
    expect(refused(csv(['ID', 'at'], ['a', '1']))).toContain('; is "ID" meant?');
    expect(refused(json({ data: [{ id: 1 }], n: 1 }))).toContain('member "data" holds an array');
    expect(refused(json({ id: { 0: 'a', 1: 'b' } }))).toContain(
      'it has id.0, id.1; the file is one object: write an array of objects, or one object a line',
    );
    const many = refused(
      csv(
        Array.from({ length: 300 }, (_, at) => `c${at}`),
        ['1'],
      ),
    );
    expect(many).toContain('c29 and 270 more');
    expect(many).not.toContain('c30,');
  });

  it('refuses columns that the file does not have, naming those it has', () => {
    const sample = csv(['id', 'at'], ['a', '1.7e9']);
    const types = ['String', 'Float64'];
    const wrong = 'the file has no "nope"; it has id, at';
    expect(() => plan(sample, types, { ...request, key: 'nope' })).toThrow(`--key: ${wrong}`);
    expect(() => plan(sample, types, { ...request, time: 'nope' })).toThrow(`--time: ${wrong}`);
    const without = { ...request, without: ['nope'] as never[] };
    expect(() => plan(sample, types, without)).toThrow(`--without: ${wrong}`);
  });
});

describe('planColumns of JSON', () => {
  it('refuses epoch seconds in quotes, which no reader takes', () => {
    const sample = json({ id: 'a', at: '1767225600' });
    expect(() => plan(sample, ['String', 'Int64'])).toThrow(
      'has "1767225600", which is not epoch seconds or an ISO-8601 instant with a zone; epoch seconds are a number without quotes',
    );
  });

  it('nests as the events do, and keeps their names', () => {
    const sample = json(
      { id: 1, at: 1.7e9, 'flow l': { value: 1.5, index: 2 }, big: 2 ** 60, tags: ['a'] },
      { id: 2, at: 1.7e9, 'flow l': { value: 2, index: 3 }, big: 1, tags: [] },
    );
    const names = columnNames(sample.columns, new Set(['index']));
    const types = ['Int64', 'Float64', 'Float64', 'Int64', 'UInt64', 'Array(String)'];
    const { leaves, leftOut } = planColumns(sample, types, names, request);
    expect(leaves.map(({ name, path }) => `${name} ${path.join('/')}`)).toEqual([
      'id id',
      'at at',
      'value flow l/value',
      'event_index flow l/index',
    ]);
    expect(leaves[0]!.field).toEqual(integer());
    expect(leaves[3]!.field).toEqual(integer({ wire: 'index' }));
    expect(leftOut.map(({ name }) => name)).toEqual(['big', 'tags']);
  });

  it('refuses a key that is neither text nor a whole number, and leaves out members that are sometimes objects', () => {
    expect(() => plan(json({ id: 1.5, at: 1.7e9 }), ['Float64', 'Float64'])).toThrow(
      '--key: column id is of type Float64; a key is text or a whole number',
    );
    const sample = json({ id: 'a', at: 1.7e9, x: 1 }, { id: 'a', at: 1.7e9, x: { y: 1 } });
    const { leaves, leftOut } = plan(sample, ['String', 'Float64', 'Int64', 'Int64']);
    expect(leftOut).toEqual([{ name: 'x', why: 'an object in some rows only' }]);
    expect(leaves.map(({ path }) => path.join('.'))).toContain('x.y');
  });
});

describe('checkSample', () => {
  it('counts rows that would be refused, and empty cells of declared columns', () => {
    const sample = csv(['id', 'at', 'x', 'y'], ['a', '1.7e9', '1', ''], ['a', '1.7e9', '', ''], ['b', '1.7e9', '2', 'z'], ['b', '1.7e9']);
    const without = { ...request, without: ['y'] as never[] };
    const checked = checkSample(sample, plan(sample, ['String', 'Float64', 'Int64', 'String'], without));
    expect(checked).toMatchObject({ rows: 4, refused: 2, first: { row: 2 } });
    expect(checked.first!.problem).toContain('column x: "" is not a whole number');
    expect(checked.empty).toEqual([{ name: 'x', rows: 2 }]);
  });

  it('finds columns that became text although most cells are numbers', () => {
    const header = ['id', 'at', 'na', 'comma', 'word', 'code'];
    const row = (...cells: string[]): string[] => ['7', '1.7e9', ...cells];
    const sample = csv(header, row('1', '0,5', 'a', '007'), row('2.5', '1', '1', '1'), row('NA', '2', 'b', '2'), row('3', '', 'c', '3'));
    const types = ['Int64', 'Float64', 'String', 'String', 'String', 'Int64'];
    expect(checkSample(sample, plan(sample, types)).almostNumbers).toEqual([
      { name: 'na', example: 'NA', rows: 1, forPeople: false },
      { name: 'comma', example: '0,5', rows: 1, forPeople: true },
    ]);
  });

  it('does so for members of JSON events', () => {
    const sample = json({ id: 'a', at: 1.7e9, x: { y: 1 } }, { id: 'a', at: null, x: {} });
    const checked = checkSample(sample, plan(sample, ['String', 'Float64', 'Int64']));
    expect(checked).toEqual({
      ...{ rows: 2, refused: 1, first: { row: 2, problem: 'member x.y: is missing' } },
      almostNumbers: [],
      empty: [
        { name: 'at', rows: 1 },
        { name: 'x.y', rows: 1 },
      ],
    });
  });
}); // prettier-ignore
