// A producer's Prometheus metrics while it runs, if PRODUCER_METRICS_PORT asks for them: its account so far.
// A producer ends when it has sent all its rows, and its target ends with it.
import type { Config } from '../platform/config.ts';
import { serveHealth, type HttpServer } from '../platform/http.ts';
import { Counter, Gauge, createRegistry, type Registry } from '../platform/metrics.ts';
import type { Ledger } from './account.ts';
import type { metricsVariables } from './config.ts';

/** A registry that shows `ledger` whenever it is read. */
export function producerMetrics(name: string, ledger: Pick<Ledger, 'close'>): Registry {
  const registry = createRegistry(name);
  new Counter({
    name: 'sensorhouse_producer_rows_total',
    help: 'Rows taken from the source, by outcome.',
    labelNames: ['outcome'] as const,
    registers: [registry],
    collect() {
      const { dryRun, inDoubt, sent } = ledger.close();
      this.reset();
      this.inc({ outcome: 'sent' }, sent);
      this.inc({ outcome: 'in_doubt' }, inDoubt);
      this.inc({ outcome: 'dry_run' }, dryRun);
    },
  });
  new Gauge({
    name: 'sensorhouse_producer_open_rows',
    help: 'Rows taken from the source that have no outcome yet.',
    registers: [registry],
    collect() {
      this.set(ledger.close().failed);
    },
  });
  return registry;
}

/**
 * Serves /metrics, /healthz and /readyz; undefined when no port is set.
 * @throws {ConfigError} when the port is taken.
 */
export async function serveProducerMetrics(
  config: Config<typeof metricsVariables>,
  registry: Registry,
): Promise<HttpServer | undefined> {
  const { METRICS_HOST, PRODUCER_METRICS_PORT: port } = config;
  if (port === undefined) return undefined;
  const health = { alive: () => true, ready: () => true };
  const address = { METRICS_HOST, METRICS_PORT: port };
  return serveHealth(address, registry, health, 'PRODUCER_METRICS_PORT');
}
