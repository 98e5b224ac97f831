// Bytes of files: what is unpacked whatever its name says, what is refused at once and why, and files that
// change while they are read.
import { execFileSync } from 'node:child_process';
import { appendFile, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { readFileBytes } from './file-source.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensorhouse-source-'));
});
afterAll(() => rm(folder, { recursive: true }));

const text = 'a,b\n1,2\n';
const gzip = gzipSync(text);

/** All bytes as text; `after` runs when the first ones were read. */
async function read(path: string, after?: () => Promise<void>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readFileBytes(path, { readBytes: 0, sizeBytes: 0 })) {
    if (chunks.length === 0) await after?.();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

async function write(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('readFileBytes', () => {
  it.each([
    ['plain.csv', text, text],
    ['packed.csv.gz', gzip, text],
    ['PACKED.CSV.GZ', gzip, text],
    ['packed.csv', gzip, text],
    ['packed-twice.gz', Buffer.concat([gzip, gzip]), text + text],
    ['empty.csv', '', ''],
  ])('reads %s', async (name, content, expected) => {
    expect(await read(await write(name, content))).toBe(expected);
  });

  it.each([
    ['text.csv.gz', text, 'the file is not a valid gzip file'],
    ['cut.csv.gz', gzip.subarray(0, 15), 'the gzip file is cut short'],
    ['padded.csv.gz', Buffer.concat([gzip, Buffer.alloc(9)]), '9 bytes follow the gzip data'],
    [
      'book.xlsx',
      'PK\u0003\u0004',
      'the file is a zip archive or an Excel file: unpack it, or export it',
    ],
    [
      'log.zst',
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
      'the file is compressed with zstd: unpack it',
    ],
    ['table.parquet', 'PAR1', 'the file is a Parquet file: export it as CSV or JSON'],
    [
      'frame.csv',
      Buffer.from([0xff, 0xfe, 0, 0, 97, 0, 0, 0]),
      'the file is UTF-32 text: save it as UTF-8',
    ],
    [
      'page.csv',
      '\ufeff\n <!DOCTYPE HTML><html>',
      'the file is a web page, perhaps the login of the site: download',
    ],
    ['page.json', '<html lang="en">', 'the file is a web page'],
    ['book.csv', '<?xml version="1.0"?><rows/>', 'the file is XML: export it as CSV or JSON'],
    [
      'pointer.csv',
      'version https://git-lfs.github.com/spec/v1\noid sha256:0\n',
      'the file is a pointer of Git LFS',
    ],
    [
      'archive.tar',
      `${'plain.csv'.padEnd(257, '\0')}ustar\0`,
      'the file is a tar archive: unpack it',
    ],
    [
      'archive.tar.gz',
      gzipSync(`${'plain.csv'.padEnd(257, '\0')}ustar\0`),
      'the file is a tar archive: unpack it',
    ],
    ['twice.csv.gz', gzipSync(gzip), 'the file is compressed with gzip twice: unpack it once'],
    ['book.csv.gz', gzipSync('PK\u0003\u0004'), 'the file is a zip archive'],
  ])('refuses %s', async (name, content, reason) => {
    const path = await write(name, content);
    await expect(read(path)).rejects.toThrow(ConfigError);
    await expect(read(path)).rejects.toThrow(`DATA_PATH: cannot read ${path}: ${reason}`);
  });

  it('refuses at once paths that may never end or never begin', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(read(pipe)).rejects.toThrow(/: the path is a pipe; save its output to a file/);
    await expect(read('/dev/zero')).rejects.toThrow(/: the path is a device; save /);
    const socket = join(folder, 'socket');
    const server = createServer().listen(socket);
    await new Promise((listening) => server.once('listening', listening));
    await expect(read(socket)).rejects.toThrow(/: the path is a socket or a device; save /);
    await new Promise((closed) => server.close(closed));
    const link = join(folder, 'link');
    await symlink(link, link);
    await expect(read(link)).rejects.toThrow(/: its symbolic links lead in a circle$/);
  });

  it('refuses a file that became shorter, or grew by half a row, while it was read', async () => {
    const long = text.repeat(200_000);
    const shrinking = await write('shrinking.csv', long);
    await expect(read(shrinking, () => truncate(shrinking, 300_000))).rejects.toThrow(
      /: the file became shorter during the replay; replay it again$/,
    );
    const growing = await write('growing.csv', long);
    await expect(read(growing, () => appendFile(growing, '3,'))).rejects.toThrow(
      /: the file grew during the replay, and its last line has no end yet; /,
    );
  });

  it('reads whole rows that were added, and the file that was there when another took its name', async () => {
    const long = text.repeat(200_000);
    const growing = await write('growing-by-rows.csv', long);
    expect(await read(growing, () => appendFile(growing, '3,4\n'))).toBe(`${long}3,4\n`);
    const replaced = await write('replaced.csv', long);
    const other = await write('other.csv', 'x,y\n');
    expect(await read(replaced, () => rename(other, replaced))).toBe(long);
  });
});
