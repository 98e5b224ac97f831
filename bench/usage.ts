// The cost of a process so far, from /proc: CPU seconds and the peak of its resident memory. On a machine
// without /proc it reports zeros, which the tables show as such.
import { readFileSync } from 'node:fs';

export interface Usage {
  readonly cpuSec: number;
  readonly peakRssMb: number;
}

const TICKS_PER_SEC = 100;

/** Usage of process `pid` up to now. */
export function usageOf(pid: number): Usage {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const cpuSec = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SEC;
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const peakKb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
    return { cpuSec, peakRssMb: peakKb / 1024 };
  } catch {
    return { cpuSec: 0, peakRssMb: 0 };
  }
}

/** The middle of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which `share` (0 to 1) of the figures lie. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
