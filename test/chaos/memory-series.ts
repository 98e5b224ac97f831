// Resident memory of processes over time: a sample a second each, reported as the medians of the first and
// the last quarter, which are equal when nothing piles up.
import { readFile } from 'node:fs/promises';

export interface MemoryFigures {
  readonly firstQuarterMb: number;
  readonly lastQuarterMb: number;
  readonly peakMb: number;
}

export interface MemorySeries extends Disposable {
  /** The figures of one of the processes so far. */
  of(name: string): MemoryFigures;
  /** All of them in words. */
  told(): string;
}

const EVERY_MS = 1_000;

/** Starts to sample; `pids` is asked for each sample, since servers that are killed come back as others. */
export function watchMemory(pids: Readonly<Record<string, () => number>>): MemorySeries {
  const samples = new Map(Object.keys(pids).map((name) => [name, [] as number[]]));
  const timer = setInterval(() => {
    for (const [name, pid] of Object.entries(pids)) {
      void residentMb(pid()).then((mb) => {
        // A process that was just killed has none.
        if (mb > 0) samples.get(name)!.push(mb);
      });
    }
  }, EVERY_MS);
  const of = (name: string): MemoryFigures => figuresOf(samples.get(name) ?? []);
  const told = (): string =>
    Object.keys(pids)
      .map((name) => {
        const { firstQuarterMb, lastQuarterMb, peakMb } = of(name);
        return `${name} ${firstQuarterMb} → ${lastQuarterMb} (peak ${peakMb})`;
      })
      .join(', ');
  return { of, told, [Symbol.dispose]: () => clearInterval(timer) };
}

/** In whole MB; all 0 when there are no samples. */
export function figuresOf(samplesMb: readonly number[]): MemoryFigures {
  const quarter = Math.ceil(samplesMb.length / 4);
  return {
    firstQuarterMb: median(samplesMb.slice(0, quarter)),
    lastQuarterMb: median(samplesMb.slice(samplesMb.length - quarter)),
    peakMb: Math.round(Math.max(0, ...samplesMb)),
  };
}

function median(values: readonly number[]): number {
  return Math.round(values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0);
}

/** From /proc; 0 where there is none, or no such process. */
async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1_024;
}
