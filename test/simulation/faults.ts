// The faults of a history: what each one does to the world, and for how long.
import type { World } from './history.ts';
import { LATENCY_MS, type Network } from './program.ts';

export const FAULTS = [
  'crash',
  'pause',
  'stop',
  'start',
  'session-lost',
  'clickhouse-down',
  'clickhouse-loses-replies',
  'clickhouse-late',
  'clickhouse-slow',
  'clickhouse-cuts-inserts',
  'clickhouse-refuses',
  'kafka-down',
  'kafka-loses-replies',
  'kafka-late',
  'recreate-topic',
  'retention',
  'compaction',
] as const;

export interface Fault {
  readonly kind: (typeof FAULTS)[number];
  readonly atMs: number;
  readonly forMs: number;
  /** Which program or partition, modulo their number. */
  readonly which: number;
}

const PROGRAMS_MAX = 5;
/** Longer than a client waits: what is this late arrives after its sender gave up. */
const LATE_MS = 4_000;
/** A request and its reply may both be late, and what waited for them waits a while longer. */
const AFTER_MS = 3 * LATE_MS;

export function inject({ forMs, kind, which }: Fault, world: World): void {
  const { clickhouse, input, kafka, programs, server, start, time } = world;
  const alive = programs.filter(({ running }) => !running.program.crashed);
  const chosen = alive[which % Math.max(1, alive.length)];
  const program = chosen?.running.program;
  const again = (): void => {
    if (chosen !== undefined) start(chosen.kind);
  };
  const partition = which % input.current.partitions.length;
  switch (kind) {
    case 'crash':
      program?.crash();
      time.after(forMs, again);
      break;
    case 'pause':
      program?.pause();
      time.after(forMs, () => program?.resume());
      break;
    case 'stop':
      void chosen?.running.stop();
      time.after(forMs, again);
      break;
    case 'start':
      if (alive.length < PROGRAMS_MAX) again();
      break;
    case 'session-lost':
      chosen?.running.forgotten();
      break;
    case 'clickhouse-slow':
      note(clickhouse, forMs, time.nowMs);
      server.slowestInsertMs = 4_000;
      time.after(forMs, () => (server.slowestInsertMs = 50));
      break;
    case 'clickhouse-cuts-inserts':
      note(clickhouse, forMs, time.nowMs);
      server.cuts = 0.5;
      time.after(forMs, () => (server.cuts = 0));
      break;
    case 'clickhouse-refuses':
      note(clickhouse, forMs, time.nowMs);
      server.refuses = true;
      time.after(forMs, () => (server.refuses = false));
      break;
    case 'recreate-topic':
      input.recreate();
      break;
    case 'retention':
      input.retain(partition, Math.floor(forMs / 1_000));
      break;
    case 'compaction':
      input.compact(partition);
      break;
    case 'clickhouse-down':
    case 'clickhouse-late':
    case 'clickhouse-loses-replies':
      disturb(kind, clickhouse, forMs, world);
      break;
    case 'kafka-down':
    case 'kafka-late':
    case 'kafka-loses-replies':
      disturb(kind, kafka, forMs, world);
      break;
  }
}

function disturb(kind: Fault['kind'], network: Network, forMs: number, { time }: World): void {
  note(network, forMs, time.nowMs);
  if (kind.endsWith('down')) {
    network.down = true;
    time.after(forMs, () => (network.down = false));
  } else if (kind.endsWith('late')) {
    network.slowestMs = LATE_MS;
    time.after(forMs, () => (network.slowestMs = LATENCY_MS));
  } else {
    network.loss = 0.4;
    time.after(forMs, () => (network.loss = 0));
  }
}

function note(network: Network, forMs: number, nowMs: number): void {
  network.faults += 1;
  network.calmAtMs = Math.max(network.calmAtMs, nowMs + forMs + AFTER_MS);
}
