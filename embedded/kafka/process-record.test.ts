import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { endProcess, isRunning, recordProcess } from './process-record.ts';

describe('a process record', () => {
  it('holds for the process it was taken of, and for no other with its pid', async () => {
    const self = (await recordProcess(process.pid))!;
    expect(await isRunning(self)).toBe(true);
    expect(await isRunning({ ...self, startedAt: `${self.startedAt}0` })).toBe(false);
  });

  it('does not exist for a pid without a process', async () => {
    expect(await recordProcess(2 ** 22 + 1)).toBeUndefined();
  });

  it('lets exactly its process be ended, even one that ignores SIGTERM', async () => {
    const stubborn = spawn('/bin/sh', [
      '-c',
      "trap '' TERM; echo ready; while :; do sleep 0.1; done",
    ]);
    await new Promise((resolve) => stubborn.stdout.once('data', resolve));
    const record = (await recordProcess(stubborn.pid!))!;
    await endProcess({ ...record, startedAt: 'another time' }, 100);
    expect(await isRunning(record)).toBe(true);
    await endProcess(record, 100);
    expect(await isRunning(record)).toBe(false);
  });
});
