import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isRunning, recordProcess, type ProcessRecord } from './process-record.ts';
import { startTied } from './tied-process.ts';
import { until } from '../../test/until.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sensorhouse-tied-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function shell(script: string) {
  const cwd = await folder();
  const outputPath = join(cwd, 'out');
  const tied = await startTied({ program: '/bin/sh', args: ['-c', script], cwd, outputPath });
  return { tied, outputPath };
}

async function gone(record: ProcessRecord): Promise<void> {
  await until('the process has ended', async () => !(await isRunning(record)));
}

describe('a tied process', () => {
  it('has the reported pid, its output in the file, and its own exit code', async () => {
    const { tied, outputPath } = await shell('echo $$; echo problem >&2; exit 7');
    expect(await tied.ended).toBe(7);
    expect(await readFile(outputPath, 'utf8')).toBe(`${tied.pid}\nproblem\n`);
  });

  it('reports a signal as 128 and its number', async () => {
    const { tied } = await shell('exec sleep 60');
    tied.kill('SIGKILL');
    expect(await tied.ended).toBe(137);
  });

  it('is killed when it does not stop in time', async () => {
    const { tied, outputPath } = await shell("trap '' TERM; echo set; while :; do sleep 0.1; done");
    await until('the trap is set', async () => (await readFile(outputPath, 'utf8')) !== '');
    await tied.stop(200);
    expect(await tied.ended).toBe(137);
  });

  it('ends when its parent is killed', async () => {
    const cwd = await folder();
    const launcher = `
      import { startTied } from ${JSON.stringify(join(import.meta.dirname, 'tied-process.ts'))};
      const command = { program: 'sleep', args: ['60'], cwd: '.', outputPath: 'out' };
      console.log((await startTied(command)).pid);`;
    const args = ['--input-type=module-typescript', '-e', launcher];
    const parent = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    const printed = await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve));
    const child = (await recordProcess(Number(printed.toString())))!;
    expect(await isRunning(child)).toBe(true);
    parent.kill('SIGKILL');
    await gone(child);
  });
});
