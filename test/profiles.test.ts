// The compose profiles `logs` and `metrics`: what Prometheus scrapes is served, what a dashboard asks for
// is collected or registered under that name, and a profile that does not run breaks nothing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { consumerMetrics } from '../consumer/metrics.ts';
import { profileDashboards, staleProfileDashboards } from '../grafana/generate-profiles.ts';
import { LABELS } from '../grafana/logs.ts';
import { loki, prometheus } from '../grafana/profile-panel.ts';
import { createRegistry } from '../platform/metrics.ts';
import { producerMetrics } from '../producers/metrics.ts';
import { Ledger } from '../producers/account.ts';
import { composeServices } from './compose-file.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Scrape {
  readonly job_name: string;
  readonly dns_sd_configs?: readonly { readonly names: readonly string[]; readonly port: number }[];
  readonly static_configs?: readonly { readonly targets: readonly string[] }[];
}
const scrapes = (parse(read('grafana/metrics/prometheus.yml')) as { scrape_configs: Scrape[] })
  .scrape_configs;
const sources = (
  parse(read('grafana/provisioning/datasources/profiles.yaml')) as {
    datasources: { uid: string; type: string; isDefault: boolean; url: string }[];
  }
).datasources;
const dashboards = Object.values(profileDashboards);

describe('the profiles of docker-compose.yml', () => {
  it('are optional: nothing outside a profile waits for a service in one', () => {
    const optional = Object.entries(composeServices).filter(([, { profiles }]) => profiles);
    expect(optional.map(([name, { profiles }]) => `${name} ${profiles!.join()}`)).toEqual([
      'consumer-replica scale',
      'loki logs',
      'alloy logs',
      'prometheus metrics',
      'kafka-exporter metrics',
    ]);
    const names = new Set(optional.map(([name]) => name));
    for (const [name, { depends_on: after = {} }] of Object.entries(composeServices)) {
      if (!names.has(name))
        expect(Object.keys(after).filter((each) => names.has(each))).toEqual([]);
    }
  });

  it('label everything whose log is collected, and mount the Docker socket nowhere else', () => {
    expect(read('grafana/logs/collect.alloy')).toContain('"label"\n    values = ["sensorhouse.logs=true"]');
    for (const [name, service] of Object.entries(composeServices)) {
      expect(service.labels, name).toEqual({ 'sensorhouse.logs': 'true' });
      const socket = (service.volumes ?? []).filter((volume) => volume.includes('docker.sock'));
      expect(socket, name).toEqual(name === 'alloy' ? ['/var/run/docker.sock:/var/run/docker.sock:ro'] : []);
    }
  }); // prettier-ignore

  it('mount configuration that is there', () => {
    const mounted = Object.values(composeServices).flatMap(({ volumes = [] }) => volumes);
    const files = mounted.filter((volume) => /^\.\/.*\.\w+:/.test(volume));
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect(read(file.split(':')[0]!), file).not.toBe('');
  });
});

describe('Prometheus', () => {
  it('scrapes services that are there, on the ports they serve', () => {
    const dns = scrapes.flatMap(({ dns_sd_configs: configs = [] }) => configs);
    for (const { names, port } of dns) {
      for (const name of names) {
        const env = composeServices[name]!.environment!;
        expect(env['METRICS_HOST'], name).toBe('0.0.0.0');
        const own = env['METRICS_PORT'] ?? env['PRODUCER_METRICS_PORT'];
        expect(own ?? env['PROCESSOR_METRICS_PORT'], name).toBe(port);
      }
    }
    const fixed = scrapes.flatMap(({ static_configs: configs = [] }) => configs);
    const hosts = fixed.flatMap(({ targets }) => targets.map((target) => target.split(':')[0]!));
    const known = [...Object.keys(composeServices), '127.0.0.1'];
    expect(hosts.filter((host) => !known.includes(host))).toEqual([]);
    expect(read('clickhouse_setup/server_config.xml')).toContain('<port>9363</port>');
    expect(scrapes.map(({ job_name: job }) => job)).toEqual(
      'producers consumer processors clickhouse kafka prometheus'.split(' '),
    );
  });
});

describe('the dashboards of the profiles', () => {
  it('are committed as they are declared (npm run generate:grafana)', async () => {
    expect(await staleProfileDashboards()).toEqual([]);
  });

  it('ask data sources that are provisioned, none of which is the default', () => {
    expect(sources.map(({ type, uid }) => ({ type, uid }))).toEqual([loki, prometheus]);
    expect(sources.filter(({ isDefault }) => isDefault)).toEqual([]);
    for (const { panels } of dashboards) {
      for (const { datasource, targets } of panels) {
        expect([loki, prometheus]).toContainEqual(datasource);
        for (const target of targets) expect(target.datasource).toEqual(datasource);
      }
    }
  });

  it('fill the grid without overlapping, and describe each panel', () => {
    for (const { panels, title } of dashboards) {
      const cells = new Set<string>();
      for (const { description, gridPos } of panels) {
        expect(String(description).length, title).toBeGreaterThan(20);
        const { h, w, x, y } = gridPos as Record<'h' | 'w' | 'x' | 'y', number>;
        expect(x + w).toBeLessThanOrEqual(24);
        for (let at = 0; at < h * w; at += 1) {
          const cell = `${x + (at % w)} ${y + Math.floor(at / w)}`;
          expect(cells.has(cell), `${title} ${cell}`).toBe(false);
          cells.add(cell);
        }
      }
    }
  });

  it('name labels that the collector sets', () => {
    const set = [...read('grafana/logs/collect.alloy').matchAll(/target_label {2}= "(\w+)"/g)];
    expect(set.map((match) => match[1]!).toSorted()).toEqual([...LABELS].toSorted());
  });

  it('name metrics of ours that are registered', async () => {
    const registry = createRegistry('test');
    consumerMetrics(registry)('stream', 'table');
    const own = `${await registry.metrics()}${await producerMetrics('p', new Ledger()).metrics()}`;
    const served = new Set([...own.matchAll(/^# TYPE (\w+) (\w+)/gm)].map((match) => match[1]!));
    const exprs = dashboards.flatMap(({ panels }) => panels).flatMap(({ targets }) => targets);
    const asked = exprs.flatMap(({ expr }) => expr.match(/\b(sensorhouse|process|nodejs)_\w+/g) ?? []);
    expect(asked.length).toBeGreaterThan(8);
    const base = (name: string): string => name.replace(/_(bucket|sum|count)$/, '');
    expect(asked.filter((name) => !served.has(name) && !served.has(base(name)))).toEqual([]);
  }); // prettier-ignore
});
