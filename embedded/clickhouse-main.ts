// The program `npm run clickhouse`: the embedded ClickHouse server as a process of its own.
import { resolve } from 'node:path';
import type { CommandLine } from '../platform/command-line.ts';
import { integer, matching, readConfig, text } from '../platform/config.ts';
import { requireOwnPasswords } from '../platform/demo-passwords.ts';
import { createLog } from '../platform/log.ts';
import { runProgram, type Service } from '../platform/service.ts';
import { startClickHouse } from './clickhouse/server.ts';

/** What the server reads from the environment. */
export const clickhouseVariables = {
  CLICKHOUSE_PORT: integer(
    { doc: 'Port of the embedded ClickHouse server.', default: 8123 },
    0,
    65_535,
  ),
  BIND_ADDRESS: text({
    doc: 'Address of the embedded ClickHouse; addresses beyond loopback need passwords of your own.',
    default: '127.0.0.1',
  }),
  CLICKHOUSE_ALLOWED_HOSTS: matching(
    {
      doc: 'Names besides localhost and its addresses by which clients reach the embedded ClickHouse, comma-separated.',
    },
    /^[A-Za-z0-9.-]+( *, *[A-Za-z0-9.-]+)*$/,
    'host names separated by commas',
  ),
  SENSORHOUSE_DIR: text({
    doc: 'Folder of everything the embedded mode keeps.',
    default: '.sensorhouse',
  }),
  CLICKHOUSE_USER: text({ doc: 'ClickHouse user that may write.', default: 'sensor' }),
  CLICKHOUSE_PASSWORD: text({
    doc: 'Password of CLICKHOUSE_USER.',
    default: 'sensorpass',
    secret: true,
  }),
  GRAFANA_CLICKHOUSE_USER: text({
    doc: 'ClickHouse user that only reads, for Grafana.',
    default: 'grafana_ro',
  }),
  GRAFANA_CLICKHOUSE_PASSWORD: text({
    doc: 'Password of GRAFANA_CLICKHOUSE_USER.',
    default: 'grafanapass',
    secret: true,
  }),
};

export const clickhouseCommand = {
  about: 'Starts a ClickHouse server on this machine, without Docker, until Ctrl+C.',
  command: 'npm run clickhouse',
  variables: clickhouseVariables,
  exitCodes: { 0: 'stopped' },
} as const satisfies CommandLine;

/** `moreTableEngines` are refused otherwise. */
export async function start(moreTableEngines: readonly string[] = []): Promise<Service> {
  const config = readConfig(clickhouseVariables);
  const { BIND_ADDRESS: host, CLICKHOUSE_PASSWORD, GRAFANA_CLICKHOUSE_PASSWORD } = config;
  requireOwnPasswords(
    { variable: 'BIND_ADDRESS', host },
    { CLICKHOUSE_PASSWORD, GRAFANA_CLICKHOUSE_PASSWORD },
  );
  const log = createLog({ service: 'clickhouse' });
  const root = resolve(import.meta.dirname, '..');
  const server = await startClickHouse({
    host,
    port: config.CLICKHOUSE_PORT,
    allowedHosts: (config.CLICKHOUSE_ALLOWED_HOSTS ?? '').toLowerCase().split(/ *, */),
    moreTableEngines,
    dataPath: resolve(root, config.SENSORHOUSE_DIR, 'clickhouse'),
    users: [
      { name: config.CLICKHOUSE_USER, password: config.CLICKHOUSE_PASSWORD, readonly: false },
      {
        name: config.GRAFANA_CLICKHOUSE_USER,
        password: config.GRAFANA_CLICKHOUSE_PASSWORD,
        readonly: true,
      },
    ],
    log,
  });
  log.info({ url: server.url }, `ClickHouse listens on ${server.url}`);
  return {
    ended: new Promise(() => undefined),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

if (import.meta.main) await runProgram(clickhouseCommand, () => start());
