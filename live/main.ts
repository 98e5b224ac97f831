// The live page: serves the dashboards of grafana/dashboards/ to browsers, from the same SQL, where there is
// no Grafana. Reads only; it can come and go while everything else runs.
import { join } from 'node:path';
import { ClickHouseReader } from '../platform/clickhouse/reader.ts';
import { clickhouseTarget } from '../platform/clickhouse/variables.ts';
import type { CommandLine } from '../platform/command-line.ts';
import { readConfig } from '../platform/config.ts';
import { listening, portOf } from '../platform/listen.ts';
import { createLog, type Logger } from '../platform/log.ts';
import { runProgram, type Service } from '../platform/service.ts';
import { Answers } from './answers.ts';
import { loadAssets } from './assets.ts';
import { liveVariables, requireToken, type LiveConfig } from './config.ts';
import { loadDashboards } from './dashboards.ts';
import { PipelineWatch } from './pipeline/watch.ts';
import { createServer } from './server.ts';

export interface Live extends Service {
  readonly port: number;
  /** Where a browser on this machine finds it. */
  readonly url: string;
}

export const liveCommand = {
  about: 'Serves the dashboards to browsers where there is no Grafana, until Ctrl+C.',
  command: 'npm run live',
  variables: liveVariables,
  exitCodes: { 0: 'stopped' },
} as const satisfies CommandLine;
const FOLDER = join(import.meta.dirname, '..', 'grafana', 'dashboards');
const MAX_RESULT_BYTES = 16 * 1024 * 1024;
/** The four queries that run at a time, and the pipeline's. */
const MAX_CONNECTIONS = 6;

/**
 * Starts the page; it waits for nobody and says on itself who is away.
 * @throws {ConfigError} when a port is taken, a dashboard is none, or a token is missing.
 */
export async function start(
  config: LiveConfig,
  log: Logger = createLog({ service: 'live', level: config.LOG_LEVEL }),
  folder: string = FOLDER,
): Promise<Live> {
  requireToken(config);
  await using opened = new AsyncDisposableStack();
  const dashboards = await loadDashboards(folder);
  const assets = await loadAssets();
  const target = clickhouseTarget({
    ...config,
    CLICKHOUSE_USER: config.GRAFANA_CLICKHOUSE_USER,
    CLICKHOUSE_PASSWORD: config.GRAFANA_CLICKHOUSE_PASSWORD,
  });
  const reader = opened.use(
    new ClickHouseReader(target, 'sensorhouse-live', {
      maxExecutionSec: config.LIVE_QUERY_TIMEOUT_SEC,
      maxResultBytes: MAX_RESULT_BYTES,
      maxConnections: MAX_CONNECTIONS,
    }),
  );
  const answers = new Answers(reader);
  const pipeline = opened.use(new PipelineWatch(config, (sql, signal) => answers.own(sql, signal)));
  const app = createServer({
    ...{ dashboards, assets, log, sources: { answers, pipeline } },
    token: config.LIVE_TOKEN,
    allowedHosts: (config.LIVE_ALLOWED_HOSTS ?? '')
      .toLowerCase()
      .split(/ *, */)
      .filter((name) => name !== ''),
    maxBrowsers: config.LIVE_MAX_BROWSERS,
  });
  opened.defer(() => app.close());
  const place = {
    ...{ host: config.LIVE_HOST, port: config.LIVE_PORT },
    ...{ hostVariable: 'LIVE_HOST', portVariable: 'LIVE_PORT' },
  };
  await listening(place, () => app.listen({ host: place.host, port: place.port }));
  const port = portOf(app.server, place);
  const url = `http://127.0.0.1:${port}`;
  log.info({ url, dashboards: dashboards.size }, `live page on ${url}`);
  const kept = opened.move();
  return {
    ...{ port, url },
    ended: new Promise(() => undefined),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

if (import.meta.main) await runProgram(liveCommand, () => start(readConfig(liveVariables)));
