// How long anything here may take before it counts as never: nothing in the faults measures speed, and
// the machine may have much else to do.
export const PATIENCE_MS = 240_000;
