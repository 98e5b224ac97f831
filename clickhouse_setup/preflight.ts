// The check that Docker runs before any service listens: could other machines use a demo password? Docker
// itself publishes the ports, so a later service could not prevent it.
import type { CommandLine } from '../platform/command-line.ts';
import { matching, readConfig, text, type Config } from '../platform/config.ts';
import { clickhouseVariables } from '../platform/clickhouse/variables.ts';
import { requireOwnPasswords } from '../platform/demo-passwords.ts';
import { oneShot, runProgram } from '../platform/service.ts';
import { setupVariables } from './variables.ts';

export const preflightVariables = {
  BIND_ADDRESS: matching(
    { default: '127.0.0.1', doc: 'Address of this machine that Docker publishes ports on.' },
    /^[0-9a-fA-F.:[\]]+$/,
    'an IP address',
  ),
  CLICKHOUSE_PASSWORD: clickhouseVariables.CLICKHOUSE_PASSWORD,
  GRAFANA_CLICKHOUSE_PASSWORD: setupVariables.GRAFANA_CLICKHOUSE_PASSWORD,
  GRAFANA_ADMIN_PASSWORD: text({
    default: 'sensorpass',
    doc: "Password of Grafana's administrator, taken at its first start. CHANGE IT.",
    secret: true,
  }),
} as const;

/** @throws {ConfigError} when a service would be open to other machines with a demo password. */
export function preflight(config: Config<typeof preflightVariables>): void {
  const { BIND_ADDRESS: host, ...passwords } = config;
  const { GRAFANA_CLICKHOUSE_PASSWORD = '' } = passwords;
  const listens = { variable: 'BIND_ADDRESS', host };
  requireOwnPasswords(listens, { ...passwords, GRAFANA_CLICKHOUSE_PASSWORD });
}

export const preflightCommand = {
  about: 'Refuses a demo password that other machines could use. Docker runs it first.',
  command: 'node clickhouse_setup/preflight.ts',
  variables: preflightVariables,
  exitCodes: { 0: 'nothing is open', 2: 'a demo password could be used from other machines' },
} as const satisfies CommandLine;

if (import.meta.main) {
  await runProgram(preflightCommand, () => {
    preflight(readConfig(preflightVariables));
    return Promise.resolve(oneShot(Promise.resolve(0)));
  });
}
