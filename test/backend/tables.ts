// Every declared table on the real ClickHouse engine, in the test's own process: tests of SQL stand beside
// the SQL, without Kafka.
import { createTable } from '../../clickhouse_setup/ddl.ts';
import { tablesOf } from '../../clickhouse_setup/generate.ts';
import { startTestServer, WRITER } from '../../embedded/clickhouse/test-server.ts';
import { ClickHouse } from '../../platform/clickhouse/client.ts';
import { streams } from '../../streams/index.ts';

export interface Tables extends AsyncDisposable {
  readonly clickhouse: ClickHouse;
  /** What a SELECT gives as lines of comma-separated values. */
  csv(sql: string): Promise<string[]>;
  /** Deletes all rows of all tables. */
  empty(): Promise<void>;
}

/** Starts an engine with empty tables. */
export async function openTables(): Promise<Tables> {
  const server = await startTestServer();
  const credentials = { username: WRITER.name, password: WRITER.password };
  const target = { url: server.url, ...credentials, database: 'default', timeoutMs: 30_000 };
  const clickhouse = new ClickHouse(target, 'test');
  const declared = tablesOf(streams);
  for (const table of declared) await clickhouse.command(createTable(table));
  return {
    clickhouse,
    csv: async (sql) => {
      const text = await server.rows(`${sql} FORMAT CSV`);
      return text === '' ? [] : text.split('\n');
    },
    empty: async () => {
      for (const { name } of declared) await clickhouse.command(`TRUNCATE TABLE ${name}`);
    },
    [Symbol.asyncDispose]: async () => {
      await clickhouse[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
