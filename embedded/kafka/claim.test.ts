import { spawn } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { claimFolder } from './claim.ts';
import { isRunning, recordProcess } from './process-record.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sensorhouse-claim-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const claim = (path: string) => claimFolder(path, silentLog());

describe('claimFolder', () => {
  it('gives a folder to one at a time', async () => {
    const path = await folder();
    const first = await claim(path);
    await expect(claim(path)).rejects.toThrow(ConfigError);
    await first.release();
    await (await claim(path)).release();
  });

  it('never gives up a folder that has gone to the next owner', async () => {
    const path = await folder();
    const first = await claim(path);
    await first.release();
    const second = await claim(path);
    await first.release();
    await expect(claim(path)).rejects.toThrow(ConfigError);
    await second.release();
  });

  it('takes over from a dead launcher and ends the broker it left', async () => {
    const path = await folder();
    const left = spawn('sleep', ['60']);
    const broker = (await recordProcess(left.pid!))!;
    const launcher = { pid: process.pid, startedAt: 'long ago' };
    await writeFile(join(path, 'owner.json'), JSON.stringify({ launcher, broker }));
    const taken = await claim(path);
    expect(await isRunning(broker)).toBe(false);
    await taken.release();
    await expect(stat(join(path, 'owner.json'))).rejects.toThrow();
  });

  it('spares a process that only has the old pid', async () => {
    const path = await folder();
    const innocent = spawn('sleep', ['60']);
    onTestFinished(() => void innocent.kill());
    const dead = { pid: innocent.pid!, startedAt: 'long ago' };
    await writeFile(join(path, 'owner.json'), JSON.stringify({ launcher: dead, broker: dead }));
    await (await claim(path)).release();
    expect(await recordProcess(innocent.pid!)).toBeDefined();
  });

  it('takes a folder whose owner file was torn by a crash', async () => {
    const path = await folder();
    await writeFile(join(path, 'owner.json'), '{"launcher":{"pi');
    await (await claim(path)).release();
  });
});
