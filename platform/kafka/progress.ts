// Finds partitions that stand still although the servers answer: readable records wait behind the program's
// position, and it takes or finishes none of them. Records behind an open transaction do not count, nor does
// time in which the log gave no answer.

/** One partition as its reader sees it. */
export interface Moving {
  /** The next offset to take. */
  readonly position: number;
  /** Everything below is finished. */
  readonly landed: number;
  /** One past the last record that may be read. */
  end: number;
}

export interface Standstill {
  readonly partition: number;
  /** Where it stands, and how many records wait behind that. */
  readonly offset: number;
  readonly waiting: number;
  readonly forMs: number;
}

/** Without progress for this long a partition stands still. */
export const STANDSTILL_MS = 30_000;

interface Mark {
  readonly landed: number;
  readonly position: number;
  /** Since when records wait to be taken, and since when taken ones wait to be finished. */
  readonly waitsSinceMs: number | undefined;
  readonly unfinishedSinceMs: number | undefined;
}

export class ProgressWatch {
  readonly #finishWithinMs: number;
  readonly #clock: () => number;
  #marks = new Map<number, Mark>();
  #standing: readonly Standstill[] = [];

  /** `restMs`: so long what was taken may rest before it has to be finished. */
  constructor(restMs = 0, clock = () => performance.now()) {
    this.#finishWithinMs = STANDSTILL_MS + restMs;
    this.#clock = clock;
  }

  /** Asks how far the log goes, notes it in `states`, and judges them. Throws what `ranges` throws. */
  async look(
    states: ReadonlyMap<number, Moving>,
    ranges: () => Promise<ReadonlyMap<number, { readonly end: number }>>,
  ): Promise<void> {
    try {
      for (const [partition, { end }] of await ranges()) {
        const state = states.get(partition);
        if (state !== undefined) state.end = end;
      }
    } catch (error) {
      this.#marks.clear();
      this.#standing = [];
      throw error;
    }
    this.#note(states);
  }

  #note(states: ReadonlyMap<number, Moving>): void {
    const nowMs = this.#clock();
    const marks = new Map<number, Mark>();
    for (const [partition, state] of states) {
      marks.set(partition, markOf(state, this.#marks.get(partition), nowMs));
    }
    this.#marks = marks;
    this.#standing = [...marks].flatMap(([partition, mark]) => {
      const { landed, position, unfinishedSinceMs = nowMs, waitsSinceMs = nowMs } = mark;
      const [waitsMs, unfinishedMs] = [nowMs - waitsSinceMs, nowMs - unfinishedSinceMs];
      const { end } = states.get(partition)!;
      if (unfinishedMs >= this.#finishWithinMs) {
        return [{ partition, offset: landed, waiting: end - landed, forMs: unfinishedMs }];
      }
      if (waitsMs < STANDSTILL_MS) return [];
      return [{ partition, offset: position, waiting: end - position, forMs: waitsMs }];
    });
  }

  /** Partitions that stood still at the last look and have not moved since. */
  standing(states: ReadonlyMap<number, Moving>): Standstill[] {
    return this.#standing.filter(({ partition }) => {
      const state = states.get(partition);
      if (state === undefined) return false;
      const mark = this.#marks.get(partition)!;
      return state.landed === mark.landed && state.position <= mark.position;
    });
  }

  /** The same in words; nothing stands still in partitions that are not owned. */
  described(topic: string, states: ReadonlyMap<number, Moving> = new Map()): string[] {
    return this.standing(states).map((standstill) => describeStandstill(topic, standstill));
  }
}

/** `before` is how the partition was at the last look. What goes back, as after a takeover, is no progress. */
function markOf({ end, landed, position }: Moving, before: Mark | undefined, nowMs: number): Mark {
  const finished = before === undefined || landed !== before.landed;
  const taken = finished || position > before.position;
  const reached = finished ? position : Math.max(position, before.position);
  const since = (waits: boolean, anew: boolean, beforeMs: number | undefined) => {
    if (!waits) return undefined;
    return anew ? nowMs : (beforeMs ?? nowMs);
  };
  return {
    landed,
    position: reached,
    waitsSinceMs: since(position < end, taken, before?.waitsSinceMs),
    unfinishedSinceMs: since(landed < position, finished, before?.unfinishedSinceMs),
  };
}

/** One line for a person. */
export function describeStandstill(topic: string, standstill: Standstill): string {
  const { forMs, offset, partition, waiting } = standstill;
  const records = `${waiting} ${waiting === 1 ? 'record waits' : 'records wait'}`;
  const seconds = Math.round(forMs / 1_000);
  return `partition ${partition} of ${topic} has stood at offset ${offset} for ${seconds} s, and ${records} behind it`;
}
