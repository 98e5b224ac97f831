// What goes to a ClickHouse server with each call, and what its answers mean: a server of a few lines says what
// it was sent.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, FencedError, UnavailableError, UnclearOutcomeError } from '../errors.ts';
import { ClickHouse, type Insert } from './client.ts';
import { ClickHouseReader, ResultTooLargeError } from './reader.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

async function serverOf(answer: Answer) {
  const asked: { url: URL; headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://server');
      asked.push({ url, headers: request.headers, body: Buffer.concat(chunks).toString() });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const target = (timeoutMs: number) => {
    const login = { username: 'u', password: 'p', database: 'db' };
    return { url: `http://127.0.0.1:${port}`, ...login, timeoutMs };
  };
  const client = (timeoutMs = 30_000): ClickHouse => {
    const clickhouse = new ClickHouse(target(timeoutMs), 'test');
    closing.push(() => clickhouse[Symbol.asyncDispose]());
    return clickhouse;
  };
  return { asked, client, target };
}

const insert: Insert = {
  statement: "INSERT INTO t SELECT a FROM input('a UInt8') FORMAT Native",
  body: [Buffer.from('abc'), Buffer.from('def')],
  rows: 10,
  queryId: 'ingest:1',
};
const summary =
  (written: number | undefined): Answer =>
  (response) => {
    const text = JSON.stringify(written === undefined ? {} : { written_rows: String(written) });
    response.writeHead(200, { 'x-clickhouse-summary': text }).end();
  };
const failing =
  (code: number): Answer =>
  (response) => {
    response.writeHead(500, { 'x-clickhouse-exception-code': String(code) });
    response.end(`Code: ${code}. DB::Exception: no. (NAME) (version 26.8)`);
  };

describe('an insert', () => {
  it('is one block and one part, sent whole, under its id, acknowledged when it is in the table', async () => {
    const { asked, client } = await serverOf(summary(10));
    await client().insert(insert);
    const [{ body, url }] = asked as [(typeof asked)[0]];
    expect(body).toBe('abcdef');
    expect(url.searchParams.get('query')).toContain(insert.statement);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      ...{ query_id: 'ingest:1', database: 'db', session_timezone: 'UTC' },
      ...{ async_insert: '0', insert_deduplicate: '0', wait_end_of_query: '1' },
      ...{ max_insert_block_size: '100000000', min_insert_block_size_rows: '100000000' },
      ...{ min_insert_block_size_bytes: '0', max_insert_threads: '1', max_threads: '1' },
    });
  });

  it.each([1, 9])(
    'of which %i of 10 rows are acknowledged may have landed in part',
    async (rows) => {
      const { client } = await serverOf(summary(rows));
      await expect(client().insert(insert)).rejects.toThrow(UnclearOutcomeError);
      await expect(client().insert(insert)).rejects.toThrow(`${rows} of 10 rows acknowledged`);
    },
  );

  it.each([10, 20, 0, undefined])('has landed where %s rows are acknowledged', async (rows) => {
    // Servers count a view's rows too, and 0 where they do not say.
    const { client } = await serverOf(summary(rows));
    await expect(client().insert(insert)).resolves.toBeUndefined();
  });

  it.each([
    [395, FencedError],
    [60, ConfigError],
    [81, ConfigError],
    [16, ConfigError],
    [47, ConfigError],
    [192, ConfigError],
    [193, ConfigError],
    [194, ConfigError],
    [497, ConfigError],
    [516, ConfigError],
    [115, ConfigError],
    [164, ConfigError],
    [241, UnclearOutcomeError],
    [394, UnclearOutcomeError],
  ] as const)('that fails with code %i', async (code, error) => {
    const { client } = await serverOf(failing(code));
    await expect(client().insert(insert)).rejects.toBeInstanceOf(error);
  });

  it('may have landed where no answer came in time, or the connection broke', async () => {
    const { client } = await serverOf(() => undefined);
    await expect(client(200).insert(insert)).rejects.toThrow(UnclearOutcomeError);
    const broken = await serverOf((response) => response.destroy());
    await expect(broken.client().insert(insert)).rejects.toThrow(UnclearOutcomeError);
  });

  it('may have landed when a server continues without an end', async () => {
    // Every sign of life starts the client's own limit again.
    const { client } = await serverOf((response) => {
      const alive = setInterval(() => response.writeProcessing(), 40);
      setTimeout(() => {
        clearInterval(alive);
        response.writeHead(200, { 'x-clickhouse-summary': '{"written_rows":"10"}' }).end();
      }, 1_500);
    });
    await expect(client(300).insert(insert)).rejects.toThrow(UnclearOutcomeError);
  });

  it('has certainly not landed where no program listens', async () => {
    const target = { url: 'http://127.0.0.1:1', username: 'u', password: 'p', database: 'db' };
    await using clickhouse = new ClickHouse({ ...target, timeoutMs: 5_000 }, 'test');
    await expect(clickhouse.insert(insert)).rejects.toThrow(UnavailableError);
  });
});

