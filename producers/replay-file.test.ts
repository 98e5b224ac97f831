// Files of any format: the same events from each, however compressed; and each kind of mistake in a
// JSON file is told with file, place and member after the events before it were given out.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { sensorData } from '../streams/sensor-data.ts';
import type { TopicStream } from '../streams/stream.ts';
import { trafficRaw } from '../streams/traffic.ts';
import type { FileEvent } from './file-event.ts';
import { replayFile } from './replay-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensorhouse-json-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function write(content: string | Buffer, ending: string): Promise<string> {
  const path = join(folder, `${(files += 1)}${ending}`);
  await writeFile(path, ending.endsWith('.gz') ? gzipSync(content) : content);
  return path;
}

interface Replayed {
  readonly path: string;
  readonly events: FileEvent[];
  readonly error?: Error;
}

async function replay(
  content: string | Buffer,
  ending: string,
  stream: TopicStream = trafficRaw,
  one: { key?: string; knownKeys?: string[] } = {},
): Promise<Replayed> {
  const path = await write(content, ending);
  const events: FileEvent[] = [];
  try {
    for await (const page of replayFile({ stream, path, ...one })) events.push(...page);
    return { path, events };
  } catch (thrown) {
    return { path, events, error: thrown as Error };
  }
}

const word = fc.string({
  minLength: 1,
  maxLength: 8,
  unit: fc.constantFrom('a', 'ü', ',', '"', '\\', '1'),
});
const report = fc.record(
  {
    detector_id: word,
    detector_type: word,
    detector_status: word,
    signal_id: word,
    timestamp: fc.constantFrom('2024-03-04T00:17:56Z', '2024-03-04T02:17:56.5+02:00', 1.7e9),
    location: fc.jsonValue({ maxDepth: 2 }),
    volume: fc.double({ noNaN: true, noDefaultInfinity: true }),
  },
  { requiredKeys: ['detector_id', 'detector_type', 'detector_status', 'signal_id'] },
);

describe('a JSON file', () => {
  it('gives every event as it stands there, undeclared members and all', async () => {
    const layout = fc.record({
      ending: fc.constantFrom('.json', '.json.gz', '.ndjson', '.jsonl.gz', '.data', ''),
      array: fc.boolean(),
      indent: fc.constantFrom(0, 1, '\t\n\r '),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(report, { minLength: 1 }), layout, async (reports, form) => {
        const { array, ending, indent } = form;
        const lines = reports.map((each) => JSON.stringify(each));
        const text = array ? JSON.stringify(reports, null, indent) : lines.join('\n');
        const { error, events } = await replay(text, ending);
        expect(error).toBeUndefined();
        expect(events.map(({ json }) => json)).toEqual(lines);
        expect(events.map(({ members }) => JSON.stringify(members))).toEqual(lines);
      }),
      { numRuns: 60 },
    );
  });

  it('is read across the borders of what is read from disk at once', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => good({ volume: index }));
    for (const [text, ending] of [
      [`[${lines.join(',\n')}]`, '.json'],
      [lines.join('\n'), '.ndjson'],
    ] as const) {
      const { error, events } = await replay(text, ending);
      expect(error).toBeUndefined();
      expect(events.map(({ json }) => json)).toEqual(lines);
    }
  });

  it('need not ascend in time, unless one device is replayed', async () => {
    const [late, early] = [good({ timestamp: 1.7e9 }), good({ timestamp: 1.6e9 })];
    const { error, events } = await replay(`[${late},${early}]`, '.json');
    expect({ error, count: events.length }).toEqual({ error: undefined, count: 2 });
    const one = { key: 'D1', knownKeys: ['D1', 'D2'] };
    const ordered = await replay(`[${late},${early}]`, '.json', trafficRaw, one);
    expect(ordered.error!.message).toContain('element 2 (line 1): member ts: earlier than');
    const other = await replay(
      `${late}\n${good({ detector_id: 'D2' })}\n`,
      '.ndjson',
      trafficRaw,
      one,
    );
    expect(other).toMatchObject({ events: [{ json: late }] });
    const unknown = await replay(good({ detector_id: 'D3' }), '.ndjson', trafficRaw, one);
    expect(unknown.error!.message).toContain(
      'line 1: member detector_id: "D3" is unknown; allowed are D1, D2',
    );
    const none = await replay(good({ detector_id: 'D2' }), '.ndjson', trafficRaw, one);
    expect(none.error!.message).toBe(`${none.path}: no event has "D1"`);
  });
});

function good(change: Record<string, unknown> = {}): string {
  const names = {
    detector_id: 'D1',
    detector_type: 'LOOP',
    detector_status: 'OK',
    signal_id: 'S1',
  };
  return JSON.stringify({ ...names, timestamp: '2024-03-04T00:17:56Z', ...change });
}

