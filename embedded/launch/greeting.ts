// The text at the start: what runs, how to look into it and how to stop it.
import { relative } from 'node:path';
import { HOST, PROJECT, type LaunchConfig } from './config.ts';

/** The text for a running stack. */
export function greeting(config: LaunchConfig): string {
  const { clickhouseUrl, folders, kafkaAddress, livePort, metricsPort, once, setup, sink, tracks } =
    config;
  const { CLICKHOUSE_USER: user, CLICKHOUSE_PASSWORD: password } = setup;
  const { eventTime, key, table } = tracks[0]!.stream;
  const sql = `SELECT ${key}, count(), max(${eventTime}) FROM ${table.name} GROUP BY ${key}`;
  const logs = relative(process.cwd(), folders.logs);
  const login = password === DEMO_PASSWORD ? `password ${password}` : 'password as you set it';
  const curlLogin = password === DEMO_PASSWORD ? `${user}:${password}` : `${user}:PASSWORD`;
  const rows = [
    ...(once
      ? []
      : [['Live page', `http://${HOST}:${livePort}`, 'the dashboards: open it in a browser']]),
    ['Kafka', kafkaAddress, `topics ${tracks.map(({ topic }) => topic).join(', ')}`],
    ['ClickHouse', clickhouseUrl, `user ${user}, ${login}`],
    ...(sink ? [['Consumer', `http://${HOST}:${metricsPort}/metrics`, '']] : []),
    ...producerLines(config).map((line, at) => [at === 0 ? 'Producers' : '', line, '']),
    ['Logs', `${logs === '' ? '.' : logs}/*.log`, ''],
    ['Query', `npm run query -- "${sql}"`, ''],
    ['', `curl -u ${curlLogin} ${clickhouseUrl} -d "${sql}"`, ''],
    ['Stop', 'Ctrl+C', ''],
  ];
  const lines = rows.map(([name, what = '', more = '']) =>
    `  ${name!.padEnd(12)}${more === '' ? what : `${what.padEnd(30)}${more}`}`.trimEnd(),
  );
  return `\n${lines.join('\n')}\n`;
}

/** The only password worth printing is the one everybody knows. */
const DEMO_PASSWORD = 'sensorpass';

/** One line for producers that do the same. */
function producerLines({ producers, once }: LaunchConfig): string[] {
  if (producers.length === 0) return ['none: send from your devices, or with npm run producer'];
  const does = Map.groupBy(producers, ({ DATA_PATH, INTERVAL_MS, ROW_LIMIT }) => {
    const all = once ? 'all rows' : 'in a loop';
    const rows = ROW_LIMIT.rows === Infinity ? all : `${ROW_LIMIT.rows} rows`;
    const pace = INTERVAL_MS === 0 ? 'as fast as possible' : `a row every ${INTERVAL_MS} ms`;
    return `${relative(PROJECT, DATA_PATH)}, ${rows}, ${pace}`;
  });
  return [...does].map(([what, who]) => {
    return `${who.map(({ PRODUCER }) => PRODUCER.name).join(', ')}: ${what}`;
  });
}
