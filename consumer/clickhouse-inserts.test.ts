// What a batch is sent to ClickHouse as: rows and dead letters under the same fence, each under an id of its own
// that names its partitions, and every byte of a letter so that it can be published again.
import { describe, expect, it } from 'vitest';
import type { ClickHouse, Insert } from '../platform/clickhouse/client.ts';
import { varint } from '../platform/kafka/test-batches.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { Batch, type DeadLetter } from './batch.ts';
import { ClickHouseInserts } from './clickhouse-inserts.ts';
import { guard, insertsInto, type Ownership } from './fence.ts';
import { Ledger } from './ledger.ts';

const INGEST_MS = Date.UTC(2026, 0, 1);
const ownership: Ownership = {
  ...{ database: 'd', table: { name: 'sensor_data', replay: '' }, source: 's@1', owner: 'me' },
  claims: [{ partition: 3, epoch: 5 }],
};

function world(letters?: string) {
  const sent: (Omit<Insert, 'body'> & { readonly chunks: Buffer[] })[] = [];
  const clickhouse = {
    insert: ({ body, ...rest }: Insert) => {
      sent.push({ ...rest, chunks: [...(body as Iterable<Buffer>)].map((bytes) => Buffer.from(bytes)) });
      return Promise.resolve();
    },
  } as unknown as ClickHouse; // prettier-ignore
  const ledger = new Ledger(clickhouse, 'd', 'sensor_data', 'me');
  const inserts = new ClickHouseInserts(clickhouse, ledger, sensorData, 'beside', letters);
  return { inserts, sent };
}

/** The headers as a record carries them. */
function headerBytes(headers: readonly (readonly [string, Buffer | null])[]): Buffer {
  const sized = (bytes: Buffer | null): Buffer[] =>
    bytes === null ? [varint(-1)] : [varint(bytes.length), bytes];
  const named = headers.flatMap(([name, held]) => [...sized(Buffer.from(name)), ...sized(held)]);
  return Buffer.concat([varint(headers.length), ...named]);
}

const letter = (given: Partial<DeadLetter> = {}): DeadLetter => ({
  ...{ partition: 3, offset: 41, timestampMs: 7, origin: undefined },
  ...{ key: Buffer.from([0, 255]), value: Buffer.from('v'), headerBytes: Buffer.alloc(0) },
  rejection: { reason: 'invalid_json', field: 'f', detail: 'what' },
  ...given,
});

async function letterLines(given: readonly DeadLetter[], into?: string) {
  const { inserts, sent } = world(into);
  const batch = new Batch(sensorData, 1_000);
  batch.deadLetters = [...given];
  await inserts.deadLetters(batch, ownership, INGEST_MS);
  const { chunks, ...insert } = sent[0]!;
  const text = Buffer.concat(chunks).toString();
  expect(text.endsWith('\n')).toBe(true);
  const lines = text.trimEnd().split('\n').map((each) => JSON.parse(each) as Record<string, unknown>); // prettier-ignore
  return { chunks, insert, lines };
}

describe('the rows of a batch', () => {
  it('go into the table under the fence, at one time, under an id that a takeover of the partition ends', async () => {
    const { inserts, sent } = world();
    const encoded = [Buffer.from('block')];
    const block = {
      rows: 2,
      lineage: ['kafka_offset'],
      structure: () => 'x UInt8',
      encoded: () => encoded,
    };
    const batch = { block } as unknown as Batch;
    await inserts.rows(batch, ownership, INGEST_MS);
    await inserts.rows(batch, ownership, INGEST_MS);
    const [{ chunks, queryId, rows, statement }, again] = [sent[0]!, sent[1]!];
    const columns = sensorData.columns.map(({ name }) => name).join(', ');
    expect(statement).toMatch(
      `INSERT INTO beside (${columns}, kafka_offset, ingest_time, kafka_source)`,
    );
    expect(statement).toContain(
      `SELECT ${columns}, kafka_offset, fromUnixTimestamp64Milli(${INGEST_MS}, 'UTC'), 's@1'`,
    );
    expect(statement).toContain(`FROM input('x UInt8') WHERE ${guard(ownership)} FORMAT Native`);
    expect([rows, chunks]).toEqual([2, encoded]);
    const pattern = /LIKE '(.*)%,3,%'/.exec(insertsInto(ownership, 's@1', [3]))![1]!;
    expect(queryId.startsWith(pattern.replaceAll('\\\\', '').replaceAll('\\', ''))).toBe(true);
    expect(queryId).toMatch(/:,3,$/);
    expect(again.queryId).not.toBe(queryId);
  });
});

describe('a dead letter', () => {
  it('keeps where it was, its time, its bytes and why it was rejected', async () => {
    const { insert, lines } = await letterLines([letter()]);
    expect(insert.statement).toContain('INSERT INTO dead_letters');
    expect(insert.statement).toContain(`WHERE ${guard(ownership)} FORMAT JSONEachRow`);
    expect(insert.statement).toContain(
      `SELECT 'sensor_data', 's@1', fromUnixTimestamp64Milli(${INGEST_MS}, 'UTC')`,
    );
    expect(insert.rows).toBe(1);
    expect(insert.queryId).toMatch(/:,3,$/);
    expect(lines).toEqual([
      {
        ...{ p: 3, o: 41, t: 7, k: 'AP8=', v: 'dg==', h: '' },
        ...{ r: 'invalid_json', f: 'f', d: 'what', s: '', sp: 0, so: 0 },
      },
    ]);
  });

  it('of a replay goes where its letters are kept', async () => {
    const { insert } = await letterLines([letter()], 'beside_dead');
    expect(insert.statement).toContain('INSERT INTO beside_dead');
  });

  it('names what its message was made from', async () => {
    const origin = { source: 'raw@9', partition: 2, offset: 77 };
    const { lines } = await letterLines([letter({ origin })]);
    expect(lines).toMatchObject([{ s: 'raw@9', sp: 2, so: 77 }]);
  });

  it('without key or value has none', async () => {
    const { lines } = await letterLines([letter({ key: null, value: null })]);
    expect(lines).toMatchObject([{ k: '', v: '' }]);
  });

  it('keeps every value of a header in order, an empty one too, and a header without a value', async () => {
    const headers = [
      ['a', Buffer.from('1')],
      ['b', null],
      ['a', Buffer.alloc(0)],
      ['a', Buffer.from('2')],
    ] as const;
    const { lines } = await letterLines([letter({ headerBytes: headerBytes(headers) })]);
    expect(JSON.parse(lines[0]!['h'] as string)).toEqual([
      ['a', ['MQ==', '', 'Mg==']],
      ['b', []],
    ]);
  });

  it('is sent with many others in pieces, each whole and in order', async () => {
    const value = Buffer.alloc(3_000, 'v');
    const letters = Array.from({ length: 50 }, (_, offset) => letter({ offset, value }));
    const { chunks, insert, lines } = await letterLines(letters);
    expect(lines.map(({ o }) => o)).toEqual(letters.map(({ offset }) => offset));
    expect(insert.rows).toBe(50);
    expect(chunks.length).toBeGreaterThan(1);
    for (const chunk of chunks) expect(chunk.length).toBeLessThan(65_536 + 5_000);
  });
});
