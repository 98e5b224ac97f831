// Scripts of histories: random ones for fast-check, which shrinks a failing one to the faults that matter.
import fc from 'fast-check';
import { FAULTS, type Fault } from './faults.ts';
import type { Script } from './history.ts';

const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom(...FAULTS),
  atMs: fc.integer({ min: 0, max: 11_000 }),
  forMs: fc.integer({ min: 0, max: 8_000 }),
  which: fc.nat(7),
});

export const script: fc.Arbitrary<Script> = fc.record({
  seed: fc.nat(),
  pipeline: fc.constantFrom('consumer', 'processor'),
  faults: fc.array(fault, { maxLength: 8 }),
});
