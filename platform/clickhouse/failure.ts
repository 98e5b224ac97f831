// Classifies a failed ClickHouse call by the server's error code or the client's error code, never by the
// text of the message. A programming error is not a failure of a call.
import { ClickHouseError } from '@clickhouse/client';
import {
  ConfigError,
  FencedError,
  UnavailableError,
  UnclearOutcomeError,
  asError,
  errorCode,
  isProgrammingError,
} from '../errors.ts';
import { isNotConnected, nothingAnswers } from '../nothing-answers.ts';

/** Server error codes that only a person can mend. */
const REFUSED: Record<string, string> = {
  '60': 'the table does not exist (npm run setup creates it)',
  '81': 'the database does not exist',
  '16': 'a column does not exist (npm run setup upgrades the table)',
  '47': 'a column does not exist (npm run setup upgrades the table)',
  '192': 'the user does not exist',
  '193': 'the password is wrong',
  '194': 'the password is wrong',
  '497': 'the user lacks a right',
  '516': 'user or password is wrong',
  '115': 'the server lacks a setting (ClickHouse 25 or newer is needed)',
  '164': 'the user may only read',
};

/** throwIf() of the guard that every insert carries: another owner has taken over. */
const FENCED = '395';

export type ClickHouseFailure = ConfigError | FencedError | UnavailableError | UnclearOutcomeError;

/**
 * Classifies the failure of a query that changes nothing; repeating it is always safe. A programming
 * error stays what it is.
 */
export function readFailure(thrown: unknown, doing: string, url: string): Error {
  const failure = writeFailure(thrown, doing, url);
  if (!(failure instanceof UnclearOutcomeError)) return failure;
  return new UnavailableError(failure.message, { cause: thrown });
}

/**
 * Classifies the failure of a query that writes. Whatever is not certain to have failed before it
 * began is an {@link UnclearOutcomeError}, even a server exception: a part can be committed and a
 * later step of the same INSERT fail. `url` is the server's. A programming
 * error stays what it is.
 */
export function writeFailure(thrown: unknown, doing: string, url: string): Error {
  return isProgrammingError(thrown) ? thrown : failureOf(thrown, doing, url);
}

function failureOf(thrown: unknown, doing: string, url: string): ClickHouseFailure {
  const cause = asError(thrown);
  const code = errorCode(thrown);
  const said = firstLine(cause.message);
  if (cause instanceof ClickHouseError && code !== undefined) {
    if (code === FENCED) return new FencedError(`${doing}: fenced`, { cause });
    const meaning = REFUSED[code];
    if (meaning !== undefined) return new ConfigError(`${doing}: ${meaning}: ${said}`, { cause });
    return new UnclearOutcomeError(`${doing}: error ${code}: ${said}`, { cause });
  }
  if (isNotConnected(code)) {
    return new UnavailableError(nothingAnswers('ClickHouse', new URL(url).host), { cause });
  }
  const text = `${doing}: ${code === undefined ? '' : `${code}: `}${said}`;
  return new UnclearOutcomeError(text, { cause });
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.slice(0, 300);
}
