// `npm run simulate -- [--runs N] [--seed N] [--mutation NAME|all] [--script JSON]`: runs histories of consumers and
// processors and prints the shortest script of one that fails. Exit code 1: a history failed, or a mutation was
// not found.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import fc from 'fast-check';
import { readOptions, type Help } from '../../platform/command-line.ts';
import type { Logger } from '../../platform/log.ts';
import type { Script } from './history.ts';
import { mutate } from './mutate.ts';
import { mutations } from './mutations.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const HELP: Help = {
  about: 'Runs random histories of consumers and processors on a simulated Kafka and sink.',
  command: 'npm run simulate',
  options: {
    '--runs N': 'how many histories (1000)',
    '--seed N': 'other ones (1)',
    '--script JSON': 'only this one, with what the programs say',
    '--mutation NAME': `breaks one rule first, which has to be found: ${mutations.map(({ name }) => name).join(', ')}, or all`,
  },
};
const values = readOptions(HELP, {
  runs: { type: 'string', default: '1000' },
  seed: { type: 'string', default: '1' },
  mutation: { type: 'string' },
  script: { type: 'string' },
});
if (values.mutation === 'all') process.exitCode = eachMutation();
else {
  const chosen = mutations.find(({ name }) => name === values.mutation);
  if (values.mutation !== undefined && chosen === undefined) {
    process.stderr.write(`no mutation is called "${values.mutation}"\n`);
    process.exit(2);
  }
  if (chosen !== undefined) mutate(chosen);
  process.exitCode = values.script === undefined ? await random() : await one(values.script);
}

/** Runs random histories; 1 when one fails. */
async function random(): Promise<number> {
  const { runHistory } = await import('./history.ts');
  const { script } = await import('./scripts.ts');
  const startedAt = performance.now();
  const property = fc.asyncProperty(script, async (tried) => {
    const wrong = await runHistory(tried);
    if (wrong !== undefined) throw new Error(wrong);
  });
  const runs = Number(values.runs);
  // Of a mutation it is enough that it is found: the shortest script takes minutes.
  const endOnFailure = values.mutation !== undefined;
  const found = await fc.check(property, {
    numRuns: runs,
    seed: Number(values.seed),
    endOnFailure,
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  if (!found.failed) {
    say(`${runs} histories in ${seconds.toFixed(1)} s: nothing is lost or doubled`);
    return 0;
  }
  const wrong = found.errorInstance instanceof Error ? found.errorInstance.message : 'unknown';
  say(`history ${found.numRuns} of seed ${values.seed} fails: ${wrong}`);
  say(
    `${endOnFailure ? 'with' : 'shrunk to'}: --script '${JSON.stringify(found.counterexample?.[0])}'`,
  );
  return 1;
}

/** Runs one history and prints what the programs say. */
async function one(text: string): Promise<number> {
  const { runHistory } = await import('./history.ts');
  const log = (...said: unknown[]): void => say(format(...said));
  const logger = { trace: log, debug: log, info: log, warn: log, error: log } as unknown as Logger;
  const wrong = await runHistory(JSON.parse(text) as Script, logger);
  say(wrong ?? 'nothing is lost or doubled');
  return wrong === undefined ? 0 : 1;
}

/** Runs every mutation in a process of its own; 1 when one is not found. */
function eachMutation(): number {
  let missed = 0;
  for (const { name } of mutations) {
    const self = fileURLToPath(import.meta.url);
    const args = [self, '--runs', values.runs, '--seed', values.seed, '--mutation', name];
    const { status, stderr, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    const isFound = status === 1 && stdout.startsWith('history ');
    if (!isFound) missed += 1;
    const said = isFound ? stdout.split('\n')[0] : `NOT FOUND ${stdout}${stderr}`;
    say(`${name}: ${said}`);
  }
  return missed === 0 ? 0 : 1;
}
