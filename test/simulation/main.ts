// `npm run simulate -- [--runs N] [--seed N] [--mutation NAME|all] [--script JSON]`: runs histories of consumers and
// processors and prints the shortest script of one that fails. Exit code 1: a history failed, or a mutation was
// not found.
import { format } from 'node:util';
import fc from 'fast-check';
import { readOptions, type Help } from '../../platform/command-line.ts';
import type { Logger } from '../../platform/log.ts';
import type { Script } from './history.ts';
import { mutatedHistory } from './mutate.ts';
import { mutations, type Mutation } from './mutations.ts';
import { script } from './scripts.ts';

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
if (values.mutation === 'all') process.exitCode = await eachMutation();
else {
  const chosen = mutations.find(({ name }) => name === values.mutation);
  if (values.mutation !== undefined && chosen === undefined) {
    process.stderr.write(`no mutation is called "${values.mutation}"\n`);
    process.exit(2);
  }
  const simulator = await (chosen === undefined ? import('./history.ts') : mutatedHistory(chosen));
  process.exitCode = await (values.script === undefined
    ? random(simulator, chosen)
    : one(simulator, values.script));
}

type Simulator = typeof import('./history.ts');

/** Runs random histories, from number `first` on, until one fails. */
async function check(
  { runHistory }: Simulator,
  { runs, first = 1, isMutated }: { runs: number; first?: number; isMutated: boolean },
) {
  const property = fc.asyncProperty(script, async (tried) => {
    const wrong = await runHistory(tried);
    if (wrong !== undefined) throw new Error(wrong);
  });
  const { counterexample, errorInstance, failed, numRuns } = await fc.check(property, {
    numRuns: runs,
    seed: Number(values.seed),
    path: String(first - 1),
    // Of a mutation it is enough that it is found: the shortest script takes minutes.
    endOnFailure: isMutated,
  });
  if (!failed) return undefined;
  const wrong = errorInstance instanceof Error ? errorInstance.message : 'unknown';
  const history = first - 1 + numRuns;
  const said = `history ${history} of seed ${values.seed} fails: ${wrong}`;
  return { history, said, script: JSON.stringify(counterexample?.[0]) };
}

/** Runs random histories; 1 when one fails. */
async function random(simulator: Simulator, mutation: Mutation | undefined): Promise<number> {
  const startedAt = performance.now();
  const runs = Number(values.runs);
  const isMutated = mutation !== undefined;
  const found = await check(simulator, { runs, isMutated });
  const seconds = (performance.now() - startedAt) / 1_000;
  if (found === undefined) {
    say(`${runs} histories in ${seconds.toFixed(1)} s: nothing is lost or doubled`);
    return 0;
  }
  say(found.said);
  say(`${isMutated ? 'with' : 'shrunk to'}: --script '${found.script}'`);
  return 1;
}

/** Runs one history and prints what the programs say. */
async function one({ runHistory }: Simulator, text: string): Promise<number> {
  const log = (...said: unknown[]): void => say(format(...said));
  const logger = { trace: log, debug: log, info: log, warn: log, error: log } as unknown as Logger;
  const wrong = await runHistory(JSON.parse(text) as Script, logger);
  say(wrong ?? 'nothing is lost or doubled');
  return wrong === undefined ? 0 : 1;
}

/** Looks for every mutation, first in the history that found it before; 1 when one is not found. */
async function eachMutation(): Promise<number> {
  let missed = 0;
  for (const mutation of mutations) {
    const { foundBy, name } = mutation;
    const simulator = await mutatedHistory(mutation);
    const found =
      (await check(simulator, { runs: 1, first: foundBy, isMutated: true })) ??
      (await check(simulator, { runs: Number(values.runs), isMutated: true }));
    if (found === undefined) missed += 1;
    const [said] = found?.said.split('\n') ?? [`NOT FOUND in ${values.runs} histories`];
    const isMoved = found !== undefined && found.history !== foundBy;
    say(
      `${name}: ${said}${isMoved ? ` (foundBy: ${foundBy} in mutations.ts is out of date)` : ''}`,
    );
  }
  return missed === 0 ? 0 : 1;
}
