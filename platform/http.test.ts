import { expect, it } from 'vitest';
import { serveHealth } from './http.ts';
import { createRegistry } from './metrics.ts';

it('/readyz says why it is not ready, one reason a line', async () => {
  let reasons: string[] = ['partition 2 stands', 'partition 3 stands'];
  const health = { alive: () => true, ready: () => reasons.length === 0, whyNot: () => reasons };
  const address = { METRICS_HOST: '127.0.0.1', METRICS_PORT: 0 };
  await using server = await serveHealth(address, createRegistry('test'), health);
  const ask = () => fetch(`http://127.0.0.1:${server.port}/readyz`);
  const refused = await ask();
  expect(refused.status).toBe(503);
  expect(await refused.text()).toBe('not ready\npartition 2 stands\npartition 3 stands\n');
  reasons = [];
  expect(await (await ask()).text()).toBe('ok\n');
});
