// Whatever arrives on the port: the server answers each request with well-formed HTTP or closes the
// connection, goes on serving others, and neither data nor limits give way.
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { READER, startTestServer, type TestServer } from './test-server.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

let server: TestServer;
let table: string;

beforeAll(async () => {
  server = await startTestServer();
  table = await server.table();
  await server.rows(`INSERT INTO ${table} VALUES (1, 'x')`);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Sends bytes as they are and returns what came back until the other side closed, or for a while. */
function exchange(bytes: Buffer, forMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    let answer = '';
    const done = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(forMs, done);
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('error', done);
    socket.on('close', done);
    socket.write(bytes);
  });
}

const WELL_FORMED = /^(HTTP\/1\.1 \d{3} [^\r\n]*\r\n([!-~]+: ?[^\r\n]*\r\n)*\r\n[\s\S]*)?$/;

const word = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    ...['query', 'SELECT 1', 'INSERT INTO', 'FORMAT', 'VALUES (', "'", '`', '/*', '--', ';', '%00', '%zz'],
    ...['\r\n', '\0', '../..', 'user', 'password', 'database', 'param_x', 'readonly', 'query_id', '{x:String}'],
    ...['$$', '“', 'file(', 'INTO OUTFILE', 'default_format', 'Native', 'gzip', 'lz4', 'chunked', '0\r\n\r\n'],
  ),
); // prettier-ignore
const text = fc.array(word, { maxLength: 8 }).map((words) => words.join(' '));

test('any statement of a reader gets rows or an exception, and changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(text, fc.dictionary(word, word, { maxKeys: 4 }), async (sql, url) => {
      const response = await server.ask(sql, { as: READER, url });
      const answer = await response.text();
      expect(response.status).toBeGreaterThanOrEqual(200);
      if (response.status !== 200) {
        const code = response.headers.get('x-clickhouse-exception-code');
        expect(answer).toMatch(new RegExp(`^Code: ${code ?? 'none'}\\. DB::Exception: `));
      }
    }),
    { numRuns: 150 },
  );
  expect(await server.rows(`SELECT count(), any(b) FROM ${table}`)).toBe('1\tx');
});

test('any bytes get well-formed HTTP or nothing', async () => {
  const header = fc.tuple(word, word).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = fc
    .tuple(fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'X', ''), text, fc.array(header), text)
    .map(([method, path, headers, body]) => `${method} /?${path} HTTP/1.1\r\n${headers.join('')}\r\n${body}`);
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), request);
  await fc.assert(
    fc.asyncProperty(bytes, async (sent) => {
      const buffer = typeof sent === 'string' ? Buffer.from(sent, 'utf8') : Buffer.from(sent);
      expect(await exchange(buffer, 30)).toMatch(WELL_FORMED);
    }),
    { numRuns: 150 },
  );
  expect(await server.rows(`SELECT count() FROM ${table}`)).toBe('1');
}); // prettier-ignore

test('headers cannot be forged through a query id, a path or a name', async () => {
  const forged = 'x\r\nX-Forged: 1\r\n\r\nHTTP/1.1 200 OK';
  for (const path of [
    `/?query=SELECT+1&query_id=${encodeURIComponent(forged)}&user=sensor&password=sensorpass`,
    `/${encodeURIComponent(forged)}`,
    `/?query=SELECT+1&user=${encodeURIComponent(forged)}`,
    `/?query=SELECT+1&user=sensor&password=sensorpass&${encodeURIComponent(forged)}=1`,
  ]) {
    const answer = await exchange(
      Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
      2_000,
    );
    expect(answer, path).toMatch(/^HTTP\/1\.1 /);
    const [head] = answer.split('\r\n\r\n');
    expect(head, path).not.toMatch(/^X-Forged/im);
    expect(answer.split('HTTP/1.1 ').length - 1, path).toBeLessThanOrEqual(2);
  }
});

test('nobody uploads without a login, nor longer than the limit, nor for ever', async () => {
  const login = 'user=sensor&password=sensorpass';
  const upload = encodeURIComponent(`INSERT INTO ${table} FORMAT TSV`);
  const post = (query: string, length: number): Buffer =>
    Buffer.from(`POST /?${query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`);
  const stranger = await exchange(post(`user=x&query=${upload}`, 1_000_000_000), 5_000);
  expect(stranger).toMatch(/^HTTP\/1\.1 403 [\s\S]*Connection: close/);
  const header = `GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`;
  expect(await exchange(Buffer.from(header), 5_000)).toMatch(/^HTTP\/1\.1 431 /);
  // The test server lets an upload rest for three seconds.
  const startedAt = performance.now();
  await exchange(post(`${login}&query=${upload}`, 1_000), 20_000);
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  await delay(50);
  expect(await server.rows('SELECT count() FROM system.processes')).toBe('1');
  expect(await server.rows(`SELECT count() FROM ${table}`)).toBe('1');
});
