// The program behind `npm run chaos`: strikes every fault of the catalogue on servers of its own and
// prints what became of it. Seeded. Exit code 1 when one failed, 3 when the servers could not be had.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { createRandom } from '../../data/random.ts';
import { asError } from '../../platform/errors.ts';
import { missingForEmbedded, startEmbedded } from '../backend/embedded.ts';
import { catalogue } from './catalogue.ts';
import type { Fault, Lab } from './fault.ts';
import { mixFault } from './faults/servers.ts';
import { lineOf, pageOf, type Result } from './report.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'reliability.md');

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    /** How many times as often as in `npm test`. */
    intensity: { type: 'string', default: '10' },
    /** Of faults that run by the clock. */
    minutes: { type: 'string' },
    only: { type: 'string', multiple: true },
    mix: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  const missing = await missingForEmbedded();
  if (missing !== undefined) {
    say(`chaos needs its own servers: ${missing}`);
    return 3;
  }
  const seed = Number(values.seed);
  const intensity = Math.max(1, Number(values.intensity));
  const minutes = Number(values.minutes ?? (values.mix ? 10 : 2));
  const faults = chosen();
  if (faults.length === 0) {
    say(
      `--only: there is no such fault; there are ${catalogue.map(({ name }) => name).join(', ')}`,
    );
    return 2;
  }
  say(`seed ${seed}, intensity ${intensity}, ${faults.length} faults`);
  await using servers = await startEmbedded();
  const results: Result[] = [];
  for (const [sequence, fault] of faults.entries()) {
    const random = createRandom(seed, sequence);
    const result = await strike(fault, { endpoints: servers, random, intensity, minutes });
    say(lineOf(result));
    if (result.struck instanceof Error) say(result.struck.stack ?? '');
    results.push(result);
  }
  const options = `--seed ${seed} --intensity ${intensity} --minutes ${minutes}`;
  if (values.report) {
    const style = await resolveConfig(PAGE);
    await writeFile(PAGE, await format(pageOf(results, options), { ...style, filepath: PAGE }));
  }
  const failed = results.filter(({ struck }) => struck instanceof Error).length;
  say(`${results.length - failed} of ${results.length} faults ended as they must`);
  return failed === 0 ? 0 : 1;
}

function chosen(): readonly Fault[] {
  const all = values.mix ? [mixFault] : [...catalogue, ...(values.report ? [mixFault] : [])];
  const { only } = values;
  return only === undefined ? all : all.filter(({ name }) => only.includes(name));
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
