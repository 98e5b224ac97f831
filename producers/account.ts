// The outcome of every row that a producer read. Each row is settled exactly once; a row that was read and
// never settled counts as failed, so the final line always adds up to the rows read.

export interface Account {
  /** Rows taken from the source, each of which is in exactly one of the others. */
  readonly read: number;
  /** Acknowledged by Kafka. */
  readonly sent: number;
  /** Given to Kafka, but the acknowledgement was lost: each may or may not be there. */
  readonly inDoubt: number;
  /** Printed instead of sent. */
  readonly dryRun: number;
  /** Neither in Kafka nor printed. */
  readonly failed: number;
  /** Of all rows read, those that do not fit the stream and were sent on to become dead letters. */
  readonly misfits: number;
}

/** What can become of a row; a row that is never settled counts as failed. */
export type Outcome = 'sent' | 'inDoubt' | 'dryRun';

/** Keeps the account of one run. */
export class Ledger {
  #read = 0;
  #misfits = 0;
  readonly #settled: Record<Outcome, number> = { sent: 0, inDoubt: 0, dryRun: 0 };

  /** `rows` more were taken from the source, `misfits` of which do not fit the stream. */
  took(rows: number, misfits = 0): void {
    this.#read += rows;
    this.#misfits += misfits;
  }

  /**
   * `rows` of those taken came to `outcome`.
   * @throws {Error} when more rows would be settled than were taken: a mistake of the caller.
   */
  settle(outcome: Outcome, rows: number): void {
    if (rows > this.open) throw new Error(`${rows} rows settled, ${this.open} are open`);
    this.#settled[outcome] += rows;
  }

  /** Rows taken and not settled. */
  get open(): number {
    const { sent, inDoubt, dryRun } = this.#settled;
    return this.#read - sent - inDoubt - dryRun;
  }

  get read(): number {
    return this.#read;
  }

  /** The account as it stands if nothing more happens. */
  close(): Account {
    return { read: this.#read, ...this.#settled, failed: this.open, misfits: this.#misfits };
  }
}

/** The final line for people. */
export function describe({ read, sent, inDoubt, dryRun, failed, misfits }: Account): string {
  const outcomes = `sent ${sent}, in doubt (ack lost) ${inDoubt}, dry-run ${dryRun}, failed ${failed}`;
  const dead = misfits === 0 ? '' : `; ${misfits} of them do not fit and become dead letters`;
  return `${read} rows read: ${outcomes}${dead}`;
}
