import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../platform/errors.ts';
import { replaceFile } from './replace-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensorhouse-replace-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('replaceFile', () => {
  it('makes the folder, replaces the file, and leaves nothing else behind', async () => {
    const path = join(folder, 'a', 'b', 'snapshot.json');
    await replaceFile(path, 'one');
    await replaceFile(path, 'two');
    expect(await readFile(path, 'utf8')).toBe('two');
    expect(await readdir(join(folder, 'a', 'b'))).toEqual(['snapshot.json']);
  });

  it('shows a reader the old text or the new one, never a part', async () => {
    const path = join(folder, 'snapshot.json');
    const texts = Array.from({ length: 20 }, (_, i) => String(i % 10).repeat(2_000_000));
    await replaceFile(path, texts[0]!);
    const writing = { over: false };
    const seen: string[] = [];
    const reading = (async () => {
      while (!writing.over) seen.push(await readFile(path, 'utf8'));
    })();
    for (const text of texts) await replaceFile(path, text);
    writing.over = true;
    await reading;
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((text) => !texts.includes(text))).toEqual([]);
  });

  it('names a path that cannot be a file, and changes nothing there', async () => {
    const file = join(folder, 'file');
    await writeFile(file, 'mine');
    for (const path of [folder, join(file, 'below')]) {
      await expect(replaceFile(path, 'text')).rejects.toThrow(ConfigError);
      await expect(replaceFile(path, 'text')).rejects.toThrow(`${path}: cannot be written`);
    }
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect(await readdir(folder)).toEqual(['file']);
  });
});
