// A real Prometheus scrapes a real consumer and a real producer, and answers every query of the dashboard
// "Pipeline metrics": those about our programs with values, the others at least without an error.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { freePort } from '../../embedded/kafka/ports.ts';
import { pipelineMetrics } from '../../grafana/pipeline-metrics.ts';
import { readProducerConfig } from '../../producers/config.ts';
import { start as startProducer } from '../../producers/main.ts';
import { silentLog } from '../../platform/log.ts';
import { describeBackend } from '../backend/context.ts';
import { openWorld } from '../chaos/world.ts';

const CONFIG = join(import.meta.dirname, '..', '..', 'grafana', 'metrics', 'prometheus.yml');
const run = promisify(execFile);

interface ScrapeConfig {
  scrape_configs: ({ job_name: string } & Record<string, unknown>)[];
  [other: string]: unknown;
}

/** The committed configuration with the targets of this test in place of compose's. */
async function configFor(targets: Record<string, number>): Promise<string> {
  const config = parse(await readFile(CONFIG, 'utf8')) as ScrapeConfig;
  const jobs = config.scrape_configs.flatMap(({ job_name }) => {
    const port = targets[job_name];
    if (port === undefined) return [];
    return { job_name, static_configs: [{ targets: [`127.0.0.1:${port}`] }] };
  });
  const global = { scrape_interval: '1s', scrape_timeout: '1s' };
  return stringify({ ...config, global, scrape_configs: jobs });
}

interface Prometheus extends AsyncDisposable {
  /** The number of series in the answer. @throws {Error} when the query is refused. */
  series(expr: string): Promise<number>;
}

async function startPrometheus(config: string): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-prometheus-'));
  const path = join(folder, 'prometheus.yml');
  await writeFile(path, config);
  const port = await freePort('127.0.0.1');
  const child = spawn(
    'prometheus',
    [
      `--config.file=${path}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  return {
    series: async (expr) => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`;
      const answer = (await (await fetch(url)).json()) as {
        status: string;
        error?: string;
        data?: { result: unknown[] };
      };
      if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error ?? ''}`);
      return answer.data?.result.length ?? 0;
    },
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const has = (program: string): Promise<boolean> =>
  run(program, ['--version']).then(
    () => true,
    () => false,
  );

describeBackend('Prometheus', () => {
  it('scrapes our programs and answers the dashboard', async (context) => {
    if (!(await has('prometheus'))) context.skip('no prometheus on PATH');
    await using world = await openWorld({
      kafkaBootstrap: inject('kafkaBootstrap'),
      clickhouseUrl: inject('clickhouseUrl'),
    });
    await using consumer = await world.consumer();
    const producerPort = await freePort('127.0.0.1');
    const config = readProducerConfig({
      KAFKA_BROKER: inject('kafkaBootstrap'),
      KAFKA_TOPIC: world.topic,
      ON_KAFKA_DOWN: 'fail',
      LOOP: 'true',
      INTERVAL_MS: '20',
      PRODUCER_METRICS_PORT: String(producerPort),
    });
    await using producer = await startProducer(config, { log: silentLog() });
    const targets = { consumer: consumer.port, producers: producerPort };
    await using prometheus = await startPrometheus(await configFor(targets));
    const ready = () => prometheus.series('up == 1').catch(() => 0);
    await expect.poll(ready, { timeout: 60_000, interval: 500 }).toBe(2);
    const exprs = pipelineMetrics.panels
      .flatMap(({ targets: queries }) => queries.map(({ expr }) => expr))
      .map((expr) => expr.replaceAll('$__rate_interval', '30s'));
    expect(exprs.length).toBeGreaterThan(15);
    // Two scrapes apart, so that there is a rate; a dead letter now and then, for every panel.
    const withoutValues = async (): Promise<string[]> => {
      await world.fill(20, 10);
      const empty: string[] = [];
      for (const expr of exprs) {
        const series = await prometheus.series(expr);
        if (series === 0 && /sensorhouse|process_|nodejs_|up\{/.test(expr)) empty.push(expr);
      }
      return empty;
    };
    await expect.poll(withoutValues, { timeout: 90_000, interval: 1_500 }).toEqual([]);
    await producer[Symbol.asyncDispose]();
    expect((await producer.account).failed).toBe(0);
  });
}); // prettier-ignore
