// Many requests at once on the real engine: KILL QUERY, limits, clients that go away or take their time.
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { gzipSync } from 'node:zlib';
import { READER, startTestServer, type TestServer } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const LONG = 'SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 7';
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

test('KILL QUERY ends running, queued and uploading queries, and nothing of them lands', async () => {
  const name = await server.table();
  const running = Array.from({ length: 3 }, (_, i) =>
    server.code(LONG, { url: { query_id: `run:${i}` } }),
  );
  const inProcesses = `SELECT count() FROM system.processes WHERE query_id LIKE 'run:%'`;
  await delay(500);
  const queued = server.code(`1\tx\n`, {
    url: { query_id: 'run:queued', query: `INSERT INTO ${name} FORMAT TSV` },
  });
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  const upload = encodeURIComponent(`INSERT INTO ${name} FORMAT TSV`);
  socket.write(
    `POST /?query_id=run:upload&user=sensor&password=sensorpass&query=${upload} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n`,
  );
  let answered = '';
  socket.on('data', (data) => (answered += data.toString()));
  await delay(300);
  const test = await server.rows(`KILL QUERY WHERE query_id LIKE 'run:%' TEST`);
  expect(test.split('\n')).toHaveLength(5);
  const ofOthers = `KILL QUERY WHERE query_id LIKE 'run:%' SYNC`;
  expect(await server.rows(ofOthers, { as: READER })).toBe('');
  const killed = await server.rows(
    `KILL QUERY WHERE query_id LIKE 'run:%' AND user = currentUser() SYNC`,
  );
  // Whoever claims partitions reads what has landed next: nothing of it may still be on its way.
  expect(await server.rows(inProcesses)).toBe('0');
  expect(killed.split('\n')).toHaveLength(5);
  expect(killed).toContain('finished\trun:queued\tsensor');
  for (const answer of [...running, queued]) expect(await answer).toBe('500 394');
  socket.write('1\tx\n');
  await expect.poll(() => answered).toContain('Code: 394');
  socket.destroy();
  expect(await server.rows(`SELECT count() FROM ${name}`)).toBe('0');
  expect(await server.code('KILL QUERY WHERE sleep(1) SYNC')).toBe('400 344');
});

test('a query id runs once at a time, and too many requests are refused', async () => {
  const long = Array.from({ length: 20 }, (_, i) =>
    server.code(LONG, { url: { query_id: `many:${i}` } }),
  );
  await delay(500);
  expect(await server.code('SELECT 1', { url: { query_id: 'many:0' } })).toBe('500 216');
  expect(await server.code('SELECT 1')).toBe('503 202');
  await server.rows(`KILL QUERY WHERE startsWith(query_id, 'many:') SYNC`);
  for (const answer of long) expect(await answer).toBe('500 394');
});

test('a client that goes away ends its SELECT and harms nobody', async () => {
  const abort = new AbortController();
  const gone = server
    .ask(LONG, { url: { query_id: 'gone' }, signal: abort.signal })
    .catch(() => undefined);
  const stream = await server.ask('SELECT * FROM numbers(10000000000)', {
    url: { query_id: 'gone-stream' },
  });
  await stream.body?.cancel();
  await delay(300);
  abort.abort();
  await gone;
  const left = `SELECT count() FROM system.processes WHERE query_id LIKE 'gone%'`;
  await expect.poll(async () => server.rows(left), { timeout: 10_000 }).toBe('0');
});

/** The head of a reader's request; its body, if there is one, follows. */
const head = (line: string, more = ''): string =>
  `${line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ${btoa(`${READER.name}:${READER.password}`)}\r\n${more}\r\n`;
const LARGE = encodeURIComponent(`SELECT number, repeat('x', 1000) FROM numbers(30000)`);

test('a client that does not take its answer is cut off', async () => {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  const endless = encodeURIComponent('SELECT * FROM numbers(10000000000)');
  socket.pause();
  socket.write(head(`GET /?query_id=lazy&query=${endless}`));
  const running = `SELECT count() FROM system.processes WHERE query_id = 'lazy'`;
  await expect.poll(() => server.rows(running)).toBe('1');
  await expect.poll(() => server.rows(running), { timeout: 15_000 }).toBe('0');
  socket.destroy();
});

test('requests that are sent ahead on one connection are answered in their order', async () => {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  const body = gzipSync('SELECT sleep(0.1)');
  const gzip = `Content-Encoding: gzip\r\nContent-Length: ${body.length}\r\n`;
  socket.write(Buffer.concat([Buffer.from(head('POST /', gzip), 'latin1'), body]));
  for (let at = 0; at < 4; at += 1) socket.write(head(`GET /?query=${LARGE}`));
  for (let at = 0; at < 20; at += 1) socket.write(head('GET /ping'));
  socket.write(head('GET /?query=SELECT%20%27last%27', 'Connection: close\r\n'));
  let answered = '';
  for await (const data of socket) answered += (data as Buffer).toString('latin1');
  expect(answered.split('HTTP/1.1 200 OK')).toHaveLength(27);
  expect(answered.indexOf('Ok.')).toBeGreaterThan(answered.lastIndexOf('xxxx'));
  expect(answered).toMatch(/last\n\r\n0\r\n\r\n$/);
});

test('a connection on which too many requests wait is ended', async () => {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = new Promise((done) => socket.once('close', done));
  socket.resume();
  socket.write(head(`GET /?query=${encodeURIComponent(LONG)}`));
  socket.write(head('GET /ping').repeat(200));
  await closed;
  const running = `SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(number) = 7'`;
  await expect.poll(() => server.rows(running), { timeout: 10_000 }).toBe('0');
});
