// Random histories of the consumer's protocol lose and double nothing, and each fault that is put into the
// code on purpose is found by some of them: a simulator that finds nothing would prove nothing.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { mutated } from './mutate.ts';
import { mutations } from './mutations.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/** Exit code and output of a run of the simulator. */
async function simulate(...args: string[]): Promise<{ code: number; said: string }> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...args]);
    return { code: 0, said: stdout };
  } catch (error) {
    const { code, stderr, stdout } = error as { code: number; stderr: string; stdout: string };
    return { code, said: `${stdout}${stderr}` };
  }
}

describe('the protocol of the consumer', () => {
  it('loses and doubles nothing in a thousand random histories', async () => {
    const { code, said } = await simulate('--runs', '1000');
    expect(said).toMatch(/nothing is lost or doubled/);
    expect(code).toBe(0);
  });

  it.each(mutations)('is found wrong when it would $name', async (mutation) => {
    expect(mutated(mutation)).not.toBe('');
    const { code, said } = await simulate('--runs', '600', '--mutation', mutation.name);
    expect(said).toMatch(/^history \d+ of seed 1 fails: /);
    expect(code).toBe(1);
  });
});
