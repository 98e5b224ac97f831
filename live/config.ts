// The live page's environment variables, and their combined meaning: which browsers it may serve.
import { logVariables } from '../platform/log-variables.ts';
import { clickhouseVariables } from '../platform/clickhouse/variables.ts';
import { integer, matching, text, type Config } from '../platform/config.ts';
import { isLoopback } from '../platform/demo-passwords.ts';
import { ConfigError } from '../platform/errors.ts';
import { kafkaVariables } from '../platform/kafka/variables.ts';
import { streamsVariable } from '../platform/streams-variable.ts';

const { CLICKHOUSE_USER: _user, CLICKHOUSE_PASSWORD: _password, ...server } = clickhouseVariables;

export const liveVariables = {
  ...kafkaVariables,
  ...server,
  STREAMS: streamsVariable({ default: 'all', doc: 'The streams that the pipeline strip watches.' }),
  KAFKA_TOPIC: matching(
    {
      doc: 'Topic to watch instead of the declared one: of sensor_data, or of the only stream that STREAMS names.',
    },
    /^[A-Za-z0-9._-]{1,249}(,[A-Za-z0-9._-]{1,249})*$/,
    'a topic name, or several separated by commas',
  ),
  GRAFANA_CLICKHOUSE_USER: text({
    default: 'grafana_ro',
    doc: 'ClickHouse user that the live page reads with; it only needs rights to read.',
  }),
  GRAFANA_CLICKHOUSE_PASSWORD: text({
    default: 'grafanapass',
    doc: 'Password of GRAFANA_CLICKHOUSE_USER. CHANGE IT.',
    secret: true,
  }),
  CONSUMER_URL: matching(
    { default: 'http://127.0.0.1:9464', doc: 'Where the consumer serves /metrics and /readyz.' },
    /^https?:\/\/[^\s/]+\/?$/,
    'http://host:port',
  ),
  LIVE_HOST: matching(
    {
      default: '127.0.0.1',
      doc: 'Address of the live page; addresses beyond loopback need LIVE_TOKEN.',
    },
    /^[A-Za-z0-9.:-]+$/,
    'an IP address or localhost',
  ),
  LIVE_PUBLISHED_ON: matching(
    {
      doc: 'Address on which Docker publishes LIVE_PORT: it then decides who can reach the page, not LIVE_HOST.',
    },
    /^[0-9a-fA-F.:[\]]+$/,
    'an IP address',
  ),
  LIVE_PORT: integer(
    { default: 8080, doc: 'Port of the live page; 0 takes a free one.' },
    0,
    65_535,
  ),
  LIVE_TOKEN: matching(
    {
      doc: 'Token that a browser must present; unset: none, on loopback only.',
      secret: true,
    },
    /^[^\s\p{Cc}]{16,200}$/u,
    '16 to 200 characters without spaces',
  ),
  LIVE_ALLOWED_HOSTS: matching(
    {
      doc: 'Names besides localhost and IP addresses by which browsers may reach the page, comma-separated.',
    },
    /^[A-Za-z0-9.-]+( *, *[A-Za-z0-9.-]+)*$/,
    'host names separated by commas',
  ),
  LIVE_MAX_BROWSERS: integer(
    { default: 50, doc: 'Pages that may be open at a time; further browsers must wait.' },
    1,
    10_000,
  ),
  LIVE_QUERY_TIMEOUT_SEC: integer(
    { default: 10, doc: 'How long one query of a panel may take in ClickHouse.' },
    1,
    60,
  ),
  ...logVariables,
} as const;

export type LiveConfig = Config<typeof liveVariables>;

/** @throws {ConfigError} when the page would be open to the network without a token. */
export function requireToken(config: LiveConfig): void {
  const { LIVE_HOST, LIVE_PUBLISHED_ON, LIVE_TOKEN: token } = config;
  const [name, host] =
    LIVE_PUBLISHED_ON === undefined
      ? ['LIVE_HOST', LIVE_HOST]
      : ['LIVE_PUBLISHED_ON', LIVE_PUBLISHED_ON];
  if (isLoopback(host) || token !== undefined) return;
  throw new ConfigError(
    `LIVE_TOKEN: is not set, and ${name}=${host} opens the live page to other machines; set it to 16 characters or more`,
  );
}
