// Checks that the program on ClickHouse's address is ClickHouse, before a query waits a minute for an answer
// that never comes. The client itself reports a port that refuses connections.
import { UnavailableError, errorCode } from '../errors.ts';
import type { ClickHouseTarget } from './variables.ts';

/** The embedded engine answers nothing else while it runs a long query. */
const ANSWERS_WITHIN_MS = 10_000;
const SHOWN_CHARACTERS = 60;

/**
 * Settles when ClickHouse answers, or when nothing listens.
 * @throws {UnavailableError} when something else listens there.
 */
export async function assertClickHouse(
  { url }: Pick<ClickHouseTarget, 'url'>,
  withinMs = ANSWERS_WITHIN_MS,
): Promise<void> {
  const signal = AbortSignal.timeout(withinMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL('ping', url.endsWith('/') ? url : `${url}/`), { signal });
    text = await response.text();
  } catch (cause) {
    if (!signal.aborted && !isNoAnswer(cause)) return;
    const seconds = withinMs / 1_000;
    const what = signal.aborted
      ? `the program that listens there does not answer as ClickHouse within ${seconds} s`
      : 'the program that listens there does not speak HTTP as ClickHouse does';
    throw foreign(url, what, cause);
  }
  const isClickHouse =
    text.startsWith('Ok.') ||
    [...response.headers.keys()].some((name) => name.startsWith('x-clickhouse-'));
  if (isClickHouse) return;
  const shown = text.split('\n', 1)[0]!.slice(0, SHOWN_CHARACTERS);
  throw foreign(url, `another program listens there, not ClickHouse (${response.status} ${shown})`);
}

/** What came is no HTTP, or the connection was closed instead of an answer. */
function isNoAnswer(thrown: unknown): boolean {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const isParsed = cause instanceof Error && cause.name === 'HTTPParserError';
  return isParsed || ['UND_ERR_SOCKET', 'ECONNRESET'].includes(errorCode(thrown) ?? '');
}

function foreign(url: string, what: string, cause?: unknown): UnavailableError {
  return new UnavailableError(`${url}: ${what}; stop it, or set CLICKHOUSE_URL`, { cause });
}
