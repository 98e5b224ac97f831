// `npm run simulate -- [--runs N] [--seed N] [--mutation NAME|all] [--script JSON]`: runs histories of consumers and
// processors and prints the shortest script of one that fails. Exit code 1: a history failed, or a mutation was
// not found.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { format } from 'node:util';
import fc from 'fast-check';
import { readCommandLine } from '../../platform/command-line.ts';
import type { Logger } from '../../platform/log.ts';
import { simulateCommand } from './command.ts';
import type { Script } from './history.ts';
import { mutatedHistory } from './mutate.ts';
import { mutations, type Mutation } from './mutations.ts';
import { script } from './scripts.ts';

/** Fewer are over before a second process has begun. */
const LONG_RUNS = 500;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const { values } = readCommandLine(simulateCommand);
const parts = availableParallelism();
if (values.mutation === 'all') process.exitCode = await eachMutation();
else if (isLong() && parts > 1) process.exitCode = await onAllCores(parts);
else {
  const chosen = mutations.find(({ name }) => name === values.mutation);
  const simulator = await (chosen === undefined ? import('./history.ts') : mutatedHistory(chosen));
  process.exitCode = await (values.script === undefined
    ? random(simulator, chosen)
    : one(simulator, values.script));
}

/** Whether a core for itself would not be enough: a part of another run names its first history. */
function isLong(): boolean {
  const { first, mutation, runs, script } = values;
  const isOne = script !== undefined || mutation !== undefined || first !== undefined;
  return !isOne && runs >= LONG_RUNS;
}

/** Runs as many processes as there are cores, each its share of the histories; 1 when one fails. */
async function onAllCores(count: number): Promise<number> {
  const startedAt = performance.now();
  const runs = values.runs;
  const share = Math.ceil(runs / count);
  const codes = await Promise.all(
    Array.from({ length: count }, async (_, part) => {
      const first = part * share;
      const own = ['--runs', String(Math.min(share, runs - first)), '--first', String(first + 1)];
      const args = [...process.execArgv, process.argv[1]!, '--seed', String(values.seed), ...own];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
      const [code] = (await once(child, 'exit')) as [number | null];
      return code;
    }),
  );
  if (codes.some((code) => code !== 0)) return 1;
  sayPassed(runs, startedAt);
  return 0;
}

function sayPassed(runs: number, startedAt: number): void {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  say(`${runs} histories in ${seconds} s: nothing is lost or doubled`);
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
    seed: values.seed,
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
  const runs = values.runs;
  const isMutated = mutation !== undefined;
  const first = values.first ?? 1;
  const found = await check(simulator, { runs, first, isMutated });
  if (found === undefined) {
    if (values.first === undefined) sayPassed(runs, startedAt);
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
    const isKnown = values.seed === 1;
    const known = { runs: isKnown ? 1 : 0, first: foundBy, isMutated: true };
    const found =
      (await check(simulator, known)) ??
      (await check(simulator, { runs: values.runs, isMutated: true }));
    if (found === undefined) missed += 1;
    const [said] = found?.said.split('\n') ?? [`NOT FOUND in ${values.runs} histories`];
    const isMoved = isKnown && found !== undefined && found.history !== foundBy;
    say(
      `${name}: ${said}${isMoved ? ` (foundBy: ${foundBy} in mutations.ts is out of date)` : ''}`,
    );
  }
  return missed === 0 ? 0 : 1;
}
