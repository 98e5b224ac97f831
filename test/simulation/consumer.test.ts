// Random histories of consumers and processors lose and double nothing, and each fault that is put into the code
// on purpose is found by some of them: a simulator that finds nothing would prove nothing.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
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

/** The simulator looks for every mutation in one process: starting Node takes longer than most searches. */
let searched: ReturnType<typeof simulate> | undefined;

describe('the protocols of consumer and processor', () => {
  it('lose and double nothing in five hundred random histories', async () => {
    const { code, said } = await simulate('--runs', '500');
    expect(said).toMatch(/nothing is lost or doubled/);
    expect(code).toBe(0);
  });

  it.each(mutations)('are found wrong when they would $name', async (mutation) => {
    expect(mutated(mutation)).not.toBe('');
    const { said } = await (searched ??= simulate('--runs', '600', '--mutation', 'all'));
    const line = said.split('\n').find((each) => each.startsWith(`${mutation.name}: `)) ?? said;
    const found = mutation.isChecked === true ? 'a process ended: InvariantError: ' : '';
    expect(line).toMatch(new RegExp(`: history \\d+ of seed 1 fails: ${found}`));
  });

  it('end the search for all mutations with 0', async () => {
    expect((await searched)?.code).toBe(0);
  });

  it('have each mutation explained in docs/simulation.md', () => {
    const text = readFileSync(new URL('../../docs/simulation.md', import.meta.url), 'utf8');
    const listed = [...text.matchAll(/^\| (.+?) +\| `/gm)].map((match) => match[1]);
    expect(listed).toEqual(mutations.map(({ name }) => name));
  });
});
