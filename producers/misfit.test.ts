// Rows that do not fit: with ON_BAD_ROW=dead-letter each is sent in a form that the consumer certainly
// rejects, with its file, line and problem, and its neighbours go on.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boolean, float64, instant, text } from '../streams/field.ts';
import { defineTopicStream } from '../streams/stream.ts';
import { compileValidator } from '../streams/validate.ts';
import type { FileEvent, FileSelection } from './file-event.ts';
import { misfitHeaders } from './misfit.ts';
import { replayFile } from './replay-file.ts';

const stream = defineTopicStream({
  name: 'pumps',
  topic: { name: 'pumps', partitions: 1, retentionMs: -1 },
  event: {
    pump_id: text(),
    ts: instant(),
    serviced: instant({ maxAheadMs: Number.MAX_SAFE_INTEGER }),
    flow: float64({ max: 30 }),
    running: boolean(),
  },
  key: 'pump_id',
  eventTime: 'ts',
});
const HEADER = 'pump_id,ts,serviced,flow,running';
const validate = compileValidator({ columns: stream.leaves });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensorhouse-misfit-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function replay(
  content: string,
  ending: string,
  more: Partial<FileSelection> = {},
): Promise<FileEvent[]> {
  const path = join(folder, `file${ending}`);
  await writeFile(path, content);
  const events: FileEvent[] = [];
  const selection = { stream, path, onBadRow: 'dead-letter' as const, ...more };
  for await (const page of replayFile(selection)) events.push(...page);
  return events;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

/** What the consumer says to what is sent, were it to arrive now. */
function isRejected({ json }: FileEvent): boolean {
  return validate(parsed(json!), Date.now(), []) !== undefined;
}

const good = 'a,2026-01-01T00:00:00Z,1700000000,12.5,true';
const SERVICED = '2020-01-01T00:00:00Z';

describe('a row of a CSV file that does not fit', () => {
  it.each([
    ['a,1700000000,1700000000,much,true', 'column flow: "much" is not a number', '{"pump_id":"a","ts":1700000000,"serviced":1700000000,"flow":"much","running":true}'],
    ['a,1700000000,1700000000,31,true', 'column flow: "31" is not a number', '{"pump_id":"a","ts":1700000000,"serviced":1700000000,"flow":31,"running":true}'],
    ['a,1700000000,1700000000,,true', 'column flow: "" is not a number', '{"pump_id":"a","ts":1700000000,"serviced":1700000000,"flow":null,"running":true}'],
    ['a,1700000000,1700000000000,1,true', 'column serviced: "1700000000000" looks like epoch milliseconds', '{"pump_id":"a","ts":1700000000,"serviced":1700000000000,"flow":1,"running":true}'],
    ['a,2299-01-01T00:00:00Z,1700000000,1,true', 'column ts: "2299-01-01T00:00:00Z" is 2299-01-01, more than 24 hours ahead of now', '{"pump_id":"a","ts":"2299-01-01T00:00:00Z","serviced":1700000000,"flow":1,"running":true}'],
    ['a\0,1700000000,1700000000,1,true', 'column pump_id: "a\\u0000" holds NUL bytes', '["a\\u0000","1700000000","1700000000","1","true"]'],
    ['a,1700000000,1700000000,1,5,true', 'column 6: is not in the header; 6 cells instead of 5', '["a","1700000000","1700000000","1","5","true"]'],
    [',,,,', 'the row is empty: it holds only delimiters', '{"pump_id":null,"ts":null,"serviced":null,"flow":null,"running":null}'],
  ])('%j', async (row, problem, json) => {
    const events = await replay(`${HEADER}\n${good}\n${row}\n${good}\n`, '.csv');
    expect(events.map(({ misfit }) => misfit === undefined)).toEqual([true, false, true]);
    const misfit = events[1]!.misfit!;
    expect(misfit).toMatchObject({ line: 3, place: 'line 3' });
    expect(misfit.problem).toContain(problem);
    expect(events[1]!.json).toBe(json);
    expect(isRejected(events[1]!)).toBe(true);
    expect(misfitHeaders('f.csv', misfit)).toEqual({
      source_file: 'f.csv',
      source_line: '3',
      source_problem: misfit.problem,
    });
    await expect(replay(`${HEADER}\n${row}\n`, '.csv', { onBadRow: 'stop' })).rejects.toThrow(
      /^[^\n]*file\.csv line 2[,:] /,
    );
  }); // prettier-ignore

  it('is whichever row the producer refuses, and never one that the consumer would take', async () => {
    const cell = fc.oneof(
      fc.constantFrom('a', '1', '1700000000', '1700000000000', SERVICED, '', 'true', '1e400', '-1'),
      fc.string({ unit: fc.constantFrom('x', '5', ' ', '\0', 'ü', '.'), maxLength: 4 }),
    );
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 6 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(rows, async (table) => {
        const lines = table.map((cells) => cells.map((each) => `"${each}"`).join(','));
        const events = await replay([HEADER, good, ...lines].join('\n'), '.csv');
        expect(events).toHaveLength(1 + table.length);
        for (const { members, misfit } of events) {
          if (misfit === undefined) expect(validate(members, Date.now(), [])).toBeUndefined();
        }
        expect(events.filter(({ misfit }) => misfit !== undefined).every(isRejected)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a value of a JSON file that does not fit', () => {
  const event = { pump_id: 'a', ts: 1.7e9, serviced: 1.7e9, flow: 1, running: true };
  const line = (change: object): string => JSON.stringify({ ...event, ...change });
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

  it.each([
    ['a wrong type', line({ flow: 'much' }), 'member flow: "much" is not a number', 'as it is'],
    ['milliseconds', line({ ts: 1_700_000_000_000 }), 'member ts: "1700000000000" looks like epoch milliseconds', 'as it is'],
    ['milliseconds where any time may stand', line({ serviced: 1_700_000_000_000 }), 'member serviced: "1700000000000" looks like epoch milliseconds', 'as it is'],
    ['a text of digits', line({ ts: '1594512094385' }), 'these digits look like epoch milliseconds', 'as it is'],
    ['an instant before 2000', line({ ts: '1999-12-31T23:59:59Z' }), 'is before 2000-01-01, the earliest', 'as it is'],
    ['not JSON', '{"pump_id":"a",', 'is not JSON: "{\\"pump_id\\":\\"a\\","; it does not end on this line', 'as it is'],
    ['NaN', line({}).replace('"flow":1', '"flow":NaN'), 'JSON has no NaN and no Infinity', 'as it is'],
    ['several objects', `${line({})}${line({})}`, 'several objects share this line', 'as it is'],
    ['an object that wraps the events', `{"data":[${line({})}]}`, 'member "data" holds an array of objects', 'as it is'],
    ['a declared member that nests deep', line({ pump_id: 0 }).replace('0', deep), 'nests deeper than 1000 levels', 'wrapped'],
    ['another member that nests deep', line({ more: 0 }).replace(/0\}$/, `${deep}}`), 'nests deeper than 1000 levels', 'wrapped'],
    ['an array', `[${line({})}]`, 'is not a JSON object', 'as it is'],
  ])('%s', async (_name, bad, problem, form) => {
    const text = `${line({})}\n${bad}\n${line({})}\n`;
    const events = await replay(text, '.ndjson');
    expect(events.map(({ misfit }) => misfit === undefined)).toEqual([true, false, true]);
    expect(events[1]!.misfit).toMatchObject({ line: 2, place: 'line 2' });
    expect(events[1]!.misfit!.problem).toContain(problem);
    expect(events[1]!.json).toBe(form === 'wrapped' ? `[${bad}]` : bad);
    await expect(replay(text, '.ndjson', { onBadRow: 'stop' })).rejects.toThrow(problem);
  }); // prettier-ignore

  it('is an element of an array, told with element and line', async () => {
    const events = await replay(`[${line({})},\n${line({ flow: 99 })},\n${line({})}]`, '.json');
    expect(events.map(({ misfit }) => misfit?.place)).toEqual([
      undefined,
      'element 2 (line 2)',
      undefined,
    ]);
    expect(events[1]!.misfit!.key).toBe('a');
  });
});

describe('a row that does not fit, where each producer sends the rows of one device', () => {
  const knownKeys = ['a', 'b'];
  const content = [
    HEADER,
    good,
    good.replace('12.5', 'x'),
    good.replace(/^a/, 'b').replace('12.5', 'y'),
    good.replace(/^a/, 'c'),
    ',,,,',
  ].join('\n');

  it('is sent by the producer of its device, or by the first one when it names none', async () => {
    const linesOf = async (key: string): Promise<(number | undefined)[]> =>
      (await replay(content, '.csv', { key, knownKeys })).map(({ misfit }) => misfit?.line);
    expect(await linesOf('a')).toEqual([undefined, 3, 5, 6]);
    expect(await linesOf('b')).toEqual([4]);
  });

  it('still ends the reading when it is older than the row before', async () => {
    const unordered = `${HEADER}\n${good}\n${good.replace('2026', '2025')}\n`;
    const reading = replay(unordered, '.csv', { key: 'a', knownKeys });
    await expect(reading).rejects.toThrow('line 3, column ts: earlier than the row before');
  });
});
