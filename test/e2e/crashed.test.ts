// `npm start` when a part of it that it cannot do without crashes: it says which one and where its log is,
// stops the rest and leaves nothing behind.
import { describe, expect, it, vi } from 'vitest';
import { installation, missing, npm, pidOf, processesOf } from './program.ts';

/** Fewer parts start sooner. */
const SENSORS = ['start', '--silent', '--', '--streams', 'sensors'];

// Whole stacks on a machine that may be busy with others.
vi.setConfig({ testTimeout: 300_000 });

describe.skipIf(missing !== undefined)('npm start', () => {
  it.each([
    ['consumer', /consumer\/main\.ts/, []],
    ['clickhouse', /clickhouse-main\.ts/, ['--no-producers']],
    ['kafka', /^\S*java .* kafka\.Kafka /, []],
  ])('reports that %s crashed, stops the rest and exits with 1', async (name, command, more) => {
    const here = await installation();
    const stack = npm([...SENSORS, ...more], { ...here.env, PRODUCER: 'A' });
    await stack.says(more.length === 0 ? /^First rows after/ : /^ {2}Stop /);
    const isReplaying = (await processesOf(here.home)).some(({ command: text }) => {
      return text.includes('producers/main.ts');
    });
    expect(isReplaying).toBe(more.length === 0);
    process.kill(await pidOf(here, command), 'SIGKILL');
    expect(await stack.exit).toBe(1);
    expect(stack.text()).toMatch(new RegExp(`^${name} ended with exit code 137`, 'm'));
    expect(stack.text()).toContain(`${name}.log`);
    expect(await processesOf(here.home)).toEqual([]);
  });
});