describe('a JSON file with a mistake', () => {
  const text = 'a text of 1 to 256 bytes';
  const time = 'epoch seconds or an ISO-8601 instant with a zone';
  const mistakes: [string, string, string, number][] = [
    ['an empty file', '', ': the file has no events', 0],
    ['an empty array', '[ ]', ': the file has no events', 0],
    ['not JSON', 'a,b\n1,2\n', ' line 1: is not JSON: "a,b"; a file must hold an array of objects, or one object a line', 0],
    ['a member missing', `[${good()},\n${good({ signal_id: undefined })}]`, ' element 2 (line 2): member signal_id: is missing', 1],
    ['a member null', `[${good()},${good({ signal_id: null })}]`, ` element 2 (line 1): member signal_id: null is not ${text}`, 1],
    ['a wrong type', `[${good()},${good({ detector_id: 5 })}]`, ` element 2 (line 1): member detector_id: 5 is not ${text}`, 1],
    ['an empty text', `[${good({ detector_id: '' })}]`, ` element 1 (line 1): member detector_id: "" is not ${text}`, 0],
    ['a wrong time', `[${good({ timestamp: 'noon' })}]`, ` element 1 (line 1): member timestamp: "noon" is not ${time}`, 0],
    ['no object', `[${good()},\n\n 17]`, ' element 2 (line 3): 17 is not a JSON object', 1],
    ['an array in the array', `[[${good()}]]`, ' element 1 (line 1): [{"detector_id":"D1",', 0],
    ['a comma missing', `[${good()}\n${good()}]`, ' element 1 (line 1): is not JSON: ', 0],
    ['a comma too many', `[${good()},]`, ' line 1: a comma stands before the end of the array', 1],
    ['cut in an element', `[${good()},\n{"detector_id":"D`, ' element 2 (line 2): is cut short: the array is not closed', 1],
    ['cut after an element', `[${good()}`, ' element 1 (line 1): is cut short', 0],
    ['more after the array', `[${good()}]\n${good()}`, ' line 2: something follows the end of the array', 1],
    ['a bad line', `${good()}\n\n${good()}\n{"detector_id":\n`, ' line 4: is not JSON: ', 2],
    ['an array of columns', '{"detector_id":["D1","D2"]}\n', ' line 1: member detector_id: ["D1","D2"] is not', 0],
  ]; // prettier-ignore

  it.each(mistakes)('%s', async (_name, content, message, before) => {
    for (const ending of ['.json', '.json.gz', '.ndjson']) {
      const { error, events, path } = await replay(content, ending);
      expect(error).toBeInstanceOf(ConfigError);
      expect(error!.message).toContain(`${path}${message}`);
      expect(error!.message).not.toContain('\n');
      expect(events).toHaveLength(before);
    }
  });

  it('bytes that are no text', async () => {
    const bytes = Buffer.from(`${good()}\n${good({ signal_id: 'S1ü' })}\n`);
    bytes[bytes.indexOf(0xc3)] = 0xff;
    const { error, events, path } = await replay(bytes, '.jsonl');
    expect(error!.message).toContain(`${path} line 2: the byte 0xFF is not UTF-8 text; if the`);
    expect(events).toHaveLength(1);
  });

  it('an element that is not closed does not take the rest of a large file into memory', async () => {
    const rest = Array.from({ length: 20_000 }, () => good()).join(',\n');
    const { error, events, path } = await replay(`[${good()},\n{"note":"${rest}]`, '.json');
    expect(error!.message).toContain(`${path} element 2 (line 2): `);
    expect(events).toHaveLength(1);
  });

  it('of sensors: nested members are named by their path', async () => {
    const data = {
      co: 0.1,
      humidity: 1,
      light: true,
      lpg: 0.1,
      motion: false,
      smoke: 0.1,
      temp: 1,
    };
    const event = { data, device_id: 'a', ts: 1.6e9 };
    const wrong = { ...event, data: { ...data, co: 2 } };
    const lines = [event, wrong].map((each) => JSON.stringify(each)).join('\n');
    const { error, events } = await replay(lines, '.ndjson', sensorData);
    expect(error!.message).toContain('line 2: member data.co: 2 is not a number from 0 to 1');
    expect(events).toHaveLength(1);
    const flat = await replay(JSON.stringify({ ...event, data: 5 }), '.ndjson', sensorData);
    expect(flat.error!.message).toContain('line 1: member data: 5 is not an object');
  });
});

describe('a CSV file of a stream whose keys all count', () => {
  const header = 'detector_id,detector_type,detector_status,signal_id,timestamp,volume';

  it('gives every row in file order, without times that are not there, without undeclared columns', async () => {
    const rows = [
      'D2,LOOP,OK,S1,2024-03-05T00:00:00Z,5',
      'D1,LOOP,OK,S1,,6',
      'D1,LOOP,OK,S1,1.7e9,7',
    ];
    const { error, events } = await replay([header, ...rows].join('\n'), '.csv');
    expect(error).toBeUndefined();
    const names = { detector_type: 'LOOP', detector_status: 'OK', signal_id: 'S1' };
    expect(events.map(({ members }) => members)).toEqual([
      { detector_id: 'D2', ...names, timestamp: '2024-03-05T00:00:00Z' },
      { detector_id: 'D1', ...names },
      { detector_id: 'D1', ...names, timestamp: 1.7e9 },
    ]);
  });

  it('may lack the column of a time that may be absent, but not have it twice', async () => {
    const without = await replay(
      'detector_id,detector_type,detector_status,signal_id\na,b,c,d\n',
      '.csv',
    );
    expect(without.events).toHaveLength(1);
    const twice = await replay(`${header},timestamp\nD1,LOOP,OK,S1,,6,\n`, '.csv');
    expect(twice.error!.message).toContain('line 1, column timestamp: appears 2 times');
    const none = await replay(`${header}\n`, '.csv');
    expect(none.error!.message).toContain('line 1, column detector_id: the file has no rows');
  });

  it('is recognised by its beginning when its name says nothing', async () => {
    const { events } = await replay(`\ufeff${header}\nD1,LOOP,OK,S1,,6\n`, '.txt.gz');
    expect(events).toHaveLength(1);
  });
});
