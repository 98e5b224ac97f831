// A database of its own with every table and view, for tests that insert traffic rows and ask for them.
import { inject } from 'vitest';
import { schemaSql } from '../../clickhouse_setup/generate.ts';
import { ClickHouse } from '../../platform/clickhouse/client.ts';
import { clickhouseTarget, clickhouseVariables } from '../../platform/clickhouse/variables.ts';
import { readConfig } from '../../platform/config.ts';
import { randomTable } from '../backend/context.ts';

export interface TrafficDatabase extends AsyncDisposable {
  readonly clickhouse: ClickHouse;
  /** What a program needs in its environment to ask it. */
  readonly env: Readonly<Record<string, string>>;
}

/** Creates it; disposing it drops it. */
export async function trafficDatabase(): Promise<TrafficDatabase> {
  const database = randomTable('traffic');
  const url = new URL(inject('clickhouseUrl'));
  const env = {
    CLICKHOUSE_URL: url.origin,
    CLICKHOUSE_USER: decodeURIComponent(url.username),
    CLICKHOUSE_PASSWORD: decodeURIComponent(url.password),
    CLICKHOUSE_DB: database,
  };
  const target = clickhouseTarget(readConfig(clickhouseVariables, env));
  const opened = new AsyncDisposableStack();
  const outside = opened.use(new ClickHouse({ ...target, database: 'default' }, 'test'));
  await outside.command(`CREATE DATABASE ${database}`);
  opened.defer(() => outside.command(`DROP DATABASE ${database}`));
  const clickhouse = opened.use(new ClickHouse(target, 'test'));
  const statements = schemaSql()
    .replace(/^--.*$/gm, '')
    .split(';\n');
  for (const statement of statements) {
    if (statement.trim() !== '') await clickhouse.command(statement);
  }
  return { clickhouse, env, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
