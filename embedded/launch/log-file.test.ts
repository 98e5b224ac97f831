import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { LogFile } from './log-file.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sensorhouse-log-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

it('begins anew at every start', async () => {
  const path = join(await folder(), 'logs', 'part.log');
  {
    using log = new LogFile(path);
    log.write('before');
  }
  await writeFile(`${path}.1`, 'older');
  using log = new LogFile(path);
  log.write('after');
  log.write('with a line end\n');
  expect(await readFile(path, 'utf8')).toBe('after\nwith a line end\n');
  expect(await readdir(join(path, '..'))).toEqual(['part.log']);
});

it('keeps the newest lines in two files of bounded size', async () => {
  const path = join(await folder(), 'part.log');
  using log = new LogFile(path, 100);
  for (let line = 0; line < 1_000; line += 1) log.write(`line ${line}`);
  const sizes = await Promise.all([path, `${path}.1`].map(async (file) => (await stat(file)).size));
  for (const size of sizes) expect(size).toBeLessThanOrEqual(100);
  const kept = (await readFile(`${path}.1`, 'utf8')) + (await readFile(path, 'utf8'));
  expect(kept).toMatch(/line 998\nline 999\n$/);
});
