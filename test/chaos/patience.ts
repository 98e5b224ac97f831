// The time after which anything here counts as never: the faults do not measure speed, and the machine may
// have much else to do.
export const PATIENCE_MS = 240_000;

/**
 * How long nothing may get on before it counts as stuck: the session of a consumer that was killed has to end, and
 * what a server keeps is given up, before its partitions are anybody's again.
 */
export const STALL_MS = 90_000;
