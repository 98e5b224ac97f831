// `npm start` while it runs and how it ends: Ctrl+C, SIGTERM, a port that is taken. Nothing is left behind.
// How it ends with a part that crashes is in crashed.test.ts, what follows a kill -9 in once.test.ts.
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  finished,
  installation,
  missing,
  npm,
  pidOf,
  pressCtrlC,
  processesOf,
  type Installation,
  type Program,
} from './program.ts';

const START = ['start', '--silent'];
/** Fewer parts start sooner. */
const SENSORS = [...START, '--', '--streams', 'sensors'];
const ONCE = [...START, '--', '--once'];
const EXACT = /^Account: sent (\d+), inserted \1, dead letters 0, lag 0, /m;

async function listen(port: number): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
}

async function portsAnswer({ env }: Installation): Promise<boolean[]> {
  const { portInUse } = await import('../../embedded/kafka/ports.ts');
  const names = ['KAFKA_PORT', 'CLICKHOUSE_PORT', 'METRICS_PORT', 'LIVE_PORT'];
  const ports = names.map((name) => env[name]);
  return Promise.all(ports.map((port) => portInUse('127.0.0.1', Number(port))));
}

async function assertLivePage({ env }: Installation, stack: Program): Promise<void> {
  const url = `http://127.0.0.1:${env['LIVE_PORT']}`;
  expect(stack.text()).toContain(url);
  const answers = () => fetch(`${url}/healthz`).then(({ ok }) => ok, () => false); // prettier-ignore
  await expect.poll(answers, { timeout: 60_000 }).toBe(true);
  expect(await (await fetch(`${url}/api/dashboards`)).text()).toContain('sensor-overview');
}

// Whole stacks on a machine that may be busy with others.
vi.setConfig({ testTimeout: 300_000 });

describe.skipIf(missing !== undefined)('npm start', () => {
  it('runs until Ctrl+C, also without its live page, answers meanwhile, and leaves nothing', async () => {
    const here = await installation();
    const stack = npm(START, here.env);
    await stack.says(/^First rows after/);
    expect(stack.text()).toContain(`127.0.0.1:${here.env['KAFKA_PORT']}`);
    expect(stack.text()).toContain(`http://127.0.0.1:${here.env['CLICKHOUSE_PORT']}`);
    await assertLivePage(here, stack);

    // Found by the data folder: no port is given.
    const folder = { SENSORHOUSE_DIR: here.home };
    const sql = 'SELECT count() > 0 FROM sensor_data';
    const asked = await finished(['run', '--silent', 'query', '--', sql], folder);
    expect(asked).toEqual({ code: 0, text: '1' });
    const reset = await finished(['run', '--silent', 'reset', '--', '--yes'], here.env);
    expect(reset.code).toBe(2);
    const again = await finished(ONCE, here.env);
    expect(again.text).toMatch(/is in use by the npm start of process \d+/);
    expect(again.text.split('\n')).toHaveLength(1);
    expect(again.code).toBe(2);

    process.kill(await pidOf(here, /live\/main\.ts/), 'SIGKILL');
    await stack.says(/^live ended with exit code 137/);
    pressCtrlC(stack);
    expect(await stack.exit).toBe(0);
    expect(stack.text()).toMatch(EXACT);
    expect(await processesOf(here.home)).toEqual([]);
    expect(await portsAnswer(here)).toEqual([false, false, false, false]);
  });

  it('stops on SIGTERM to npm, also while it starts', async () => {
    const here = await installation();
    const stack = npm(SENSORS, here.env);
    await stack.says(/^Starting/);
    stack.child.kill('SIGTERM');
    expect(await stack.exit).toBe(0);
    // A JVM that does not answer yet gets SIGTERM from its watchdog once its parent has gone.
    await expect.poll(() => processesOf(here.home), { timeout: 30_000 }).toEqual([]);
  });

  it('ends well on Ctrl+C before the first record', async () => {
    const here = await installation();
    const stack = npm(SENSORS, here.env);
    await stack.says(/^ {2}Stop /);
    pressCtrlC(stack);
    expect(await stack.exit, stack.text()).toBe(0);
    expect(stack.text()).not.toContain('does not add up');
    expect(await processesOf(here.home)).toEqual([]);
  });

  it.each(['KAFKA_PORT', 'CLICKHOUSE_PORT', 'METRICS_PORT', 'LIVE_PORT'])(
    'names %s when that port is taken, and leaves nothing',
    async (variable) => {
      const here = await installation();
      const port = Number(here.env[variable]);
      await listen(port);
      // With --once there is no page.
      const args = variable === 'LIVE_PORT' ? START : ONCE;
      const { code, text } = await finished(args, here.env);
      const complaints = text.split('\n').filter((line) => line.startsWith(`${variable}: `));
      expect(complaints).toEqual([expect.stringContaining(String(port)) as string]);
      expect(code).toBe(2);
      expect(await processesOf(here.home)).toEqual([]);
    },
  );
});
