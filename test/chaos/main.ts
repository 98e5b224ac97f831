// The program behind `npm run chaos`: strikes every fault of the catalogue on servers of its own and prints
// the results. Seeded.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { createRandom } from '../../data/random.ts';
import { readCommandLine } from '../../platform/command-line.ts';
import { asError } from '../../platform/errors.ts';
import { missingForEmbedded, startEmbedded } from '../backend/embedded.ts';
import { catalogue } from './catalogue.ts';
import { chaosCommand, everything } from './command.ts';
import type { Fault, Lab } from './fault.ts';
import { mixFault } from './faults/mix.ts';
import { hasFailed, lineOf, linesOf, pageOf, type Result } from './report.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'reliability.md');

const { values } = readCommandLine(chaosCommand);

async function main(): Promise<number> {
  const missing = await missingForEmbedded();
  if (missing !== undefined) {
    say(`chaos needs its own servers: ${missing}`);
    return 3;
  }
  const { full, intensity, minutes, seed } = values;
  const faults = chosen();
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
  await Promise.all(Array.from({ length: values.jobs }, work));
  if (full) {
    const options = `--seed ${seed} --intensity ${intensity} --minutes ${minutes}`;
    const style = await resolveConfig(PAGE);
    const earlier = values.only.length === 0 ? '' : await readFile(PAGE, 'utf8');
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
  if (only.length > 0) return everything.filter(({ name }) => only.includes(name));
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
