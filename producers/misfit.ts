// Handles a row that is not an event of its stream: it ends the reading with one line, or the producer sends
// it on so that the consumer makes it a dead letter, under its key and with file, line and problem as
// headers.
import { ConfigError } from '../platform/errors.ts';
import { compileValidator } from '../streams/validate.ts';
import type { FileEvent, FileSelection, Misfit } from './file-event.ts';

/** What is sent for a misfit. */
export interface Substitute {
  /** What the consumer will judge. */
  readonly value: unknown;
  readonly json: string;
  /** JSON that no stream takes, for when the consumer would take the other. */
  readonly rejected: () => string;
}

/** Compiles what gives a misfit out: undefined when another producer of the same file does. */
export function compileMisfits(
  selection: FileSelection,
): (misfit: Misfit, substitute: Substitute) => FileEvent | undefined {
  const { key, knownKeys = [], onBadRow, stream } = selection;
  const validate = compileValidator({ columns: stream.leaves });
  return (misfit, { json, rejected, value }) => {
    if (onBadRow !== 'dead-letter') return { members: {}, misfit };
    // Each producer of one key sends its own rows; those that are nobody's are the first one's.
    const owner = knownKeys.includes(misfit.key) ? misfit.key : knownKeys[0];
    if (key !== undefined && owner !== key) return undefined;
    // What is refused here must not become a row there.
    const isTaken = validate(value, Date.now(), [], json) === undefined;
    return { members: {}, json: isTaken ? rejected() : json, misfit };
  };
}

/** The one line that ends the reading at a misfit. */
export function misfitError(path: string, { place, problem }: Misfit): ConfigError {
  return new ConfigError(
    `${path} ${place}${problem.startsWith('column ') ? ', ' : ': '}${problem}`,
  );
}

/** Where a dead letter is from: the consumer keeps headers beside the bytes. */
export function misfitHeaders(path: string, { line, problem }: Misfit): Record<string, string> {
  return { source_file: path, source_line: String(line), source_problem: problem };
}
