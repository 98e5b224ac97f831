// A server for one test file: the real engine on a temporary folder, asked through real HTTP.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../platform/log.ts';
import { startClickHouse } from './server.ts';

export const WRITER = { name: 'sensor', password: 'sensorpass', readonly: false };
export const READER = { name: 'grafana_ro', password: 'grafanapass', readonly: true };

export interface Ask {
  as?: { name: string; password: string };
  url?: Record<string, string>;
  headers?: Record<string, string>;
  method?: string;
  signal?: AbortSignal;
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** Where the engine keeps its data. */
  readonly folder: string;
  ask(body: string | Uint8Array | undefined, options?: Ask): Promise<Response>;
  /** The rows of a query that must succeed. */
  rows(body: string | Uint8Array, options?: Ask): Promise<string>;
  /** `status code` of one that must fail, with a well-formed text. */
  code(body: string | Uint8Array | undefined, options?: Ask): Promise<string>;
  /** The name of a new table. */
  table(columns?: string): Promise<string>;
}

/** Starts one, in a new folder by default; few may run at a time because a test worker's thread pool is small. */
export async function startTestServer(dataPath?: string): Promise<TestServer> {
  const folder = dataPath ?? (await mkdtemp(join(tmpdir(), 'clickhouse-server-')));
  const server = await startClickHouse({
    ...{ host: '127.0.0.1', port: 0, dataPath: folder, users: [WRITER, READER] },
    ...{ maxBodyBytes: 64 * 1024 * 1024, maxRequests: 20, maxRunning: 2, log: silentLog() },
    maxPauseMs: 3_000,
  });
  const ask: TestServer['ask'] = (body, options = {}) => {
    const { as = WRITER, url = {}, headers = {}, method = 'POST', signal } = options;
    const authorization = `Basic ${btoa(`${as.name}:${as.password}`)}`;
    return fetch(`${server.url}/?${new URLSearchParams(url).toString()}`, {
      ...{ method, headers: { authorization, ...headers } },
      ...(body === undefined ? {} : { body: body as string }),
      ...(signal === undefined ? {} : { signal }),
    });
  };
  const rows: TestServer['rows'] = async (body, options) => {
    const text = await (await ask(body, options)).text();
    if (/^Code: /.test(text)) throw new Error(`${String(body).slice(0, 200)}: ${text}`);
    return text.trimEnd();
  };
  return {
    ...{ url: server.url, folder, ask, rows },
    code: async (body, options) => {
      const response = await ask(body, options);
      const text = await response.text();
      const code = response.headers.get('x-clickhouse-exception-code') ?? 'none';
      const isWellFormed =
        text.startsWith(`Code: ${code}. DB::Exception: `) && text.includes(' (version ');
      if (!isWellFormed)
        throw new Error(`not an exception with code ${code}: ${text.slice(0, 500)}`);
      return `${response.status} ${code}`;
    },
    table: async (columns = 'a Int64, b String') => {
      const name = `t${crypto.randomUUID().replaceAll('-', '')}`;
      await rows(`CREATE TABLE ${name} (${columns}) ENGINE = MergeTree ORDER BY tuple()`);
      return name;
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
