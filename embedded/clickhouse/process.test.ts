// The server as a process: killed hard, started twice, on a taken port. Real children, ended by pid.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { environment } from '../../platform/config.ts';
import { freePort } from '../kafka/ports.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MAIN = join(import.meta.dirname, '..', 'clickhouse-main.ts');
const children: ChildProcess[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clickhouse-process-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
  await rm(folder, { recursive: true, force: true });
});

interface Started {
  child: ChildProcess;
  /** Undefined: it ended instead of listening. */
  url: string | undefined;
  output: () => string;
}

async function start(port = '0'): Promise<Started> {
  const env = {
    ...environment(),
    ...{ SENSORHOUSE_DIR: folder, CLICKHOUSE_PORT: port, TZ: 'Asia/Tokyo' },
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  let output = '';
  const listening = new Promise<string>((found) => {
    const onData = (data: Buffer): void => {
      output += data.toString();
      const url = /listens on (http:[^"\s]+)/.exec(output)?.[1];
      if (url !== undefined) found(url);
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
  });
  const url = await Promise.race([listening, once(child, 'close').then(() => undefined)]);
  return { child, url, output: () => output };
}

async function ask(url: string | undefined, sql: string, search = ''): Promise<string> {
  const authorization = `Basic ${btoa('sensor:sensorpass')}`;
  const response = await fetch(`${url ?? ''}/?${search}`, {
    ...{ method: 'POST', body: sql, headers: { authorization } },
  });
  return (await response.text()).trim();
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exit = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  return (await exit)[0];
}

test('kill -9 loses no acknowledged insert, and the next start finds nothing in its way', async () => {
  const first = await start();
  await ask(first.url, 'CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a');
  let acknowledged = 0;
  const inserting = (async () => {
    for (;;) {
      if ((await ask(first.url, `INSERT INTO t VALUES (${acknowledged})`)) !== '') return;
      acknowledged += 1;
    }
  })().catch(() => undefined);
  await expect.poll(() => acknowledged, { timeout: 20_000 }).toBeGreaterThan(30);
  await kill(first.child, 'SIGKILL');
  await inserting;
  await writeFile(join(folder, 'clickhouse', 'http_bodies', 'body-1-1'), 'left over');
  const second = await start();
  const [count, distinct] = (await ask(second.url, 'SELECT count(), uniqExact(a) FROM t')).split(
    '\t',
  );
  // The one in flight may have landed without its answer.
  expect([acknowledged, acknowledged + 1]).toContain(Number(count));
  expect(distinct).toBe(count);
  expect(await readdir(join(folder, 'clickhouse', 'http_bodies'))).toEqual([]);
  expect(await ask(second.url, 'SELECT timezone()')).toBe('UTC');
});

test('SIGTERM lets the running query end, and the data are there at the next start', async () => {
  const first = await start();
  await ask(first.url, 'CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a');
  const running = ask(
    first.url,
    'INSERT INTO t SELECT number + sleepEachRow(0.1) FROM numbers(10)',
  );
  await delay(300);
  expect(await kill(first.child, 'SIGTERM')).toBe(0);
  expect(await running).toBe('');
  const second = await start();
  expect(await ask(second.url, 'SELECT count() FROM t')).toBe('10');
});

test('a request that comes while the engine opens is answered', async () => {
  const port = String(await freePort('127.0.0.1'));
  const listening = start(port).then(() => true);
  const early: Promise<string | undefined>[] = [];
  // Without a pause: the port is open for a moment only before the engine is.
  while (!(await Promise.race([listening, delay(2, false)]))) {
    early.push(ask(`http://127.0.0.1:${port}`, 'SELECT 1').catch(() => undefined));
  }
  const answers = await Promise.all(early);
  const answered = answers.filter((answer) => answer !== undefined);
  expect(answered.length).toBeGreaterThan(0);
  expect(new Set(answered)).toEqual(new Set(['1']));
});

test('KILL works while as many queries run as may run at a time', async () => {
  const { url } = await start();
  const long = 'SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 7';
  const running = Array.from({ length: 10 }, (_, i) => ask(url, long, `query_id=long:${i}`));
  await delay(1_000);
  const test = await ask(url, "KILL QUERY WHERE query_id LIKE 'long:%' TEST");
  expect(test.split('\n')).toHaveLength(10);
  await ask(url, "KILL QUERY WHERE query_id LIKE 'long:%' SYNC");
  for (const answer of running) expect(await answer).toContain('Code: 394');
});

test('a second server on the same data is one line, naming the process that has them', async () => {
  const first = await start();
  const second = await start();
  expect(second.url).toBeUndefined();
  expect(second.child.exitCode).toBe(2);
  expect(second.output()).toMatch(
    new RegExp(`^[^\\n]*in use by process ${first.child.pid ?? 0}[^\\n]*\\n$`),
  );
});

test('a taken port is one line, naming it', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  try {
    const { child, output } = await start(String(port));
    expect(child.exitCode).toBe(2);
    expect(output()).toMatch(new RegExp(`^CLICKHOUSE_PORT: ${port} is in use[^\\n]*\\n$`));
  } finally {
    other.close();
  }
});