describe('a question', () => {
  it('that fails is worth another try, unless a person has to act', async () => {
    const busy = await serverOf(failing(241));
    await expect(busy.client().rows('SELECT 1')).rejects.toThrow(UnavailableError);
    await expect(busy.client().command('KILL QUERY')).rejects.toThrow(UnavailableError);
    const refused = await serverOf(failing(497));
    await expect(refused.client().rows('SELECT 1')).rejects.toThrow(ConfigError);
    const fenced = await serverOf(failing(395));
    await expect(fenced.client().rows('SELECT 1')).rejects.toThrow(FencedError);
  });

  it('brings rows as objects, with parameters as values', async () => {
    const { asked, client } = await serverOf((response) => response.end('{"a":1}\n{"a":2}\n'));
    expect(await client().rows('SELECT {x:String} AS a', { x: "it's" })).toEqual([{ a: 1 }, { a: 2 }]); // prettier-ignore
    expect(asked[0]!.url.searchParams.get('param_x')).toBe("it\\'s");
    expect(asked[0]!.body).not.toContain("it's");
  });
});

describe('a reader', () => {
  const answer = JSON.stringify({ meta: [{ name: 'a', type: 'UInt8' }], data: [[1]] });
  const limits = { maxExecutionSec: 7, maxResultBytes: answer.length, maxConnections: 2 };
  const stays = new AbortController().signal;
  const readerOf = async (given: Answer, more: Partial<typeof limits> = {}) => {
    const { asked, target } = await serverOf(given);
    const reader = new ClickHouseReader(target(1), 'test', { ...limits, ...more });
    closing.push(() => reader[Symbol.asyncDispose]());
    return { asked, reader };
  };

  it('only reads, for so many seconds, and takes an answer up to its limit', async () => {
    const { asked, reader } = await readerOf((response) => response.end(answer));
    const table = await reader.read('SELECT a', { v0: 'x' }, stays);
    expect(table).toEqual({ columns: [{ name: 'a', type: 'UInt8' }], rows: [[1]] });
    expect(Object.fromEntries(asked[0]!.url.searchParams)).toMatchObject({
      ...{ readonly: '1', max_execution_time: '7', session_timezone: 'UTC', param_v0: 'x' },
    });
  });

  it('refuses an answer that is a byte larger', async () => {
    const { reader } = await readerOf((response) => response.end(`${answer} `));
    await expect(reader.read('SELECT a', {}, stays)).rejects.toThrow(ResultTooLargeError);
  });

  it('tells an answer that broke off from a server that refuses', async () => {
    const cut = await readerOf((response) => response.end(answer.slice(0, -3)));
    await expect(cut.reader.read('SELECT a', {}, stays)).rejects.toThrow('the answer broke off');
    const refused = await readerOf(failing(497));
    await expect(refused.reader.read('SELECT a', {}, stays)).rejects.toThrow(ConfigError);
  });

  it('waits longer than the server may take, and no longer than its page', async () => {
    const slow: Answer = (response) => void setTimeout(() => response.end(answer), 2_100);
    const { reader } = await readerOf(slow, { maxExecutionSec: 1 });
    await expect(reader.read('SELECT a', {}, stays)).resolves.toBeDefined();
    const stop = new AbortController();
    const silent = await readerOf(() => stop.abort(new Error('gone')));
    await expect(silent.reader.read('SELECT a', {}, stop.signal)).rejects.toThrow();
  });
});
