// One wording for an absent server: its address, and the command that starts it there.

export type Server = 'Kafka' | 'ClickHouse';

const COMMANDS: Record<Server, string> = {
  Kafka: 'npm start, or npm run kafka',
  ClickHouse: 'npm start, or npm run clickhouse',
};
const SERVICES: Record<Server, string> = { Kafka: 'kafka', ClickHouse: 'clickhouse-server' };
const VARIABLES: Record<Server, string> = {
  Kafka: 'KAFKA_BROKER',
  ClickHouse: 'CLICKHOUSE_HOST or CLICKHOUSE_URL',
};
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|0\.0\.0\.0)$/i;

/** The codes of a connection that was never made: nothing can have been sent. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** True for the code of an error that says that no connection was made. */
export function isNotConnected(code: string | undefined): boolean {
  return code !== undefined && NOT_CONNECTED.has(code);
}

/** `Kafka: nothing answers on 127.0.0.1:9092: npm start, or npm run kafka`. `address` is host:port. */
export function nothingAnswers(server: Server, address: string): string {
  return `${server}: nothing answers on ${address}: ${remedy(server, address)}`;
}

function remedy(server: Server, address: string): string {
  const host = address.replace(/:\d+$/, '');
  if (LOOPBACK.test(host)) return COMMANDS[server];
  if (host === SERVICES[server]) return `docker compose up -d ${host}`;
  return `start ${server} there, or set ${VARIABLES[server]}`;
}
