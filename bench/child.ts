// Runs one part of a benchmark as a process of its own and collects its result and what it cost.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { environment } from '../platform/config.ts';
import { usageOf, type Usage } from './usage.ts';

export interface Result extends Usage {
  readonly sec: number;
  readonly rowsPerSec: number;
  /** Further figures of a part. */
  readonly [figure: string]: number;
}

/** As the consumer is run everywhere. */
export const MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' };

/** What Node compiled before, without types: `npm start` gives its programs such a folder, too. */
const COMPILED = {
  NODE_COMPILE_CACHE: join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled'),
};

/** Folder for CPU profiles of the children; none are written without it. */
const profilesPath = environment()['BENCH_PROFILES'];

/** Runs `bench/<name>.ts`, which prints its result as the last line of JSON on stdout. */
export async function runChild(
  name: string,
  args: readonly (string | number)[],
  env: Record<string, string>,
): Promise<Result> {
  const child = spawn(
    process.execPath,
    [
      '--max-semi-space-size=4',
      '--initial-heap-size=128',
      '--disable-warning=TimeoutNegativeWarning',
      ...(profilesPath === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profilesPath}`]),
      join(import.meta.dirname, `${name}.ts`),
      ...args.map(String),
    ],
    {
      env: { ...environment(), ...MALLOC, ...COMPILED, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let usage: Usage = { cpuSec: 0, peakRssMb: 0 };
  const sampler = setInterval(() => {
    const now = usageOf(child.pid ?? 0);
    usage = {
      cpuSec: Math.max(usage.cpuSec, now.cpuSec),
      peakRssMb: Math.max(usage.peakRssMb, now.peakRssMb),
    };
  }, 50);
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(sampler);
  if (code !== 0) throw new Error(`bench/${name}.ts ended with ${String(code)}`);
  const measured = JSON.parse(out.trim().split('\n').at(-1)!) as {
    sec: number;
    rowsPerSec: number;
  };
  return { ...usage, ...measured };
}
