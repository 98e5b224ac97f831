// The form of a fault in the catalogue: a name, its effect in a sentence, its origin, and a strike that ends
// in a checked world.
import type { PartitionAudit } from '../../consumer/audit/reckoning.ts';
import type { Random } from '../../data/random.ts';
import type { Endpoints } from './world.ts';

export interface Lab {
  readonly endpoints: Endpoints;
  /** Seeded: the same run again strikes at the same points, as far as the machine lets it. */
  readonly random: Random;
  /** 1 inside `npm test`; `npm run chaos` strikes this many times as often. */
  readonly intensity: number;
  /** Kills and rebalances as often as the project promises, whatever the intensity. */
  readonly full: boolean;
  /** How long the mix goes on. */
  readonly minutes: number;
}

/** What the fault needs cannot be had on this machine: it is reported as not run, with the reason. */
export class NotPossibleError extends Error {
  override readonly name = 'NotPossibleError';
}

/** Of an audit what the report shows. */
export interface Account {
  readonly exact: boolean;
  readonly partitions: readonly Pick<
    PartitionAudit,
    'good' | 'dead' | 'gap' | 'absent' | 'older' | 'begin' | 'end'
  >[];
}

export interface Struck {
  /** How often the fault hit. */
  readonly times: number;
  /** The clean audit that it ended in, or what it was supposed to look like. */
  readonly audit: Account;
  /** What else a reader of the report should know. */
  readonly note?: string;
}

export interface Fault {
  readonly name: string;
  /** One sentence for the report. */
  readonly about: string;
  /** Runs inside `npm test`. */
  readonly quick: boolean;
  /** @throws {Error} when anything was lost, doubled, or the fault did not strike. */
  readonly strike: (lab: Lab) => Promise<Struck>;
}

/** A fault that did not happen proves nothing. */
export function assertStruck(times: number, atLeast: number): void {
  if (times < atLeast) throw new Error(`struck ${times} times, wanted at least ${atLeast}`);
}

export function assert(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
