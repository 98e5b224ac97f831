// Scripts of histories: random ones for fast-check, which shrinks a failing one to the faults that matter.
import fc from 'fast-check';
import type { Fault, FaultKind, Script } from './history.ts';

const kinds: readonly FaultKind[] = [
  'crash',
  'pause',
  'stop',
  'start',
  'clickhouse-down',
  'clickhouse-loses-replies',
  'clickhouse-slow',
  'kafka-down',
  'kafka-loses-replies',
  'recreate-topic',
  'retention',
  'compaction',
  'session-lost',
];

const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom(...kinds),
  atMs: fc.integer({ min: 0, max: 11_000 }),
  forMs: fc.integer({ min: 0, max: 8_000 }),
  which: fc.nat(7),
});

export const script: fc.Arbitrary<Script> = fc.record({
  seed: fc.nat(),
  faults: fc.array(fault, { maxLength: 8 }),
});
