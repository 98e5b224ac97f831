// What a check is, and running many of them in order with one printed line each.

export interface Check {
  readonly name: string;
  /** Throws when it does not hold; a text it returns is printed as a remark. */
  readonly run: () => Promise<unknown>;
  /** True when nothing after it makes sense once it failed. */
  readonly needed?: true;
}

/** Prints a line. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs checks in order; stops after a failure that leaves nothing to check. */
export async function runAll(
  checks: readonly Check[],
  stop: AbortSignal,
): Promise<{ passed: number; failed: number }> {
  let [passed, failed] = [0, 0];
  for (const { name, needed, run } of checks) {
    if (stop.aborted) break;
    const startMs = performance.now();
    const seconds = (): string => `${((performance.now() - startMs) / 1_000).toFixed(1)} s`;
    try {
      const note = await run();
      passed += 1;
      say(`ok    ${name} (${seconds()})${typeof note === 'string' ? `: ${note}` : ''}`);
    } catch (error) {
      failed += 1;
      say(`FAIL  ${name} (${seconds()})\n      ${String(error).replaceAll('\n', '\n      ')}`);
      if (needed === true) break;
    }
  }
  return { passed, failed };
}
