// The failures that cross a module border. Each says by its class what the process should do about
// it, so nobody ever has to read a message text to decide; the origin is always kept as `cause`.

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
