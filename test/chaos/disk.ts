// A small disk for one fault, which can really be full: a tmpfs, where this process may mount.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asError, errorCode } from '../../platform/errors.ts';
import { NotPossibleError } from './fault.ts';

const run = promisify(execFile);
const CHUNK = Buffer.alloc(64 * 1024, 0x2e);

export interface SmallDisk extends AsyncDisposable {
  readonly folder: string;
  /** Takes all that is left but these bytes. */
  fill(leaveBytes?: number): Promise<void>;
  /** Gives back what {@link fill} took. */
  relieve(): Promise<void>;
}

/** @throws {NotPossibleError} where this process may not mount. */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  } catch (thrown) {
    await rm(folder, { recursive: true, force: true });
    const why = asError(thrown).message.trim().split('\n').at(-1) ?? '';
    throw new NotPossibleError(`a disk of its own needs the right to mount: ${why}`);
  }
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: async (leaveBytes = 0) => {
      await using file = await open(ballast, 'a');
      try {
        for (;;) await file.write(CHUNK);
      } catch (error) {
        if (errorCode(error) !== 'ENOSPC') throw error;
      }
      await file.truncate(Math.max(0, (await file.stat()).size - leaveBytes));
    },
    relieve: () => rm(ballast, { force: true }),
    [Symbol.asyncDispose]: async () => {
      // Lazily: the server on it may be ending.
      await run('umount', ['-l', folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
