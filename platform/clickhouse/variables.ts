// The environment variables for the address of ClickHouse and the login.
import { isIP } from 'node:net';
import { ConfigError } from '../errors.ts';
import { integer, matching, text, type Config } from '../config.ts';

export const clickhouseVariables = {
  CLICKHOUSE_URL: matching(
    { doc: 'Address of ClickHouse over HTTP; wins over host and port.', secret: true },
    /^https?:\/\/[^\s]+$/,
    'http://host:port or https://host:port',
  ),
  CLICKHOUSE_HOST: text({ default: 'localhost', doc: 'Host of ClickHouse.' }),
  CLICKHOUSE_PORT: integer({ default: 8123, doc: 'HTTP port of ClickHouse.' }, 1, 65_535),
  CLICKHOUSE_USER: text({ default: 'sensor', doc: 'ClickHouse user.' }),
  CLICKHOUSE_PASSWORD: text({
    default: 'sensorpass',
    doc: 'Password of the ClickHouse user. CHANGE IT.',
    secret: true,
  }),
  CLICKHOUSE_DB: matching(
    { default: 'default', doc: 'Database that holds the tables.' },
    /^[A-Za-z_][A-Za-z0-9_]*$/,
    'letters, digits and underscores',
  ),
  CLICKHOUSE_TIMEOUT_MS: integer(
    { default: 60_000, doc: 'How long one ClickHouse query may take.' },
    100,
    3_600_000,
  ),
} as const;

export type ClickHouseConfig = Config<typeof clickhouseVariables>;

/** Where to connect: the URL without credentials, and the credentials. */
export interface ClickHouseTarget {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly database: string;
  readonly timeoutMs: number;
}

/**
 * What the variables mean together. User and password inside CLICKHOUSE_URL win over the variables.
 * @throws {ConfigError} when CLICKHOUSE_URL is no URL.
 */
export function clickhouseTarget(config: ClickHouseConfig): ClickHouseTarget {
  const address =
    config.CLICKHOUSE_URL ?? `http://${urlHost(config.CLICKHOUSE_HOST)}:${config.CLICKHOUSE_PORT}`;
  // A password with # or ? in it would become another part of the URL.
  if (!URL.canParse(address) || /[#?]/.test(address)) throw malformed(config);
  const url = new URL(address);
  const username = decoded(url.username, config) || config.CLICKHOUSE_USER;
  const password = decoded(url.password, config) || config.CLICKHOUSE_PASSWORD;
  url.username = '';
  url.password = '';
  const database = config.CLICKHOUSE_DB;
  return { url: url.href, username, password, database, timeoutMs: config.CLICKHOUSE_TIMEOUT_MS };
}

/** A host as it stands in a URL: an IPv6 address in brackets. */
export function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

function decoded(part: string, config: ClickHouseConfig): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw malformed(config);
  }
}

function malformed({ CLICKHOUSE_URL, CLICKHOUSE_HOST: host }: ClickHouseConfig): ConfigError {
  if (CLICKHOUSE_URL === undefined) {
    const text = `CLICKHOUSE_HOST: ${JSON.stringify(host)} is not a host name or an IP address (the port goes into CLICKHOUSE_PORT)`;
    return new ConfigError(text);
  }
  return new ConfigError(
    'CLICKHOUSE_URL: its value is not http://host:port or https://host:port; put a password with special characters into CLICKHOUSE_PASSWORD',
  );
}
