// Untrusted input of any form: a message becomes a row within its declared limits or a dead letter with a
// named reason; a CSV file is read or refused in one line; and neither writes a line of its own to a log.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileDecode } from '../consumer/decode.ts';
import { Block } from '../platform/clickhouse/block.ts';
import { ConfigError } from '../platform/errors.ts';
import { createLog } from '../platform/log.ts';
import { UNSAFE } from '../platform/visible.ts';
import { producers } from '../producers/devices.ts';
import { replayFile } from '../producers/replay-file.ts';
import { rejectionReasons } from '../streams/rejection.ts';
import { sensorData } from '../streams/sensor-data.ts';

const knownKeys = producers.map(({ deviceId }) => deviceId);
const RECORD_MS = Date.UTC(2026, 0, 1);
const MAX_BYTES = 100_000;
const FORGED = '{"level":"error","service":"consumer","msg":"forged"}';

const hostileText = fc
  .array(
    fc.constantFrom(
      ...['\n', '\r\n', '\u2028', '\u0085', '\u001b[2J', '\u009b31m', '\u202e', '\0', '"', "'", '\\', ','],
      ...[FORGED, '__proto__', 'constructor', '${x}', '%s', "'; DROP TABLE x --", 'x'.repeat(300), '日本', '\ud800'],
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join('')); // prettier-ignore

const value = fc.oneof(
  hostileText,
  fc.double(),
  fc.constantFrom<unknown>(null, true, -0, 1e308, [], {}, [[]], '1', 'NaN', 1594512094385),
  fc.jsonValue({ maxDepth: 3 }),
);
const leaves = sensorData.leaves
  .map(({ name }) => name)
  .filter((name) => name !== 'device_id' && name !== 'ts');
const event = fc.record({
  data: fc.oneof(fc.record(Object.fromEntries(leaves.map((name) => [name, value])), { requiredKeys: [] }), value),
  device_id: value,
  ts: value,
}, { requiredKeys: [] }); // prettier-ignore

const body = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  event.map((each) => Buffer.from(JSON.stringify(each))),
  fc.tuple(event, fc.nat(400), fc.nat(255)).map(([each, at, byte]) => {
    const bytes = Buffer.from(JSON.stringify(each));
    bytes[at % bytes.length] = byte;
    return bytes;
  }),
  fc
    .constantFrom('[', '{"a":', '{"data":{', '"\\u00')
    .map((text) => Buffer.from(text.repeat(9_000))),
);

const GOOD = Buffer.from(
  JSON.stringify({
    data: { co: 0.1, humidity: 1, light: true, lpg: 0.1, motion: false, smoke: 0.1, temp: 1 },
    device_id: 'a',
    ts: 1_594_512_106,
  }),
);

describe('any message', () => {
  it('is a row or a dead letter with a known reason, and leaves its neighbours alone', () => {
    fc.assert(
      fc.property(body, (bytes) => {
        const block = new Block(sensorData);
        const decode = compileDecode(sensorData, block, MAX_BYTES);
        const take = (each: Buffer): string | undefined => {
          const rejection = decode(each, 0, each.length, RECORD_MS);
          if (rejection === undefined) block.commitRow(0, 0, RECORD_MS);
          return rejection?.reason;
        };
        expect(take(GOOD)).toBeUndefined();
        const reason = take(bytes);
        if (reason !== undefined) expect(Object.keys(rejectionReasons)).toContain(reason);
        expect(take(GOOD)).toBeUndefined();
        expect(block.rows).toBe(reason === undefined ? 3 : 2);
      }),
      { numRuns: 300 },
    );
  });

  it('says why in a detail that is short and forges no line', () => {
    fc.assert(
      fc.property(event, (each) => {
        const block = new Block(sensorData);
        const bytes = Buffer.from(JSON.stringify(each));
        const decode = compileDecode(sensorData, block, MAX_BYTES);
        const rejection = decode(bytes, 0, bytes.length, RECORD_MS);
        fc.pre(rejection !== undefined);
        expect(rejection.detail.length).toBeLessThan(1_000);
        let text = '';
        createLog({ service: 'x', to: { write: (line) => (text += line) } }).warn(
          { ...rejection },
          rejection.detail,
        );
        expect(text.trimEnd().split(/[\n\r\u2028\u2029\u0085]/)).toHaveLength(1);
      }),
    );
  });
});

describe('any CSV cell', () => {
  const columns = ['ts', 'device', 'co', 'humidity', 'light', 'lpg', 'motion', 'smoke', 'temp'];
  const good = ['1594512094.3', knownKeys[0]!, '0.1', '51', 'false', '0.1', 'true', '0.1', '22.7'];
  const quoted = (cells: readonly string[]): string =>
    cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',');
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sensorhouse-fuzz-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is taken, or refused in one line that can be shown', async () => {
    const path = join(folder, 'hostile.csv');
    const selection = { stream: sensorData, path, key: knownKeys[0]!, knownKeys };
    await fc.assert(
      fc.asyncProperty(fc.nat(columns.length - 1), hostileText, async (at, cell) => {
        const row = good.with(at, cell);
        await writeFile(path, [columns, good, row, good].map(quoted).join('\n'));
        const seen: unknown[] = [];
        try {
          for await (const events of replayFile(selection)) seen.push(...events);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ConfigError);
          const { message } = thrown as ConfigError;
          expect(message.split(/[\n\r]/).length, message).toBe(1);
          expect(message.length).toBeLessThan(3_000);
          expect(message).toMatch(/hostile\.csv line \d+/);
        }
        expect(seen.length).toBeLessThanOrEqual(3);
      }),
      { numRuns: 150 },
    );
  });

  it('in the header is refused in one line that can be shown', async () => {
    const path = join(folder, 'header.csv');
    const selection = { stream: sensorData, path, key: knownKeys[0]!, knownKeys };
    await fc.assert(
      fc.asyncProperty(fc.nat(columns.length - 1), hostileText, async (at, cell) => {
        fc.pre(cell.trim() !== '');
        await writeFile(path, `${quoted(columns.with(at, cell))}\n${quoted(good)}\n`);
        const read = Array.fromAsync(replayFile(selection));
        const refused = await read.then(
          () => undefined,
          (error: unknown) => error as Error,
        );
        expect(refused).toBeInstanceOf(ConfigError);
        expect(refused!.message.split(/[\n\r]/).length).toBe(1);
        expect(refused!.message.match(/\u001b/)).toBeNull();
        expect(refused!.message.replaceAll(UNSAFE, '').length).toBeGreaterThan(20);
      }),
      { numRuns: 100 },
    );
  });
});
