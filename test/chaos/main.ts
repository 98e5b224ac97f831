// The program behind `npm run chaos`: strikes every fault of the catalogue on servers of its own and
// prints what became of it. Seeded. Exit code 1 when one failed, 3 when the servers could not be had.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { createRandom } from '../../data/random.ts';
import { readOptions, type Help } from '../../platform/command-line.ts';
import { asError } from '../../platform/errors.ts';
import { missingForEmbedded, startEmbedded } from '../backend/embedded.ts';
import { catalogue } from './catalogue.ts';
import type { Fault, Lab } from './fault.ts';
import { mixFault } from './faults/mix.ts';
import { hasFailed, lineOf, linesOf, pageOf, type Result } from './report.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'reliability.md');

/** The mix last: it is the longest, and its memory is watched best when nothing else starts. */
const everything: readonly Fault[] = [...catalogue, mixFault];

const HELP: Help = {
  about:
    'Strikes faults on a Kafka and a ClickHouse of its own and audits what became of the messages.',
  command: 'npm run chaos',
  options: {
    '--only FAULT': 'this fault; may be given several times',
    '--seed N': 'another course of events (1)',
    '--intensity N': 'how many times as often as in npm test (3)',
    '--jobs N': 'faults that run at a time (1)',
    '--mix': 'only the mix of all faults',
    '--minutes N': 'how long the mix takes (10)',
    '--full': 'all faults and the mix; writes docs/reliability.md',
  },
  notes: `Faults: ${everything.map(({ name }) => name).join(', ')}`,
};

const values = readOptions(HELP, {
  seed: { type: 'string', default: '1' },
  /** How many times as often as in `npm test`. */
  intensity: { type: 'string', default: '3' },
  /** Of the mix. */
  minutes: { type: 'string', default: '10' },
  only: { type: 'string', multiple: true },
  mix: { type: 'boolean', default: false },
  /**
   * All faults and the mix, into docs/reliability.md, whatever the intensity with 50 kills of the
   * consumer, 20 of ClickHouse, 5 of the broker and two minutes of rebalances.
   */
  full: { type: 'boolean', default: false },
  /** Faults that run at a time; most of them wait for timeouts. */
  jobs: { type: 'string', default: '1' },
});

async function main(): Promise<number> {
  const missing = await missingForEmbedded();
  if (missing !== undefined) {
    say(`chaos needs its own servers: ${missing}`);
    return 3;
  }
  const { full } = values;
  const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
  const intensity = Math.max(1, Number(values.intensity));
  const faults = chosen();
  if (faults.length === 0) {
    const names = everything.map(({ name }) => name);
    say(`--only: there is no such fault; there are ${names.join(', ')}`);
    return 2;
  }
  say(`seed ${seed}, intensity ${intensity}, ${faults.length} faults`);
  await using servers = await startEmbedded();
  const results: Result[] = [];
  const next = faults.entries();
  const work = async (): Promise<void> => {
    for (const [at, fault] of next) {
      const random = createRandom(seed, everything.indexOf(fault));
      const result = await strike(fault, { endpoints: servers, random, intensity, full, minutes });
      say(lineOf(result));
      if (result.struck instanceof Error && hasFailed(result)) say(result.struck.stack ?? '');
      results[at] = result;
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, work));
  if (full) {
    const options = `--seed ${seed} --intensity ${intensity} --minutes ${minutes}`;
    const style = await resolveConfig(PAGE);
    const earlier = values.only === undefined ? '' : await readFile(PAGE, 'utf8');
    const page = pageOf(everything, results, linesOf(earlier), options);
    await writeFile(PAGE, await format(page, { ...style, filepath: PAGE }));
  }
  const failed = results.filter(hasFailed).length;
  const skipped = results.filter(({ struck }) => struck instanceof Error).length - failed;
  const passed = results.length - failed - skipped;
  say(`${passed} of ${results.length} faults ended as they must, ${skipped} could not be had here`);
  return failed === 0 ? 0 : 1;
}

function chosen(): readonly Fault[] {
  const { full, mix, only } = values;
  if (only !== undefined) return everything.filter(({ name }) => only.includes(name));
  if (mix) return [mixFault];
  return full ? everything : catalogue;
}

async function strike(fault: Fault, lab: Lab): Promise<Result> {
  const startedAt = performance.now();
  const struck = await fault.strike(lab).catch(asError);
  return { fault, struck, seconds: (performance.now() - startedAt) / 1_000 };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exit(await main());
