// The tables of docs/configuration.md, made from the objects that declare the variables and from
// docker-compose.yml, so that a default or a meaning is written in one place only.
import { preflightVariables } from '../../clickhouse_setup/preflight.ts';
import { setupVariables } from '../../clickhouse_setup/variables.ts';
import { auditVariables } from '../../consumer/audit/main.ts';
import { consumerVariables } from '../../consumer/config.ts';
import { clickhouseVariables as serverVariables } from '../../embedded/clickhouse-main.ts';
import { launchVariables } from '../../embedded/launch/config.ts';
import { liveVariables } from '../../live/config.ts';
import { clickhouseVariables } from '../../platform/clickhouse/variables.ts';
import type { Variable, Variables } from '../../platform/config.ts';
import { kafkaVariables } from '../../platform/kafka/variables.ts';
import { logVariables } from '../../platform/log-variables.ts';
import { processorVariables } from '../../processor/config.ts';
import { producerVariables } from '../../producers/config.ts';
import { interpolated } from '../compose-file.ts';
import { commands } from './command-catalogue.ts';

interface Section {
  readonly title: string;
  readonly variables: Variables;
}

/**
 * The first section that holds a declaration shows it; another declaration of the name is another row. A program
 * that reads a variable which no section names gets a section of its own behind them.
 */
const SECTIONS: readonly Section[] = [
  { title: 'Kafka: producers, consumer, setup, audit', variables: kafkaVariables },
  {
    title: 'ClickHouse: consumer, setup, audit, `npm run query`',
    variables: clickhouseVariables,
  },
  { title: 'Log: producers, consumer, processor, live page', variables: logVariables },
  { title: 'Producers', variables: producerVariables },
  { title: 'Consumer', variables: consumerVariables },
  { title: 'Processor and forwarder', variables: processorVariables },
  { title: 'Audit (`npm run audit`)', variables: auditVariables },
  { title: 'Setup (`npm run setup`, service `setup`)', variables: setupVariables },
  { title: 'Live page (`npm run live`, service `live`)', variables: liveVariables },
  { title: 'Docker, and who may reach it (service `preflight`)', variables: preflightVariables },
  {
    title: '`npm start`, `npm run kafka`, `npm run clickhouse`',
    variables: { ...serverVariables, ...launchVariables },
  },
];

