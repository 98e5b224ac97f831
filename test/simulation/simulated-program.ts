// What a history does to a running program, whichever it is, and when a stop counts as undisturbed.
import type { Network, Program } from './program.ts';

export interface SimulatedProgram {
  readonly program: Program;
  /** Stops as a signal stops it: lands what was read, then leaves the group. */
  stop(): Promise<void>;
  /** The group forgets this member, as after a session that ended. */
  forgotten(): void;
}

/**
 * The returned function says whether nothing disturbed `program` since: no fault of these networks, no pause, no
 * more time than `withinMs`.
 */
export function undisturbed(
  program: Program,
  networks: readonly Network[],
  withinMs: number,
): () => boolean {
  const atMs = program.runtime.nowMs();
  const pauses = program.pauses;
  const faults = networks.map((network) => network.faults);
  const isWell = networks.every(({ calmAtMs }) => calmAtMs < atMs);
  return () => {
    const isInTime = program.runtime.nowMs() - atMs < withinMs;
    const isSame = networks.every((network, at) => network.faults === faults[at]);
    return isWell && isInTime && isSame && program.pauses === pauses && !program.paused;
  };
}
