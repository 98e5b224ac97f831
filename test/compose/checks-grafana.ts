// The checks on Grafana: it is up, and its data source and dashboard are provisioned. A stand-in image
// that is no Grafana says so and can only show that it was given the files.
import assert from 'node:assert/strict';
import type { Check } from './check.ts';
import { GRAFANA_LOGIN, until, type Stack } from './stack.ts';

interface Health {
  readonly database: string;
  readonly standIn?: boolean;
  readonly files?: readonly string[];
}

export function grafanaChecks(stack: Stack): Check[] {
  const address = `http://127.0.0.1:${stack.port('GRAFANA_HOST_PORT')}`;
  const ask = async (path: string, login = true): Promise<{ status: number; text: string }> => {
    const credentials = Buffer.from(`${GRAFANA_LOGIN.user}:${GRAFANA_LOGIN.password}`).toString(
      'base64',
    );
    const headers: Record<string, string> = login ? { authorization: `Basic ${credentials}` } : {};
    const signal = AbortSignal.timeout(10_000);
    const response = await fetch(`${address}${path}`, { headers, signal });
    return { status: response.status, text: await response.text() };
  };
  return [
    {
      name: 'Grafana has the data source and the dashboard',
      run: async () => {
        const health = JSON.parse((await ask('/api/health', false)).text) as Health;
        assert.equal(health.database, 'ok');
        if (health.standIn === true) {
          const given = (health.files ?? []).map((path) => path.split('/').at(-1));
          assert.ok(given.includes('clickhouse.yaml'));
          assert.ok(given.includes('sensor_overview.json'));
          return 'a stand-in: only that it was given the files';
        }
        assert.equal((await ask('/api/dashboards/uid/sensor-overview', false)).status, 401);
        assert.equal((await ask('/api/dashboards/uid/sensor-overview')).status, 200);
        await until('the data source answers', 60_000, async () => {
          const { status, text } = await ask('/api/datasources/uid/clickhouse/health');
          return status === 200 ? true : text;
        });
        return undefined;
      },
    },
  ];
}
