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

/** Runs checks in order, those of one list side by side; stops after a failure that leaves nothing to check. */
export async function runAll(
  checks: readonly (Check | readonly Check[])[],
  stop: AbortSignal,
): Promise<{ passed: number; failed: number }> {
  let [passed, failed] = [0, 0];
  for (const step of checks) {
    if (stop.aborted) break;
    const together = 'run' in step ? [step] : step;
    const held = await Promise.all(together.map(holds));
    passed += held.filter(Boolean).length;
    failed += held.filter((each) => !each).length;
    if (together.some(({ needed }, at) => needed === true && !held[at]!)) break;
  }
  return { passed, failed };
}

/** Runs one check and prints its line. */
async function holds({ name, run }: Check): Promise<boolean> {
  const startMs = performance.now();
  const seconds = (): string => `${((performance.now() - startMs) / 1_000).toFixed(1)} s`;
  try {
    const note = await run();
    say(`ok    ${name} (${seconds()})${typeof note === 'string' ? `: ${note}` : ''}`);
    return true;
  } catch (error) {
    say(`FAIL  ${name} (${seconds()})\n      ${String(error).replaceAll('\n', '\n      ')}`);
    return false;
  }
}
