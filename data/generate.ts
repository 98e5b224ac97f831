// The command that writes generated data (`npm run data`): the sensor CSV or the traffic reports, the
// small committed files, the full-size ones beside them, or any part anywhere.
import { join, relative } from 'node:path';
import type { Given } from '../platform/command-line.ts';
import { oneShot, runProgram } from '../platform/service.ts';
import { dataCommand, generateOptions, type GenerateOptions } from './generate-options.ts';
import { csvChunks } from './sensor-csv.ts';
import { writeTraffic } from './traffic/write-traffic.ts';
import { writeWhole } from './whole-file.ts';

/**
 * Writes the file that `options` describe, compressed if its name ends in `.gz`.
 * @returns its size in bytes.
 * @throws {ConfigError} if it cannot be written there.
 */
export function writeSensorCsv({ rows, seed, out }: GenerateOptions): Promise<number> {
  return writeWhole(out, csvChunks(seed, rows));
}

async function main(given: Given<typeof dataCommand>): Promise<number> {
  const options = generateOptions(given, (name) => join(import.meta.dirname, name));
  if ('outs' in options)
    for (const out of options.outs) tell(out, await writeTraffic(options, out));
  else tell(options.out, await writeSensorCsv(options));
  return 0;
}

function tell(out: string, size: number): void {
  const shown = relative(process.cwd(), out);
  process.stdout.write(`Wrote ${shown}: ${(size / 1e6).toFixed(1)} MB\n`);
}

if (import.meta.main) {
  await runProgram(dataCommand, (given) => Promise.resolve(oneShot(main(given))));
}
