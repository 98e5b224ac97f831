// The tokenizer and the search for an INSERT's data: what they must never get wrong, whatever the text.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { insertFromFile, scanInsert, type InsertHead } from './insert.ts';
import { readStatement } from './statement.ts';
import { tokenize } from './tokenizer.ts';

const kinds = (text: string): string[] => [...tokenize(text)].map(({ kind }) => kind);
const texts = (text: string): string[] => [...tokenize(text)].map((token) => token.text);

/** Text in pieces that matter to a lexer. */
const soup = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        '`',
        '\\',
        '--',
        '/*',
        '*/',
        '//',
        '#',
        '$$',
        '$a$',
        ';',
        '(',
        ')',
        '\n',
      ),
      fc.constantFrom(
        'INSERT',
        'INTO',
        'VALUES',
        'FORMAT',
        'SELECT',
        'SETTINGS',
        'input',
        ' ',
        't',
        '1',
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => Buffer.from(parts.join('')).toString('latin1'));

/** A string literal, quoted name or comment, with anything inside. */
const hidden = fc.oneof(
  fc.string().map((text) => `'${text.replace(/[\\']/g, '\\$&')}'`),
  fc.string().map((text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`),
  fc.string().map((text) => `\`${text.replace(/[\\`]/g, '\\$&')}\``),
  fc.string().map((text) => `/*${text.replace(/[*/]/g, ' ')}*/ 1`),
  fc.string().map((text) => `$q$${text.replaceAll('$', '')}$q$`),
  fc.constantFrom("'FORMAT CSV'", '`VALUES`', "'; DROP'", '/* INTO OUTFILE */ 2', '-- ;\n 3'),
);

describe('tokens', () => {
  test('are in order, do not overlap, and leave out only space and comments', () => {
    fc.assert(
      fc.property(soup, (text) => {
        let at = 0;
        for (const token of tokenize(text)) {
          expect(token.start).toBeGreaterThanOrEqual(at);
          expect(token.end).toBeGreaterThan(token.start);
          expect(token.text).toBe(text.slice(token.start, token.end));
          at = token.end;
        }
        expect(at).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  test('keep strings, names, heredocs and comments whole', () => {
    expect(texts("a 'b''c\\'d' `e``f` \"g;\" $$h'$$ i$j")).toEqual([
      ...['a', "'b''c\\'d'", '`e``f`', '"g;"', "$$h'$$", 'i$j'],
    ]);
    expect(texts('1 -- x\n 2 /* a /* b */ c */ 3 // y\n 4 # z\n 5')).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
    for (const open of ["'a", '`a', '"a', '/* a', "'a\\'"]) expect(kinds(open)).toEqual(['open']);
  });

  test('quoted text and comments never end a statement', () => {
    fc.assert(
      fc.property(fc.array(hidden, { minLength: 1, maxLength: 5 }), (parts) => {
        const sql = Buffer.from(`SELECT ${parts.join(', ')}`).toString('latin1');
        expect(readStatement(`${sql};`).sql.startsWith('SELECT')).toBe(true);
        expect(readStatement(sql).format).toBeUndefined();
        expect(() => readStatement(`${sql}\n; SELECT 1`)).toThrow('Multi-statements');
      }),
    );
  });
});

function headOf(text: string, final = true): InsertHead {
  const scan = scanInsert(text, final);
  if (scan.kind !== 'data') throw new Error(`no data found in ${text}`);
  return scan.head;
}

describe('the data of an INSERT', () => {
  const statements: [statement: string, format: string][] = [
    ['INSERT INTO t FORMAT CSV\n', 'CSV'],
    ['insert into db.t (a, `b)`, "FORMAT") format Native\r\n', 'Native'],
    ["INSERT INTO t (from, select, values) SETTINGS a = 1, b = 'FORMAT x' VALUES", 'Values'],
    ['INSERT INTO format VALUES', 'Values'],
    ['/* FORMAT */ INSERT INTO TABLE t -- VALUES\n FORMAT TSV\n', 'TSV'],
    ["INSERT INTO FUNCTION null('a Int8') VALUES", 'Values'],
    [
      "INSERT INTO t SELECT format, format('{}', a) FROM input('a Int8') WHERE 1 FORMAT CSV\n",
      'CSV',
    ],
    ["INSERT INTO t (a) (SELECT a FROM input('a Int8')) FORMAT RowBinary\n", 'RowBinary'],
  ];

  test('begins right after the statement, whatever the data are', () => {
    fc.assert(
      fc.property(fc.constantFrom(...statements), soup, ([statement, format], data) => {
        // ')' cannot be taken for white space or a second line break of the statement.
        const head = headOf(`${statement})${data}`);
        expect(head).toMatchObject({ format, dataStart: statement.length });
      }),
    );
  });

  test('is found the same however the request is cut into pieces', () => {
    fc.assert(
      fc.property(fc.constantFrom(...statements), fc.nat(200), ([statement], cut) => {
        const text = `${statement})data and ; more 'of it`;
        const scan = scanInsert(text.slice(0, cut), false);
        if (scan.kind !== 'more') expect(scan).toMatchObject({ kind: 'data' });
        if (scan.kind === 'data') expect(scan.head.dataStart).toBe(statement.length);
      }),
    );
  });

  test('comes from the file in the statement the engine gets', () => {
    expect(insertFromFile(headOf('INSERT INTO t (a) SETTINGS x = 1 FORMAT CSV\n1'), "/d'/f")).toBe(
      "INSERT INTO t (a) \nFROM INFILE '/d\\'/f' COMPRESSION 'none'\nSETTINGS x = 1 \nFORMAT CSV",
    );
    const select = "INSERT INTO t SELECT a FROM input('a Int8') WHERE b FORMAT CSV\n1";
    expect(insertFromFile(headOf(select), '/f')).toBe(
      "INSERT INTO t SELECT a FROM file('/f', 'CSV', 'a Int8') WHERE b ",
    );
  });

  test('is refused when its beginning in the statement is unclear', () => {
    for (const text of [
      ...[
        'INSERT INTO t',
        'INSERT INTO t FORMAT CSV; 1',
        "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
      ],
      ...["INSERT INTO t SELECT a FROM input('a Int8')", 'INSERT INTO t SELECT 1 FORMAT CSV\n1'],
      ...["INSERT INTO t SELECT a FROM input(concat('a', ' Int8')) FORMAT CSV\n"],
    ]) {
      expect(() => scanInsert(text, true), text).toThrow(/^Code: /);
    }
  });

  test('never fails in any other way than with an exception for the client', () => {
    fc.assert(
      fc.property(soup, fc.boolean(), (text, final) => {
        try {
          scanInsert(`INSERT INTO t ${text}`, final);
          readStatement(text);
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'ClickHouseException' });
        }
      }),
    );
  });
});
