// Shapes of files that people have: taken, or refused with one line that says what to do.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { boolean, float64, instant, text } from '../streams/field.ts';
import { defineTopicStream } from '../streams/stream.ts';
import { onOneLine } from './one-line.ts';
import { replayFile } from './replay-file.ts';

const stream = defineTopicStream({
  name: 'pumps',
  topic: { name: 'pumps', partitions: 1, retentionMs: -1 },
  event: { pump_id: text(), ts: instant(), note: text(), flow: float64(), running: boolean() },
  key: 'pump_id',
  eventTime: 'ts',
});
const HEADER = 'pump_id,ts,note,flow,running';
const ROW = 'north-1,2026-11-20T08:00:00Z,ok,12.5,true';
const EVENT = '{"pump_id":"a","ts":1700000000,"note":"n","flow":1.5,"running":true}';
const old = (row: string): string => row.replace('2026-11-20', '2025-11-20');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensorhouse-shapes-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function notes(content: string | Buffer, ending: string): Promise<unknown[]> {
  const path = join(folder, `file${ending}`);
  await writeFile(path, content);
  const found: unknown[] = [];
  for await (const page of replayFile({ stream, path })) {
    found.push(...page.map(({ members }) => members['note']));
  }
  return found;
}

describe('a file', () => {
  it.each([
    ['blanks around cells', '.csv', ` ${HEADER.replaceAll(',', ' , ')}\n ${ROW.replaceAll(',', ' , ')} \n`, ['ok']],
    ['blanks in quotes', '.csv', `${HEADER}\n${ROW.replace('ok', '" ok "')}\n`, [' ok ']],
    ['blanks in quotes everywhere', '.csv', `${HEADER}\n"${ROW.replace('ok', ' ok ').replaceAll(',', '","')}"\n`, [' ok ']],
    ['last lines of blanks', '.csv', `${HEADER}\r\n${ROW}\r\n\r\n   `, ['ok']],
    ['a Ctrl-Z at its end', '.csv', `${HEADER}\n${ROW}\n\x1a`, ['ok']],
    ['a delimiter at the end of each line', '.csv', `${HEADER},\n${ROW},\n`, ['ok']],
    ['the separator line of Excel', '.csv', `sep=,\n${HEADER}\n${ROW}\n`, ['ok']],
    ['UTF-16', '.csv', Buffer.from(`\ufeff${HEADER}\r\n${ROW.replace('ok', 'größer')}\r\n`, 'utf16le'), ['größer']],
    ['a name in brackets first', '.csv', `[Sum of x],${HEADER}\n1,${ROW}\n`, ['ok']],
    ['UTF-16 lines of JSON', '.ndjson', Buffer.from(`\ufeff${EVENT}\r\n`, 'utf16le'), ['n']],
  ])('with %s is taken', async (_name, ending, content, expected) => {
    expect(await notes(typeof content === 'string' ? old(content) : Buffer.from(content.toString('utf16le').replace('2026-11', '2025-11'), 'utf16le'), ending)).toEqual(expected);
  }); // prettier-ignore

  it.each([
    ['names in other letters', '.csv', `Pump_ID,ts,note,flow,running\n${ROW}\n`, 'line 1, column pump_id: is missing; the header has "Pump_ID": rename that column;'],
    ['names with blanks', '.csv', `pump id,ts,note,flow,running\n${ROW}\n`, 'the header has "pump id": rename that column;'],
    ['a comment', '.csv', `# exported\n${HEADER}\n${ROW}\n`, 'the first line looks like a comment: remove it;'],
    ['semicolons', '.csv', `${HEADER.replaceAll(',', ';')}\n`, 'seems to separate cells by semicolons: save it with commas;'],
    ['tabs', '.tsv', `${HEADER.replaceAll(',', '\t')}\n`, 'seems to separate cells by tabs: save it with commas;'],
    ['semicolons and quotes', '.csv', `"pump_id";"ts"\n"a";"b"\n`, 'a quote is not closed or stands in the wrong place; the file seems to separate cells by semicolons: save it with commas'],
    ['a quote in a cell', '.csv', `${HEADER}\n${ROW.replace('ok', '5" pipe; 2')}\n`, 'line 2, column note: a quote is not closed or stands in the wrong place; a quote in a cell is written twice, in quotes: "5"" pipe"'],
    ['a name with a bar', '.csv', `${HEADER.replace('note', 'no|te')}\n${ROW}\n`, 'column note: is missing; the header has "no|te": rename that column;'],
    ['a bar in another name', '.csv', `${HEADER.replace('note', 'a|b')}\n${ROW}\n`, 'column note: is missing; the header must have'],
    ['a JSON array under the name of CSV', '.csv', `[ {"a":1}]\n`, 'line 1: the file looks like JSON: name it .json or .ndjson'],
    ['a decimal comma', '.csv', `${HEADER}\n${ROW.replace('12.5', '"12,5"')}\n`, 'column flow: "12,5" is not a number; write numbers with a decimal point and nothing between thousands: 1234.5'],
    ['thousands apart', '.csv', `${HEADER}\n${ROW.replace('12.5', '"1.234,5"')}\n`, '"1.234,5" is not a number; write numbers with a decimal point'],
    ['an infinite number', '.csv', `${HEADER}\n${ROW.replace('12.5', '1e999')}\n`, '"1e999" is not a number from -1.7976931348623157e+308 to 1.7976931348623157e+308'],
    ['an empty cell', '.csv', `${HEADER}\n${ROW.replace('12.5', '')}\n`, 'column flow: "" is not a number; the cell is empty'],
    ['an infinite number', '.json', `[${EVENT.replace('1.5', '1e999')}]`, 'member flow: Infinity is not a number from -1.7976931348623157e+308 to 1.7976931348623157e+308'],
    ['text for a number', '.json', `[${EVENT.replace('1.5', '"1.5"')}]`, 'member flow: "1.5" is not a number'],
    ['JSON under the name of CSV', '.csv', `${EVENT}\n`, 'line 1: the file looks like JSON: name it .json or .ndjson'],
    ['rows of delimiters', '.csv', `${HEADER}\n${ROW}\n,,,,\n`, 'line 3: the row is empty: it holds only delimiters'],
    ['NUL bytes', '.csv', `${HEADER}\n${'\0'.repeat(4_096)}`, 'line 2: the row holds NUL bytes, which a file cut off by a crash may have'],
    ['GeoJSON', '.geojson', '{"type":"FeatureCollection","features":[\n]}', "line 1: is not JSON: \"{\\\"type\\\":\\\"FeatureCollection\\\",\\\"features\\\":[\"; this looks like GeoJSON: jq -c '.features[]' FILE"],
    ['one object over several lines', '.json', '{\n"pump_id": "a"\n}', 'line 1: is not JSON: "{"; it does not end on this line: each line must hold one whole object; jq -c . FILE writes them so'],
    ['an element that misses a comma', '.json', `[${EVENT}${EVENT}]`, 'element 1 (line 1): is not JSON: '],
    ['a comma before the end', '.json', `[${EVENT},\n]`, 'line 2: a comma stands before the end of the array'],
  ])('with %s is refused', async (_name, ending, content, message) => {
    const error: unknown = await notes(old(content), ending).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).not.toContain('\n');
  }); // prettier-ignore
});

describe('onOneLine', () => {
  it('changes nothing but the blanks between tokens', () => {
    const layout = fc.constantFrom(1, '\t', '\n', '\r\n ');
    fc.assert(
      fc.property(fc.jsonValue(), layout, (value, indent) => {
        const line = onOneLine(` ${JSON.stringify(value, null, indent)}\n`);
        expect(line).not.toMatch(/[\r\n]/);
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(value)));
        if (typeof value === 'object') expect(line.length).toBe(JSON.stringify(value).length);
      }),
    );
  });
});
