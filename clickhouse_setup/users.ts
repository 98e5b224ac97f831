// The optional least-privilege users: one that may only ingest, one that may only read. Rendered
// from the configuration, since nothing with a password in it is ever committed.
import { quoted } from '../platform/clickhouse/quoted.ts';
import { createHash } from 'node:crypto';
import { ConfigError } from '../platform/errors.ts';
import type { SetupConfig } from './variables.ts';

export interface ClickHouseUser {
  readonly name: string;
  readonly password: string;
  /** What it may do, as in a GRANT. */
  readonly grants: readonly string[];
  /** Settings with their constraints, as in a CREATE USER. */
  readonly settings: readonly string[];
}

/**
 * The users that the configuration asks for, possibly none.
 * @throws {ConfigError} when one has no password or both have the same name.
 */
export function usersOf(config: SetupConfig, tables: readonly string[]): ClickHouseUser[] {
  const { CLICKHOUSE_DB: database } = config;
  const ingest = config.CLICKHOUSE_INGEST_USER;
  const readonly = config.GRAFANA_CLICKHOUSE_USER;
  if (ingest !== undefined && ingest === readonly) {
    throw new ConfigError(
      'GRAFANA_CLICKHOUSE_USER: is CLICKHOUSE_INGEST_USER too; they need to be two users',
    );
  }
  const users: ClickHouseUser[] = [];
  if (ingest !== undefined) {
    const password = passwordOf(config, 'CLICKHOUSE_INGEST_PASSWORD', 'CLICKHOUSE_INGEST_USER');
    users.push({ name: ingest, password, grants: ingestGrants(database, tables), settings: [] });
  }
  if (readonly !== undefined) {
    const password = passwordOf(config, 'GRAFANA_CLICKHOUSE_PASSWORD', 'GRAFANA_CLICKHOUSE_USER');
    users.push({ name: readonly, password, grants: readGrants(database), settings: READ_ONLY });
  }
  return users;
}

function passwordOf<K extends keyof SetupConfig>(config: SetupConfig, name: K, user: string) {
  const password = config[name];
  if (typeof password === 'string') return password;
  throw new ConfigError(`${name}: is not set, and ${user} needs a password`);
}

/**
 * Reading its tables is how the consumer finds its position; system.processes is how a takeover
 * finds the inserts it has to kill, which are always its own user's and need no further right.
 */
function ingestGrants(database: string, tables: readonly string[]): string[] {
  return [
    ...tables.map((table) => `SELECT, INSERT ON \`${database}\`.${table}`),
    'SELECT ON system.processes',
    'SELECT ON system.projections',
    // input(), through which every guarded INSERT reads, is a table function.
    'CREATE TEMPORARY TABLE ON *.*',
  ];
}

function readGrants(database: string): string[] {
  const system = ['parts', 'parts_columns', 'processes', 'mutations', 'merges', 'events', 'disks'];
  return [`SELECT ON \`${database}\`.*`, ...system.map((table) => `SELECT ON system.${table}`)];
}

/** Grafana sends max_execution_time with every query, our own client session_timezone. */
const READ_ONLY = [
  'readonly = 1',
  'max_execution_time = 60 CHANGEABLE_IN_READONLY',
  "session_timezone = 'UTC' CHANGEABLE_IN_READONLY",
];

/**
 * The statements that create a user, or bring one that exists to this password, these rights and
 * no others. The password itself is in none of them, only its hash.
 */
export function userStatements({ name, password, grants, settings }: ClickHouseUser): string[] {
  const hash = createHash('sha256').update(password).digest('hex');
  const login = `\`${name}\` IDENTIFIED WITH sha256_hash BY ${quoted(hash)}`;
  const profile = ` SETTINGS ${settings.length === 0 ? 'NONE' : settings.join(', ')}`;
  return [
    `CREATE USER IF NOT EXISTS ${login}${settings.length === 0 ? '' : profile}`,
    `ALTER USER ${login}${profile}`,
    `GRANT ${grants.join(', ')} TO \`${name}\` WITH REPLACE OPTION`,
  ];
}
