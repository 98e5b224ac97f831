// Reads ClickHouse's HTTP parameters: query, credentials, database, format, settings and query parameters,
// from the URL and the headers. It refuses features that this server does not offer.
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { bytesText, headerText } from '../../platform/header-text.ts';
import { exception } from './exception.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface RequestHead {
  /** GET and HEAD never write. */
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly queryId: string;
  readonly query: string;
  readonly credentials: Credentials;
  readonly database: string | undefined;
  /** Of the result, where the statement does not say FORMAT. */
  readonly defaultFormat: string | undefined;
  readonly sessionId: string | undefined;
  readonly settings: ReadonlyMap<string, string>;
  /** `param_x=1` as x → 1, escaped as in TabSeparated. */
  readonly params: ReadonlyMap<string, string>;
  readonly contentEncoding: string;
  /** Codings the client takes, if it switched compression on. */
  readonly acceptEncoding: string;
  /** The client wants the whole result or an error, never a result that breaks off. */
  readonly waitForEnd: boolean;
}

const NOT_SETTINGS = new Set([
  ...['query', 'user', 'password', 'database', 'default_format', 'query_id', 'quota_key'],
  ...['session_id', 'session_timeout', 'session_check', 'compress', 'decompress', 'role'],
  ...['stacktrace', 'buffer_size', 'wait_end_of_query', 'client_protocol_version', 'close_session'],
]);
const NAME = /^[A-Za-z_][A-Za-z0-9_.]*$/;

/** @throws {ClickHouseException} for what is malformed or not supported. */
export function readHead(
  method: 'GET' | 'HEAD' | 'POST',
  search: URLSearchParams,
  headers: IncomingHttpHeaders,
): RequestHead {
  refuseUnsupported(search);
  const settings = new Map<string, string>();
  const params = new Map<string, string>();
  for (const [name, value] of search) {
    if (name.startsWith('param_')) params.set(checkedName(name.slice(6)), value);
    else if (name !== '' && !NOT_SETTINGS.has(name)) settings.set(checkedName(name), value);
  }
  const compress = settings.get('enable_http_compression');
  return {
    method,
    queryId: search.get('query_id') ?? header(headers, 'x-clickhouse-query-id') ?? randomUUID(),
    query: search.get('query') ?? '',
    credentials: credentials(search, headers),
    database: given(search.get('database')) ?? header(headers, 'x-clickhouse-database'),
    defaultFormat: given(search.get('default_format')) ?? header(headers, 'x-clickhouse-format'),
    sessionId: given(search.get('session_id')),
    settings,
    params,
    contentEncoding: (headers['content-encoding'] ?? 'identity').trim().toLowerCase(),
    acceptEncoding: isOn(compress) ? (headers['accept-encoding'] ?? '') : '',
    waitForEnd: isOn(search.get('wait_end_of_query')),
  };
}

/**
 * The parameters of a URL's query. Unlike URLSearchParams it does not replace what is not UTF-8.
 * @throws {ClickHouseException} for a malformed escape.
 */
export function parseSearch(raw: string): URLSearchParams {
  const search = new URLSearchParams();
  for (const pair of raw.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    search.append(unescape(name), equals === -1 ? '' : unescape(pair.slice(equals + 1)));
  }
  return search;
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw exception('BAD_ARGUMENTS', 'The URL holds a malformed escape or is not UTF-8');
  }
}

function refuseUnsupported(search: URLSearchParams): void {
  for (const name of ['compress', 'decompress']) {
    if (!isOn(search.get(name))) continue;
    const text = `${name}=1 (ClickHouse's own block compression) is not supported here: use Content-Encoding or enable_http_compression=1`;
    throw exception('SUPPORT_IS_DISABLED', text, 400);
  }
  if (search.has('role')) {
    throw exception('SUPPORT_IS_DISABLED', 'Roles do not exist in the embedded server', 400);
  }
}

/** Headers win over basic auth, basic auth over the URL, and one request must not mix them. */
function credentials(search: URLSearchParams, headers: IncomingHttpHeaders): Credentials {
  const user = header(headers, 'x-clickhouse-user');
  const key = header(headers, 'x-clickhouse-key');
  const { authorization } = headers;
  if (user !== undefined || key !== undefined) {
    if (authorization !== undefined || search.has('user') || search.has('password')) {
      const text =
        'Invalid authentication: it is not allowed to use X-ClickHouse HTTP headers and other authentication methods simultaneously';
      throw exception('AUTHENTICATION_FAILED', text);
    }
    return { user: user ?? 'default', password: key ?? '' };
  }
  if (authorization !== undefined) return basicAuth(authorization);
  return { user: search.get('user') ?? 'default', password: search.get('password') ?? '' };
}

function basicAuth(authorization: string): Credentials {
  const encoded = /^Basic\s+([A-Za-z0-9+/=_-]*)\s*$/i.exec(authorization)?.[1];
  if (encoded === undefined) {
    throw exception('AUTHENTICATION_FAILED', 'Invalid authentication: only Basic is supported');
  }
  const text = bytesText(Buffer.from(encoded, 'base64'));
  const colon = text.indexOf(':');
  if (colon === -1) return { user: text, password: '' };
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function checkedName(name: string): string {
  if (NAME.test(name)) return name;
  throw exception('UNKNOWN_SETTING', `Unknown setting '${name.replace(/[^\x20-\x7e]/g, '?')}'`);
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  const one = given(Array.isArray(value) ? value[0] : value);
  return one === undefined ? undefined : headerText(one);
}

function given(text: string | null | undefined): string | undefined {
  return text === null || text === '' ? undefined : text;
}

function isOn(value: string | null | undefined): boolean {
  return value === '1' || value?.toLowerCase() === 'true';
}
