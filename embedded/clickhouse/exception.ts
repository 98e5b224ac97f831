// ClickHouse exceptions as its HTTP interface shows them: number, name, status and the one-line text that
// official clients parse. It also turns errors of the engine into such exceptions.

/** The exceptions this server raises itself, with ClickHouse's own numbers. */
export const CODES = {
  CANNOT_PARSE_TEXT: 6,
  CANNOT_READ_ALL_DATA: 33,
  BAD_ARGUMENTS: 36,
  UNKNOWN_TABLE: 60,
  SYNTAX_ERROR: 62,
  UNKNOWN_COMPRESSION_METHOD: 89,
  UNKNOWN_SETTING: 115,
  INCORRECT_DATA: 117,
  READONLY: 164,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING: 216,
  QUERY_IS_TOO_LARGE: 229,
  ABORTED: 236,
  SUPPORT_IS_DISABLED: 344,
  INTO_OUTFILE_NOT_ALLOWED: 358,
  QUERY_WAS_CANCELLED: 394,
  INVALID_USAGE_OF_INPUT: 477,
  ACCESS_DENIED: 497,
  AUTHENTICATION_FAILED: 516,
  UNKNOWN_EXCEPTION: 1002,
} as const;

export type CodeName = keyof typeof CODES;

/** A failed request: `status` for HTTP, `code` for the exception header, `message` without a prefix. */
export class ClickHouseException extends Error {
  override readonly name = 'ClickHouseException';
  readonly code: number;
  readonly status: number;
  /** The whole line, `Code: N. DB::Exception: … (NAME)`, without the version. */
  readonly line: string;

  constructor(code: number, line: string, options: { status?: number; cause?: unknown } = {}) {
    super(line, { cause: options.cause });
    this.code = code;
    this.line = line;
    this.status = options.status ?? httpStatus(code);
  }
}

/** An exception of this server's own making. */
export function exception(name: CodeName, text: string, status?: number): ClickHouseException {
  const line = `Code: ${CODES[name]}. DB::Exception: ${text.replace(/\.$/, '')}. (${name})`;
  return new ClickHouseException(CODES[name], line, status === undefined ? {} : { status });
}

/** Whatever was thrown, as an exception with a number. `hide` is text no client should see. */
export function asException(thrown: unknown, hide?: string): ClickHouseException {
  if (thrown instanceof ClickHouseException) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const shown = hide === undefined ? text : text.replaceAll(hide, 'request body');
  const code = engineCode(thrown);
  if (code !== undefined) return new ClickHouseException(code, shown.trimEnd(), { cause: thrown });
  const line = `Code: 1002. DB::Exception: ${shown}. (UNKNOWN_EXCEPTION)`;
  return new ClickHouseException(CODES.UNKNOWN_EXCEPTION, line, { cause: thrown });
}

/** The engine's number; a failed stream has it nowhere but at the head of its text. */
function engineCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const code: unknown = (thrown as { clickhouseCode?: unknown }).clickhouseCode;
  if (typeof code === 'number') return code;
  const written = /^Code: (\d+)\. DB::Exception/.exec(thrown.message)?.[1];
  return written === undefined ? undefined : Number(written);
}

const BAD_REQUEST = [
  6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441,
  675, 676,
];
const NOT_FOUND = [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511];
const STATUSES = new Map<number, number>([
  ...BAD_REQUEST.map((code) => [code, 400] as const),
  ...NOT_FOUND.map((code) => [code, 404] as const),
  [194, 401],
  ...[192, 193, 497, 512, 516].map((code) => [code, 403] as const),
  [159, 408],
  [381, 411],
  [229, 413],
  [48, 501],
  ...[76, 202, 209, 439].map((code) => [code, 503] as const),
]);

/** The HTTP status that ClickHouse answers an exception with. */
export function httpStatus(code: number): number {
  return STATUSES.get(code) ?? 500;
}
