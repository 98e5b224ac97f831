// A ClickHouse for the bench alone: the real engine on a free port with its data in a temporary folder that
// is deleted afterwards.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClickHouse } from '../embedded/clickhouse/server.ts';
import { ClickHouse } from '../platform/clickhouse/client.ts';
import { silentLog } from '../platform/log.ts';

export interface BenchEngine extends AsyncDisposable {
  readonly clickhouse: ClickHouse;
}

/** Starts the engine; disposing it stops it and deletes its data. */
export async function startEngine(): Promise<BenchEngine> {
  await using started = new AsyncDisposableStack();
  const dataPath = await mkdtemp(join(tmpdir(), 'sensorhouse-bench-'));
  started.defer(() => rm(dataPath, { recursive: true, force: true }));
  const user = { name: 'bench', password: 'bench', readonly: false };
  const at = { host: '127.0.0.1', port: 0, dataPath, users: [user], log: silentLog() };
  const server = started.use(await startClickHouse(at));
  const target = { url: server.url, username: user.name, password: user.password };
  const more = { database: 'default', timeoutMs: 300_000 };
  const clickhouse = started.use(new ClickHouse({ ...target, ...more }, 'bench'));
  const stack = started.move();
  return { clickhouse, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
