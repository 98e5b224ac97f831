// A clock that stands still while code runs and jumps to the next thing that is due: minutes of a protocol
// take milliseconds. After each thing that is due, all code that it woke runs until it waits again.

interface Due {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | undefined;
}

const START_MS = Date.UTC(2026, 0, 1);

export class VirtualTime {
  #nowMs = START_MS;
  #order = 0;
  /** A binary heap by time, then by order of scheduling. */
  readonly #due: Due[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Milliseconds since the history began. */
  get elapsedMs(): number {
    return this.#nowMs - START_MS;
  }

  /** Calls `run` in `ms` milliseconds, unless the returned function was called before. */
  after(ms: number, run: () => void): () => void {
    this.#order += 1;
    const due: Due = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order, run };
    this.#push(due);
    return () => {
      due.run = undefined;
    };
  }

  /** Lets time pass until `isOver` says so or `limitMs` of the history are over; true: it said so. */
  async runUntil(limitMs: number, isOver: () => boolean): Promise<boolean> {
    while (!isOver()) {
      const next = this.#pop();
      if (next === undefined || next.atMs - START_MS > limitMs) {
        if (next !== undefined) this.#push(next);
        this.#nowMs = Math.max(this.#nowMs, START_MS + limitMs);
        return isOver();
      }
      this.#nowMs = next.atMs;
      if (next.run === undefined) continue;
      next.run();
      await settled();
    }
    return true;
  }

  #push(due: Due): void {
    const heap = this.#due;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(due, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): Due | undefined {
    const heap = this.#due;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

/**
 * Resolves when all code that runs has come to wait: Node runs what waits for promises to its end before the
 * next tick. The code under simulation waits for promises alone; a turn of the event loop would take ten times as long.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function isBefore(one: Due, other: Due): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
