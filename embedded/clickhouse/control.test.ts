// Many requests at once on the real engine: KILL QUERY, limits, clients that go away.
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestServer, type TestServer } from './test-server.ts';

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
  const killed = await server.rows(
    `KILL QUERY WHERE query_id LIKE 'run:%' AND user = currentUser() SYNC`,
  );
  expect(killed.split('\n')).toHaveLength(5);
  expect(killed).toContain('finished\trun:queued\tsensor');
  for (const answer of [...running, queued]) expect(await answer).toBe('500 394');
  socket.write('1\tx\n');
  await expect.poll(() => answered).toContain('Code: 394');
  socket.destroy();
  expect(await server.rows(inProcesses)).toBe('0');
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
