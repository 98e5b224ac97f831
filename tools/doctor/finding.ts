// The result of a check of `npm run doctor`, and its lines: one for the finding and, below it, the remedy. A
// check that throws has failed; it does not stop the other checks.
import { UnavailableError, asError } from '../../platform/errors.ts';
import { EXIT_CODES } from '../../platform/exit-codes.ts';

export interface Finding {
  readonly level: 'ok' | 'warn' | 'FAIL';
  readonly what: string;
  readonly said: string;
  /** What to do, when something is. */
  readonly advice?: string;
  /** It failed because a server is away. */
  readonly isAway?: boolean;
}

export const ok = (what: string, said: string): Finding => ({ level: 'ok', what, said });

export function warn(what: string, said: string, advice: string): Finding {
  return { level: 'warn', what, said, advice };
}

export function fail(what: string, said: string, advice: string): Finding {
  return { level: 'FAIL', what, said, advice };
}

/** The findings of a check; what it throws is a failure that says the error's first line. */
export async function findingsOf(
  what: string,
  check: () => Promise<Finding | readonly Finding[]>,
  advice = '',
): Promise<readonly Finding[]> {
  try {
    return [await check()].flat();
  } catch (thrown) {
    const [first, ...rest] = asError(thrown).message.split('\n');
    const toDo = [...rest.map((line) => line.trim()), advice].filter(Boolean).join('; ');
    return [{ ...fail(what, first!, toDo), isAway: thrown instanceof UnavailableError }];
  }
}

/** What the process of a doctor with these findings ends with: a server that is away decides. */
export function exitCodeOf(findings: readonly Finding[]): number {
  const failed = findings.filter(({ level }) => level === 'FAIL');
  if (failed.some(({ isAway }) => isAway === true)) return EXIT_CODES.away;
  return failed.length > 0 ? EXIT_CODES.failed : EXIT_CODES.done;
}

/** All findings as a table, ending in a verdict and a line break. */
export function report(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.flatMap(({ advice = '', level, said, what }) => {
    const line = `${level.padEnd(4)}  ${what.padEnd(width)}  ${said}`;
    return advice === '' ? [line] : [line, `${' '.repeat(width + 8)}→ ${advice}`];
  });
  const count = (of: Finding['level']): number => {
    return findings.filter(({ level }) => level === of).length;
  };
  const failed = count('FAIL');
  const verdict = failed === 0 ? 'nothing failed' : `${failed} failed`;
  const warned = count('warn') === 0 ? '' : `, ${count('warn')} to look at`;
  return [...lines, '', `${verdict}${warned}`, ''].join('\n');
}
