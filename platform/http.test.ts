import { expect, it } from 'vitest';
import { ConfigError } from './errors.ts';
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

it('answers GET and HEAD, to what there is, each question for itself', async () => {
  const [alive, ready] = [{ now: true }, { now: false }];
  const health = { alive: () => alive.now, ready: () => ready.now };
  const address = { METRICS_HOST: '127.0.0.1', METRICS_PORT: 0 };
  const registry = createRegistry('test');
  await using server = await serveHealth(address, registry, health);
  const ask = async (path: string, method = 'GET'): Promise<number> =>
    (await fetch(`http://127.0.0.1:${server.port}${path}`, { method })).status;
  expect([await ask('/healthz'), await ask('/readyz')]).toEqual([200, 503]);
  alive.now = false;
  ready.now = true;
  expect([await ask('/healthz'), await ask('/readyz')]).toEqual([503, 200]);
  expect([await ask('/metrics'), await ask('/metrics', 'HEAD')]).toEqual([200, 200]);
  expect([await ask('/metrics', 'POST'), await ask('/'), await ask('/metrics?x')]).toEqual([
    405, 404, 404,
  ]);
  const taken = { ...address, METRICS_PORT: server.port };
  const second = serveHealth(taken, registry, health, 'OTHER_PORT');
  await expect(second).rejects.toThrow(ConfigError);
  await expect(second).rejects.toThrow(`OTHER_PORT: ${server.port} is in use`);
});
