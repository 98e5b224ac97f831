// A runtime whose clock moves only by what code waits for: waits end at once, are written down, and the clock
// then shows that they are over.
import type { Runtime } from '../platform/runtime.ts';

export interface ManualRuntime extends Runtime {
  /** Every wait so far, in milliseconds. */
  readonly slept: number[];
  /** Moves the clock. */
  advance(ms: number): void;
}

/** `random` is always the least, so that a wait is its shortest. */
export function manualRuntime(startMs = Date.UTC(2026, 0, 1)): ManualRuntime {
  let nowMs = startMs;
  const slept: number[] = [];
  const due = new Set<{ readonly atMs: number; readonly run: () => void }>();
  const advance = (ms: number): void => {
    nowMs += ms;
    for (const each of [...due].filter(({ atMs }) => atMs <= nowMs)) {
      due.delete(each);
      each.run();
    }
  };
  return {
    slept,
    advance,
    nowMs: () => nowMs,
    random: () => 0,
    sleep: (ms) => {
      slept.push(ms);
      advance(ms);
      return Promise.resolve();
    },
    after: (ms, run) => {
      const each = { atMs: nowMs + ms, run };
      due.add(each);
      return () => due.delete(each);
    },
  };
}