/** What only docker-compose.yml reads. */
const COMPOSE: Record<string, string> = {
  CONTAINER_PREFIX: "Prefix of every container's name, for a second installation.",
  TRAFFIC_ROW_LIMIT: 'ROW_LIMIT of the service traffic-producer.',
  TRAFFIC_INTERVAL_MS: 'INTERVAL_MS of the service traffic-producer.',
  TRAFFIC_DATA_PATH: 'DATA_PATH of the service traffic-producer: a file in data/.',
  TRAFFIC_LOOP: 'LOOP of the service traffic-producer.',
  TRAFFIC_USE_NOW_TS:
    'USE_NOW_TS of the service traffic-producer: stamps reports with the current time.',
  KAFKA_HOST_PORT: 'Port of Kafka on 127.0.0.1.',
  CLICKHOUSE_HTTP_HOST_PORT: 'HTTP port of ClickHouse on BIND_ADDRESS.',
  CLICKHOUSE_NATIVE_HOST_PORT: 'Native port of ClickHouse on BIND_ADDRESS.',
  GRAFANA_HOST_PORT: 'Port of Grafana on BIND_ADDRESS.',
  LIVE_HOST_PORT: 'Port of the live page on BIND_ADDRESS.',
  METRICS_HOST_PORT: "Port of the consumer's /metrics on 127.0.0.1.",
  GRAFANA_ADMIN_USER: 'Administrator of Grafana.',
  KAFKA_IMAGE_TAG: 'Tag of apache/kafka.',
  CLICKHOUSE_IMAGE_TAG: 'Tag of clickhouse/clickhouse-server.',
  GRAFANA_IMAGE_TAG: 'Tag of grafana/grafana.',
  GRAFANA_CLICKHOUSE_PLUGIN: "Version of Grafana's ClickHouse plugin.",
  GF_SERVER_ROOT_URL: 'Address of Grafana that browsers see; links and logins use it.',
  GF_SERVER_DOMAIN: 'Host name of Grafana that browsers see.',
  GF_SECURITY_COOKIE_SECURE: 'true behind TLS: the login cookie never goes over plain HTTP.',
  GRAFANA_ALERTS: 'Channel of alerts: `off` (none), `webhook` or `email`.',
  GRAFANA_ALERT_WEBHOOK_URL: 'Address to post alerts to, with `webhook`.',
  GRAFANA_ALERT_EMAIL: 'Recipients of alerts, with `email`; several separated by semicolons.',
  GF_SMTP_ENABLED: 'true for `email`.',
  GF_SMTP_HOST: 'Mail server, with its port.',
  GF_SMTP_USER: 'User of the mail server, if it needs one.',
  GF_SMTP_PASSWORD: 'Password of GF_SMTP_USER.',
  GF_SMTP_FROM_ADDRESS: 'Sender of the mails.',
  PROMETHEUS_HOST_PORT: 'Port of Prometheus on 127.0.0.1 (profile metrics).',
  PROMETHEUS_RETENTION: 'Time for which Prometheus keeps its figures.',
  LOKI_IMAGE_TAG: 'Tag of grafana/loki (profile logs).',
  ALLOY_IMAGE_TAG: 'Tag of grafana/alloy (profile logs).',
  PROMETHEUS_IMAGE_TAG: 'Tag of prom/prometheus (profile metrics).',
  KAFKA_EXPORTER_IMAGE_TAG: 'Tag of danielqsj/kafka-exporter (profile metrics).',
  CLICKHOUSE_OPEN_FILES: 'Open files that ClickHouse asks for.',
};

/** All tables as Markdown, not yet aligned. `declared` are the names that the code declares. */
export function configurationTables(declared: ReadonlySet<string>): string {
  const shown = new Set<Variable<unknown>>();
  const inSections = new Set(SECTIONS.flatMap(({ variables }) => Object.keys(variables)));
  const others = commands.map(({ command, variables = {} }) => {
    const own = Object.entries(variables).filter(([name]) => !inSections.has(name));
    return { title: code(command), variables: Object.fromEntries(own) };
  });
  const tables = [...SECTIONS, ...others].flatMap(({ title, variables }) => {
    const rows = Object.entries(variables).filter(([, declaration]) => !shown.has(declaration));
    if (rows.length === 0) return [];
    for (const [, declaration] of rows) shown.add(declaration);
    const lines = rows.map(([name, { allowed, doc, fallback, secret }]) =>
      row([
        code(name),
        fallback === undefined ? '' : code(fallback),
        secret ? 'a secret' : allowed,
        doc,
      ]),
    );
    return [table(title, ['variable', 'default', 'allowed', 'meaning'], lines)];
  });
  return [...tables, composeTable(declared)].join('\n\n');
}

/** @throws {Error} when docker-compose.yml reads a variable that nobody explained, or no longer does. */
function composeTable(declared: ReadonlySet<string>): string {
  const composed = interpolated();
  const only = [...composed.keys()].filter((name) => !declared.has(name));
  const unknown = only.filter((name) => COMPOSE[name] === undefined);
  const gone = Object.keys(COMPOSE).filter((name) => !only.includes(name));
  if (unknown.length > 0)
    throw new Error(`explain in ${import.meta.filename}: ${unknown.join(', ')}`);
  if (gone.length > 0) throw new Error(`nothing reads any more: ${gone.join(', ')}`);
  const lines = Object.entries(COMPOSE).map(([name, meaning]) => {
    const fallbacks = [...composed.get(name)!].filter((value) => value !== '');
    return row([code(name), fallbacks.map(code).join(', '), meaning]);
  });
  return table('Docker only', ['variable', 'default', 'meaning'], lines);
}

function table(title: string, head: readonly string[], rows: readonly string[]): string {
  return [`**${title}**`, '', row(head), row(head.map(() => '---')), ...rows].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}
