// The failures that cross a module border. The class of a failure tells the process how to react, so no code
// reads a message text to decide; `cause` always keeps the origin.

/** A setting, credential or input file is wrong. Only a person can mend it: exit code 2, no retry. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The other side cannot be reached or is overloaded for now. Retrying later is right. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

/**
 * A write was sent and its outcome is unknown (timeout, reset, 5xx). Sending it again would be a
 * guess; the caller has to find out what landed first.
 */
export class UnclearOutcomeError extends Error {
  override readonly name = 'UnclearOutcomeError';
}

/** Another process has taken over what this one was writing to. Nothing of the write landed. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
}

/**
 * A rule that the protocol rests on does not hold: a mistake in the program, or two programs that share one
 * identity. It ends the process before anything more is written.
 */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Turns whatever was thrown into an Error, for `cause` and logs. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The `code` of a Node, ClickHouse or Kafka error anywhere down its chain of causes, or undefined. */
export function errorCode(thrown: unknown): string | undefined {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 10; depth += 1) {
    const code: unknown = (error as { code?: unknown }).code;
    if (typeof code === 'string' || typeof code === 'number') return String(code);
    error = error.cause;
  }
  return undefined;
}

/** What Node says of arguments that only a mistake of ours produces. */
const MISTAKEN_CALL = new Set(['ERR_ASSERTION', 'ERR_INVALID_ARG_TYPE', 'ERR_MISSING_ARGS']);

/**
 * True for a mistake in the program, which no waiting mends: it has to end the process with its stack
 * trace. An error with a code is one of Node or of a client (a server that sends garbage makes a client
 * read beyond a buffer), and a SyntaxError is one of the text that was parsed.
 */
export function isProgrammingError(thrown: unknown): thrown is Error {
  if (!(thrown instanceof Error)) return false;
  if (thrown instanceof InvariantError) return true;
  const { code } = thrown as { code?: unknown };
  if (code !== undefined) return typeof code === 'string' && MISTAKEN_CALL.has(code);
  const mistakes = [TypeError, RangeError, ReferenceError, EvalError, URIError];
  return mistakes.some((mistake) => thrown instanceof mistake);
}

/** True for the failures that this file names: whoever gets one knows what to do about it. */
export function isClassified(thrown: unknown): boolean {
  const classes = [ConfigError, UnavailableError, UnclearOutcomeError, FencedError];
  return classes.some((known) => thrown instanceof known);
}
