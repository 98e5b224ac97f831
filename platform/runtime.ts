// The time and chance that protocol code takes from its machine. Programs use the system's; the simulator
// drives the same code on a virtual clock and a seeded generator.
import { setTimeout as sleep } from 'node:timers/promises';

export interface Runtime {
  /** Wall clock, epoch milliseconds. */
  nowMs(): number;
  /** Resolves after `ms` milliseconds; keeps the process alive. */
  sleep(ms: number): Promise<void>;
  /** Calls `due` once after `ms` milliseconds, unless the returned function was called before. */
  after(ms: number, due: () => void): () => void;
  /** At least 0, below 1. */
  random(): number;
}

export const systemRuntime: Runtime = {
  nowMs: () => Date.now(),
  sleep: (ms) => sleep(ms),
  after: (ms, due) => {
    const timer = setTimeout(due, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
