// docker-compose.yml against the code: every variable a service of ours sets is one its program reads,
// none is forgotten, and what the file promises about images, ports and rights holds for all services.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { preflightVariables } from '../clickhouse_setup/preflight.ts';
import { staleFiles } from '../grafana/generate.ts';
import { PLUGIN_VERSION, datasource } from '../grafana/target.ts';
import { transforms } from '../streams/index.ts';
import { apps } from '../platform/apps.ts';
import { composeServices, composeText, programOf } from './compose-file.ts';
import { commandOf } from './docs/command-catalogue.ts';
import { dockerignore } from './docs/dockerignore.ts';
import { DOCKERIGNORE } from './docs/generate.ts';

/** The variables that a program declares. */
const readBy = (program: string): readonly string[] =>
  Object.keys(commandOf(program)?.variables ?? {});

/** Logins and addresses that our own Kafka and ClickHouse do not have, and another name of KAFKA_BROKER. */
const ELSEWHERE = /^(KAFKA_SSL|KAFKA_SASL_|KAFKA_BOOTSTRAP_SERVERS|CLICKHOUSE_URL)/;

const all = Object.entries(composeServices);
const ours = all.filter(([, { image }]) => image === 'sensor-producer');
const grafana = join(import.meta.dirname, '..', 'grafana');
const provisioning = join(grafana, 'provisioning');
const provisioned = readFileSync(join(provisioning, 'datasources', 'clickhouse.yaml'), 'utf8');
const notifications = readFileSync(join(provisioning, 'alerting', 'notifications.yaml'), 'utf8');

describe('docker-compose.yml', () => {
  it('runs the services that its users look for, under these names', () => {
    const named = all.filter(([, { container_name: name }]) => name !== undefined);
    for (const [name, service] of named) {
      expect(service.container_name).toBe(`\${CONTAINER_PREFIX:-}${name}`);
    }
    expect(named.map(([name]) => name).toSorted()).toEqual(
      (
        'clickhouse-server consumer grafana kafka live producer-a producer-b producer-c ' +
        'traffic-forwarder traffic-processor traffic-producer'
      ).split(' '),
    );
    expect(composeServices['consumer-replica']).toMatchObject({ profiles: ['scale'] });
    expect(composeServices['consumer-replica']!.ports).toBeUndefined();
  });

  it('runs the consumer with the memory settings of npm run consumer', () => {
    const { scripts } = JSON.parse(
      readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'),
    ) as { scripts: Record<string, string> };
    const entrypoint = composeServices['consumer']!.entrypoint!.join(' ');
    expect(scripts['consumer']).toContain(` exec ${entrypoint}`);
    expect(entrypoint).toMatch(/--max-semi-space-size=\d+ --initial-heap-size=\d+/);
    expect(composeServices['consumer-replica']!.entrypoint!.join(' ')).toBe(entrypoint);
  });

  it.each(ours)('%s sets exactly the variables its program reads', (_, service) => {
    const reads = readBy(programOf(service));
    expect(reads, programOf(service)).not.toEqual([]);
    const set = Object.keys(service.environment ?? {});
    expect(set.filter((name) => !reads.includes(name))).toEqual([]);
    const missing = reads.filter((name) => !set.includes(name) && !ELSEWHERE.test(name));
    expect(missing).toEqual([]);
  });

  it.each(ours)('%s finds its program in the image', (_, service) => {
    const folder = programOf(service).split('/')[0]!;
    expect(apps.find((app) => app.folder === folder)).toMatchObject({ inImage: 'all' });
  });

  it('is built from what the registry of apps says (npm run generate:docs)', () => {
    expect(readFileSync(DOCKERIGNORE, 'utf8')).toBe(dockerignore());
    const dockerfile = readFileSync(join(import.meta.dirname, '..', 'Dockerfile'), 'utf8');
    const tried = / for app in ([\w ]+); do/.exec(dockerfile)![1]!.split(' ');
    const services = apps.filter(({ isService }) => isService).map(({ folder }) => folder);
    expect(tried.toSorted()).toEqual(services.toSorted());
  });

  it('runs each transform that is declared once, and the producer of what they read', () => {
    const running = Object.values(composeServices).map(({ environment = {} }) => environment);
    const names = running.flatMap(({ PROCESSOR: name = [] }) => name);
    expect(names).toEqual(transforms.map(({ name }) => name));
    // What .env.example sets for the sensors must not reach it.
    expect(composeServices['traffic-producer']!.environment).toMatchObject({
      ...{ PRODUCER: 'traffic', KAFKA_TOPIC: '', LOOP: '${TRAFFIC_LOOP:-true}' },
      DATA_PATH: '${TRAFFIC_DATA_PATH:-data/traffic_counts.json}',
    });
  });

  it.each(ours)('%s runs with no right it does not need', (_, service) => {
    expect(service).toMatchObject({
      user: 'node',
      read_only: true,
      init: true,
      cap_drop: ['ALL'],
      tmpfs: ['/tmp'],
      stop_grace_period: '30s',
    });
    expect(service.mem_limit).toBeDefined();
  });

  it('builds its image in the one service that all others of ours wait for', () => {
    const builders = ours.filter(([, { build }]) => build !== undefined);
    expect(builders.map(([name]) => name)).toEqual(['preflight']);
    const done = { condition: 'service_completed_successfully' };
    for (const [name, { depends_on: after }] of ours) {
      if (name === 'preflight') expect(after).toBeUndefined();
      else if (name === 'setup') expect(after).toMatchObject({ preflight: done });
      else expect(after).toEqual({ setup: done });
    }
  });

  it('pins every image that it does not build', () => {
    const tags = all
      .filter(([, { image }]) => image !== 'sensor-producer')
      .map(([, { image }]) => image.replace(/\$\{\w+:-([^}]+)\}/, '$1'));
    expect(tags.filter((tag) => !/:v?\d+\.\d+(\.\d+)?$/.test(tag))).toEqual([]);
  });

  it('publishes on loopback only, or where preflight has agreed to', () => {
    const loopback = /^(\$\{BIND_ADDRESS:-127\.0\.0\.1\}|127\.0\.0\.1):\$\{\w+:-\d+\}:\d+$/;
    for (const [name, { depends_on: after = {}, ports = [] }] of all) {
      expect(ports.filter((port) => !loopback.test(port))).toEqual([]);
      if (!ports.some((port) => port.startsWith('${BIND_ADDRESS'))) continue;
      // Compose starts nothing before what it waits for has ended well.
      const first = Object.keys(after).some((each) => ['preflight', 'setup'].includes(each));
      expect(first, name).toBe(true);
      const secrets = Object.entries(composeServices[name]!.environment!);
      const checked = Object.keys(preflightVariables);
      // A login that Grafana has elsewhere has no demo password.
      const own = secrets
        .filter(([secret, value]) => /PASSWORD$/.test(secret) && !String(value).endsWith(':-}'))
        .map(([secret]) => secret);
      const known = (secret: string): string =>
        secret === 'GF_SECURITY_ADMIN_PASSWORD' ? 'GRAFANA_ADMIN_PASSWORD' : secret;
      expect(own.map(known).filter((secret) => !checked.includes(secret))).toEqual([]);
    }
  });

  it('checks the health of everything that stays up', () => {
    const unchecked = all.filter(([, { healthcheck }]) => healthcheck === undefined);
    expect(unchecked.map(([name]) => name).toSorted()).toEqual(
      'preflight producer-a producer-b producer-c setup traffic-producer'.split(' '),
    );
  });

  it('marks every password', () => {
    const passwords = composeText.split('\n').filter((line) => /PASSWORD:-\w/.test(line));
    expect(passwords.filter((line) => !line.endsWith('# CHANGE ME'))).toEqual([]);
  });
});

