// The checks on Grafana: it is up, and data source, dashboards and alerting are provisioned and answer.
// A stand-in image that is no Grafana says so and can only show that it was given the files.
import assert from 'node:assert/strict';
import { alertRules } from '../../grafana/alert-rules.ts';
import { dashboards } from '../../grafana/generate.ts';
import type { Target } from '../../grafana/target.ts';
import type { Check } from './check.ts';
import { GRAFANA_LOGIN, until, type Stack } from './stack.ts';

interface Health {
  readonly database: string;
  readonly standIn?: boolean;
  readonly files?: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

export function grafanaChecks(stack: Stack): Check[] {
  const address = `http://127.0.0.1:${stack.port('GRAFANA_HOST_PORT')}`;
  const { password, user } = GRAFANA_LOGIN;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const ask = async (path: string, body?: object, login = true): Promise<Answer> => {
    const response = await fetch(`${address}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...(login ? { authorization } : {}) },
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  return [
    {
      name: 'Grafana has the data source, the dashboards and the alerts',
      run: async () => {
        const health = JSON.parse((await ask('/api/health', undefined, false)).text) as Health;
        assert.equal(health.database, 'ok');
        if (health.standIn === true) {
          const given = (health.files ?? []).map((path) => path.split('/').at(-1)!);
          const needed = ['clickhouse.yaml', 'rules.yaml', ...Object.keys(dashboards)];
          assert.deepEqual(
            needed.filter((file) => !given.includes(file)),
            [],
          );
          return 'a stand-in: only that it was given the files';
        }
        await until('the data source answers', 60_000, async () => {
          const { status, text } = await ask('/api/datasources/uid/clickhouse/health');
          return status === 200 ? true : text;
        });
        for (const { uid } of Object.values(dashboards)) {
          const path = `/api/dashboards/uid/${uid}`;
          assert.equal((await ask(path, undefined, false)).status, 401);
          assert.equal((await ask(path)).status, 200, uid);
        }
        await checkAlerting(ask);
        return `${await answeredQueries(ask)} queries answered through the plugin`;
      },
    },
  ];
}

type Ask = (path: string, body?: object) => Promise<Answer>;

async function checkAlerting(ask: Ask): Promise<void> {
  const rules = JSON.parse((await ask('/api/v1/provisioning/alert-rules')).text) as {
    uid: string;
  }[];
  const uids = rules.map(({ uid }) => uid);
  const missing = alertRules.filter(({ uid }) => !uids.includes(uid));
  assert.deepEqual(missing, []);
  const policy = JSON.parse((await ask('/api/v1/provisioning/policies')).text) as object;
  assert.equal((policy as { receiver?: string }).receiver, 'off');
}

/** Sends every query of every panel the way a browser does, macros left to the plugin. */
async function answeredQueries(ask: Ask): Promise<number> {
  const panels = Object.values(dashboards).flatMap((dashboard) => dashboard.panels);
  const targets = panels.flatMap(({ targets: own = [] }) => own);
  const failed: string[] = [];
  for (const target of targets) {
    const { status, text } = await ask('/api/ds/query', {
      queries: [{ ...inBrowser(target), intervalMs: 5_000, maxDataPoints: 500 }],
      from: 'now-15m',
      to: 'now',
    });
    if (status !== 200) failed.push(`${target.rawSql}\n${text}`);
  }
  assert.deepEqual(failed, []);
  return targets.length;
}

/** What happens to a query before it leaves the browser: All devices, by arrival. */
function inBrowser(target: Target): Target {
  const rawSql = target.rawSql
    .replaceAll(/\$__conditionalAll\([^$]*\$\{\w+:singlequote\}\), \$\w+\)/g, '1=1')
    .replaceAll('${clock:singlequote}', "'arrival'")
    .replaceAll('${silence:singlequote}', "'10'")
    .replaceAll(/\$\{\w+:singlequote\}/g, "''");
  return { ...target, rawSql };
}
