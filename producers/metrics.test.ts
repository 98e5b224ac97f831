import { describe, expect, it } from 'vitest';
import { readConfig } from '../platform/config.ts';
import { Ledger } from './account.ts';
import { metricsVariables } from './config.ts';
import { producerMetrics, serveProducerMetrics } from './metrics.ts';

describe("a producer's metrics", () => {
  it('show the account as it stands at every reading', async () => {
    const ledger = new Ledger();
    const registry = producerMetrics('producer_A', ledger);
    ledger.took(10);
    ledger.settle('sent', 6);
    await registry.metrics();
    ledger.settle('dryRun', 1);
    const text = await registry.metrics();
    const labelled = (outcome: string): string =>
      `sensorhouse_producer_rows_total{outcome="${outcome}",service="producer_A"}`;
    expect(text).toContain(`${labelled('sent')} 6\n`);
    expect(text).toContain(`${labelled('dry_run')} 1\n`);
    expect(text).toContain('sensorhouse_producer_open_rows{service="producer_A"} 3\n');
  });

  it('are served only when a port is set', async () => {
    const registry = producerMetrics('producer_A', new Ledger());
    expect(await serveProducerMetrics(readConfig(metricsVariables, {}), registry)).toBeUndefined();
    const env = { PRODUCER_METRICS_PORT: '0' };
    await using served = await serveProducerMetrics(readConfig(metricsVariables, env), registry);
    const url = `http://127.0.0.1:${served!.port}`;
    const answer = await fetch(`${url}/metrics`);
    expect(await answer.text()).toContain('sensorhouse_producer_rows_total');
    expect((await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })).status).toBe(405);
    expect((await fetch(`${url}/other`)).status).toBe(404);
  });

  it('name their own variable when the port is taken', async () => {
    const registry = producerMetrics('producer_A', new Ledger());
    await using first = await serveProducerMetrics(
      readConfig(metricsVariables, { PRODUCER_METRICS_PORT: '0' }),
      registry,
    );
    const env = { PRODUCER_METRICS_PORT: String(first!.port) };
    await expect(serveProducerMetrics(readConfig(metricsVariables, env), registry)).rejects.toThrow(
      /^PRODUCER_METRICS_PORT: \d+ is in use/,
    );
  });
});