describe('the provisioning of Grafana', () => {
  it('takes from its environment only the variables that compose sets there', () => {
    const texts = `${provisioned}\n${notifications}`.replaceAll(/#.*$/gm, '');
    const used = [...texts.matchAll(/\$(\w+)/g)].map((match) => match[1]!);
    const set = Object.keys(composeServices['grafana']!.environment!);
    expect(used).toContain('GRAFANA_ALERTS');
    expect(used.filter((name) => !set.includes(name))).toEqual([]);
  });

  it('names the data source and the plugin version that the dashboards name', () => {
    const [source] = (parse(provisioned) as { datasources: Record<string, unknown>[] }).datasources;
    expect(source).toMatchObject({ ...datasource, name: 'ClickHouse', isDefault: true });
    // Under other names, those of plugin v3, they would be ignored without a word.
    expect(source!['jsonData']).toMatchObject({
      ...{ host: 'clickhouse-server', port: 9000, protocol: 'native', timeInterval: '1s' },
      ...{ username: '$GRAFANA_CLICKHOUSE_USER', defaultDatabase: '$CLICKHOUSE_DB' },
    });
    expect(source!['secureJsonData']).toEqual({ password: '$GRAFANA_CLICKHOUSE_PASSWORD' });
    expect(composeText).toContain(
      `${datasource.type}@\${GRAFANA_CLICKHOUSE_PLUGIN:-${PLUGIN_VERSION}}`,
    );
  });

  it('bakes the same plugin into the same Grafana', () => {
    const dockerfile = readFileSync(join(grafana, 'Dockerfile'), 'utf8');
    expect(dockerfile).toContain(`ARG GRAFANA_CLICKHOUSE_PLUGIN=${PLUGIN_VERSION}\n`);
    const [, tag] = /GRAFANA_IMAGE_TAG:-([^}]+)}/.exec(composeText)!;
    expect(dockerfile).toContain(`ARG GRAFANA_IMAGE_TAG=${tag}\n`);
  });

  it('shows the dashboards and rules as they are declared (npm run generate:grafana)', async () => {
    expect(await staleFiles()).toEqual([]);
  });
});
