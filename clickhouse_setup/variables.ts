// The environment variables of the setup: everything the connections take, its own ClickHouse user,
// how topics are created, and the optional least-privilege users.
import { integer, matching, text, type Config } from '../platform/config.ts';
import { clickhouseVariables } from '../platform/clickhouse/variables.ts';
import { kafkaVariables } from '../platform/kafka/variables.ts';

const USER = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const USER_ALLOWED = 'letters, digits, dots, dashes and underscores';

export const setupVariables = {
  ...clickhouseVariables,
  ...kafkaVariables,
  CLICKHOUSE_SETUP_USER: text({
    doc: 'ClickHouse user that creates and upgrades tables; unset: CLICKHOUSE_USER.',
  }),
  CLICKHOUSE_SETUP_PASSWORD: text({
    doc: 'Password of CLICKHOUSE_SETUP_USER.',
    secret: true,
  }),
  CLICKHOUSE_INGEST_USER: matching(
    { doc: 'ClickHouse user that the setup creates for the consumer; unset: none.' },
    USER,
    USER_ALLOWED,
  ),
  CLICKHOUSE_INGEST_PASSWORD: text({ doc: 'Password of CLICKHOUSE_INGEST_USER.', secret: true }),
  GRAFANA_CLICKHOUSE_USER: matching(
    { doc: 'Read-only ClickHouse user that the setup creates for Grafana; unset: none.' },
    USER,
    USER_ALLOWED,
  ),
  GRAFANA_CLICKHOUSE_PASSWORD: text({
    doc: 'Password of GRAFANA_CLICKHOUSE_USER.',
    secret: true,
  }),
  KAFKA_TOPIC: matching(
    { doc: 'Topic of sensor_data, if it differs from the declared one.' },
    /^[A-Za-z0-9._-]{1,249}$/,
    '1 to 249 letters, digits, dots, dashes and underscores',
  ),
  KAFKA_REPLICATION_FACTOR: integer(
    { default: 1, doc: 'Replicas of a topic that the setup creates.' },
    1,
    15,
  ),
  RETENTION_DAYS: integer(
    { doc: 'Days after which rows and dead letters expire; 0: never; unset: unchanged.' },
    0,
    36_500,
  ),
  SETUP_TIMEOUT_SEC: integer(
    { default: 120, doc: 'How long the setup waits for Kafka and ClickHouse.' },
    1,
    86_400,
  ),
} as const;

export type SetupConfig = Config<typeof setupVariables>;
