// How a program ends: its exit code by what went wrong, and what a closed pipe means for it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const PROJECT = join(import.meta.dirname, '..');

interface Outcome {
  readonly code: number | null;
  readonly stderr: string;
}

/** Runs a program of these lines; stdout is closed before it writes when nobody is to read it. */
function runs(lines: string, isRead = true): Promise<Outcome> {
  const text = `
    import { run, oneShot } from './platform/service.ts';
    import { createLog } from './platform/log.ts';
    import { ConfigError, UnavailableError } from './platform/errors.ts';
    import { setTimeout as sleep } from 'node:timers/promises';
    ${lines}`;
  const args = ['--input-type=module', '--eval', text];
  const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] });
  if (isRead) child.stdout.resume();
  else child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
}

const SERVICE = `run(async () => {
  const timer = setInterval(() => write('line\\n'), 10);
  return {
    ended: new Promise(() => {}),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      process.stderr.write('stopped in order');
    },
  };
});`;

it('stops a service in order when nobody reads its output', async () => {
  const lines = `const write = (line) => process.stdout.write(line); ${SERVICE}`;
  expect(await runs(lines, false)).toEqual({ code: 0, stderr: 'stopped in order' });
});

it('stops a service in order when nobody reads its log', async () => {
  const lines = `const log = createLog({ service: 'test' }); const write = (line) => log.info(line); ${SERVICE}`;
  expect(await runs(lines, false)).toEqual({ code: 0, stderr: 'stopped in order' });
});

it('lets a program that ends by itself finish its work, with its own exit code', async () => {
  const work = `run(async () => oneShot((async () => {
    for (let line = 0; line < 20; line += 1) {
      process.stdout.write('line\\n');
      await sleep(5);
    }
    process.stderr.write('all done');
    return 1;
  })()));`;
  expect(await runs(work, false)).toEqual({ code: 1, stderr: 'all done' });
});

it.each([
  ['130 to a program that would have ended by itself', `oneShot(sleep(60_000, 0))`, 130],
  ['0 to a service', `({ ended: sleep(60_000, 0), async [Symbol.asyncDispose]() {} })`, 0],
])('gives after Ctrl+C %s', async (_, service, code) => {
  const lines = `setTimeout(() => process.kill(process.pid, 'SIGINT'), 50); run(async () => ${service});`;
  expect(await runs(lines)).toEqual({ code, stderr: '' });
});

it.each([
  ['UnavailableError', 'nothing answers', 3],
  ['ConfigError', 'a setting is wrong', 2],
])('ends with one line after a %s', async (type, message, code) => {
  const failing = `run(async () => oneShot(Promise.reject(new ${type}('${message}'))));`;
  expect(await runs(failing)).toEqual({ code, stderr: `${message}\n` });
});

it('ends with a stack trace and 1 after an error that nobody expected', async () => {
  const { code, stderr } = await runs(`run(async () => { throw new Error('a bug'); });`);
  expect(code).toBe(1);
  expect(stderr).toMatch(/a bug\n\s+at /);
});
