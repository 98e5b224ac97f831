import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import { environment } from '../platform/config.ts';
import { rowLimitMistake } from './config.ts';

vi.setConfig({ testTimeout: 120_000 });

it('says a mistaken ROW_LIMIT last, too, beside what was sent', async () => {
  const env = { ...environment(), PRODUCER: 'A', ROW_LIMIT: 'abc', INTERVAL_MS: '0' };
  const away = { KAFKA_BROKER: '127.0.0.1:1', KAFKA_MAX_BLOCK_MS: '100', ON_KAFKA_DOWN: 'dry-run' };
  const program = join(import.meta.dirname, 'main.ts');
  const { stderr, stdout } = await promisify(execFile)(process.execPath, [program], {
    env: { ...env, ...away },
  });
  expect(stdout.trim().split('\n')).toHaveLength(5);
  const lines = stderr.trim().split('\n');
  for (const line of [lines[0], lines.at(-1)])
    expect(line).toMatch(/ROW_LIMIT: .*abc.* is not an integer from 1, or all; using 5 rows/);
});

it('says nothing of a limit that makes sense', () => {
  expect(rowLimitMistake({ ROW_LIMIT: { rows: 5 } })).toBeUndefined();
});
