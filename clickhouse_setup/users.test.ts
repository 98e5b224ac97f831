import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { readConfig } from '../platform/config.ts';
import { ConfigError } from '../platform/errors.ts';
import { userStatements, usersOf } from './users.ts';
import { setupVariables } from './variables.ts';

const read = (env: Record<string, string>) => usersOf(readConfig(setupVariables, env), ['t', 'u']);
const INGEST = { CLICKHOUSE_INGEST_USER: 'ingest', CLICKHOUSE_INGEST_PASSWORD: 'pw' };
const GRAFANA = { GRAFANA_CLICKHOUSE_USER: 'grafana', GRAFANA_CLICKHOUSE_PASSWORD: 'pw' };

describe('usersOf', () => {
  it('is empty unless users are asked for', () => {
    expect(read({})).toEqual([]);
  });

  it('lets the ingest user write and read the tables, and nothing of the database beside them', () => {
    const [user] = read({ ...INGEST, CLICKHOUSE_DB: 'iot' });
    expect(user!.grants.filter((grant) => grant.includes('iot'))).toEqual([
      'SELECT, INSERT ON `iot`.t',
      'SELECT, INSERT ON `iot`.u',
    ]);
    expect(user!.grants.join()).not.toMatch(/ALTER|DROP|DELETE|CREATE TABLE|ALL/);
  });

  it('lets the read-only user only read, and Grafana set its time limit', () => {
    const [user] = read(GRAFANA);
    expect(user!.grants.every((grant) => grant.startsWith('SELECT ON '))).toBe(true);
    expect(user!.settings).toContain('readonly = 1');
    expect(user!.settings).toContain('max_execution_time = 60 CHANGEABLE_IN_READONLY');
  });

  it('refuses a user without a password, or one user for both', () => {
    expect(() => read({ CLICKHOUSE_INGEST_USER: 'i' })).toThrow(
      new ConfigError(
        'CLICKHOUSE_INGEST_PASSWORD: is not set, and CLICKHOUSE_INGEST_USER needs a password',
      ),
    );
    expect(() => read({ ...INGEST, ...GRAFANA, GRAFANA_CLICKHOUSE_USER: 'ingest' })).toThrow(
      ConfigError,
    );
  });
});

describe('userStatements', () => {
  const user = { name: 'ingest', grants: ['SELECT ON a.b', 'INSERT ON a.b'], settings: [] };

  it('never holds the password, whatever is in it, only its hash', () => {
    fc.assert(
      fc.property(fc.string(), (secret) => {
        const password = `'${secret}`;
        const hash = createHash('sha256').update(password).digest('hex');
        const statements = userStatements({ ...user, password });
        expect(statements[1]).toBe(
          `ALTER USER \`ingest\` IDENTIFIED WITH sha256_hash BY '${hash}' SETTINGS NONE`,
        );
      }),
    );
  });

  it('replaces whatever rights the user had', () => {
    expect(userStatements({ ...user, password: 'x' }).at(-1)).toBe(
      'GRANT SELECT ON a.b, INSERT ON a.b TO `ingest` WITH REPLACE OPTION',
    );
  });
});
