import { expect, it } from 'vitest';
import { readConfig } from '../platform/config.ts';
import { preflight, preflightVariables } from './preflight.ts';

const check = (env: Record<string, string>) => () => preflight(readConfig(preflightVariables, env));
const OWN = {
  CLICKHOUSE_PASSWORD: 'one',
  GRAFANA_CLICKHOUSE_PASSWORD: 'two',
  GRAFANA_ADMIN_PASSWORD: 'three',
};

it('passes the demo passwords on loopback, which is the default', () => {
  check({ CLICKHOUSE_PASSWORD: 'sensorpass' })();
  check({ BIND_ADDRESS: '[::1]', GRAFANA_ADMIN_PASSWORD: 'sensorpass' })();
});

it('passes own passwords anywhere', () => {
  check({ ...OWN, BIND_ADDRESS: '0.0.0.0' })();
});

it.each(Object.keys(OWN))('refuses when only %s is the demo one, or not set', (name) => {
  for (const password of ['sensorpass', 'grafanapass', '']) {
    const env = { ...OWN, BIND_ADDRESS: '192.168.1.5', [name]: password };
    expect(check(env)).toThrow(new RegExp(`^${name}: is still the demo password`));
  }
});

it('refuses a text that is not an address', () => {
  expect(check({ ...OWN, BIND_ADDRESS: 'everywhere' })).toThrow(/BIND_ADDRESS.*an IP address/);
});
