// The list of bootstrap brokers: the forms that a person may write and those that each client library takes.
// kafkajs does not take an IPv6 address, so it gets a stand-in name that the socket factory turns back.
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

export interface Broker {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 9092;
const KEEP_ALIVE_MS = 60_000;
const STAND_IN = '.ipv6-literal';

/** `a, b:9093, [::1]:9094, ::1` as brokers, in order; undefined when it is no such list. */
export function parseBrokers(text: string): Broker[] | undefined {
  const brokers = text.split(',').map((written) => parseBroker(written.trim()));
  return brokers.every((broker) => broker !== undefined) ? brokers : undefined;
}

function parseBroker(written: string): Broker | undefined {
  if (isIP(written) === 6) return { host: written, port: DEFAULT_PORT };
  const match = /^(?:\[([^\]\s]+)\]|([^\s:,[\]/@]+))(?::(\d{1,5}))?$/.exec(written);
  if (match === null) return undefined;
  const [, address, name, digits] = match;
  if (address !== undefined && isIP(address) !== 6) return undefined;
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  const host = address ?? name;
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

/** A list that {@link parseBrokers} reads as these brokers, each with its port. */
export function brokersText(brokers: readonly Broker[]): string {
  const text = ({ host, port }: Broker): string =>
    isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
  return brokers.map(text).join(',');
}

/** For kafkajs, which splits each entry at its first colon. */
export function forKafkaJs(text: string): string[] {
  return (parseBrokers(text) ?? []).map(({ host, port }) => {
    const name = isIP(host) === 6 ? `${host.replaceAll(':', '-')}${STAND_IN}` : host;
    return `${name}:${port}`;
  });
}

/** The host that a name from {@link forKafkaJs} stands for. */
export function realHost(name: string): string {
  if (!name.endsWith(STAND_IN)) return name;
  return name.slice(0, -STAND_IN.length).replaceAll('-', ':');
}

/** Connects kafkajs, as its own factory does. */
export function socketFactory({
  host: name,
  port,
  ssl,
  onConnect,
}: {
  host: string;
  port: number;
  ssl: ConnectionOptions;
  onConnect: () => void;
}): Socket {
  const host = realHost(name);
  const named = isIP(host) === 0 ? { servername: host } : {};
  // For no TLS kafkajs gives null, whatever its types say.
  const secure = ssl as ConnectionOptions | null | undefined | false;
  const socket = secure
    ? connectTls({ host, port, ...named, ...secure }, onConnect)
    : connectPlain({ host, port }, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
}
