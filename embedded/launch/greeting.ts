// The one block that says what runs, how to look into it and how to stop it.
import { relative } from 'node:path';
import { HOST, PROJECT, type LaunchConfig } from './config.ts';

const QUERY = 'SELECT device_id, count(), max(ts) FROM sensor_data GROUP BY device_id';

/** The text for a running stack. */
export function greeting(config: LaunchConfig): string {
  const { clickhousePort, folders, kafkaPort, livePort, metricsPort, once, setup, topic } = config;
  const { CLICKHOUSE_USER: user, CLICKHOUSE_PASSWORD: password } = setup;
  const logs = relative(process.cwd(), folders.logs);
  const login = password === DEMO_PASSWORD ? `password ${password}` : 'password as you set it';
  const curlLogin = password === DEMO_PASSWORD ? `${user}:${password}` : `${user}:PASSWORD`;
  const rows = [
    ...(once
      ? []
      : [['Live page', `http://${HOST}:${livePort}`, 'the dashboards: open it in a browser']]),
    ['Kafka', `${HOST}:${kafkaPort}`, `topic ${topic}`],
    ['ClickHouse', `http://${HOST}:${clickhousePort}`, `user ${user}, ${login}`],
    ['Consumer', `http://${HOST}:${metricsPort}/metrics`, ''],
    ['Producers', producersLine(config), ''],
    ['Logs', `${logs === '' ? '.' : logs}/*.log`, ''],
    ['Query', `npm run query -- "${QUERY}"`, ''],
    ['', `curl -u ${curlLogin} http://${HOST}:${clickhousePort} -d "${QUERY}"`, ''],
    ['Stop', 'Ctrl+C', ''],
  ];
  const lines = rows.map(([name, what = '', more = '']) =>
    `  ${name!.padEnd(12)}${more === '' ? what : `${what.padEnd(30)}${more}`}`.trimEnd(),
  );
  return `\n${lines.join('\n')}\n`;
}

/** The only password worth printing is the one everybody knows. */
const DEMO_PASSWORD = 'sensorpass';

function producersLine({ producers, once }: LaunchConfig): string {
  const names = producers.map(({ PRODUCER }) => PRODUCER.name).join(', ');
  const [{ INTERVAL_MS, ROW_LIMIT, DATA_PATH }] = producers as [LaunchConfig['producers'][0]];
  const rows =
    ROW_LIMIT.rows === Infinity ? (once ? 'all rows' : 'in a loop') : `${ROW_LIMIT.rows} rows`;
  const pace = INTERVAL_MS === 0 ? 'as fast as possible' : `a row every ${INTERVAL_MS} ms`;
  return `${names}: ${relative(PROJECT, DATA_PATH)}, ${rows}, ${pace}`;
}
