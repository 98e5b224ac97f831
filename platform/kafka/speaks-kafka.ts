// Checks that the program on a broker's address is a Kafka broker, before a client library waits half a
// minute for an answer that never comes. It sends one raw ApiVersions request, which Kafka answers before a
// login, too; the client itself reports a port that refuses connections.
import { readFileSync } from 'node:fs';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { UnavailableError } from '../errors.ts';
import { brokersText, parseBrokers, type Broker } from './brokers.ts';
import type { KafkaConfig } from './variables.ts';

/** A broker answers within milliseconds; one that is starved of CPU gets this long. */
const ANSWERS_WITHIN_MS = 5_000;
const API_VERSIONS = 18;
const CORRELATION_ID = 0x73656e73;
const MAX_ANSWER_BYTES = 64 * 1024;

type Answer = 'kafka' | 'refused' | 'foreign' | 'silent';

interface AskOptions {
  /** Default: 5 s. */
  readonly withinMs?: number;
  /** Called when something listens at one of the addresses. */
  readonly onConnect?: () => void;
}

/**
 * Settles when one of the brokers speaks Kafka, or when none of them listens.
 * @throws {UnavailableError} when something else listens there.
 */
export async function assertKafka(
  config: KafkaConfig,
  { onConnect = () => undefined, withinMs = ANSWERS_WITHIN_MS }: AskOptions = {},
): Promise<void> {
  const brokers = parseBrokers(config.KAFKA_BROKER) ?? [];
  const asking = brokers.map((broker) => ask(config, broker, withinMs, onConnect));
  const answers = await Promise.all(asking);
  if (answers.includes('kafka')) return;
  const at = answers.findIndex((answer) => answer === 'foreign' || answer === 'silent');
  if (at < 0) return;
  const what =
    answers[at] === 'foreign'
      ? 'another program listens there, not Kafka'
      : `the program that listens there does not answer as Kafka within ${withinMs / 1_000} s`;
  const address = brokersText([brokers[at]!]);
  throw new UnavailableError(`${address}: ${what}; stop it, or set KAFKA_BROKER`);
}

/** Asks once, and again only after it failed. */
export class KafkaCheck {
  readonly #config: KafkaConfig;
  #passed: Promise<void> | undefined;

  constructor(config: KafkaConfig) {
    this.#config = config;
  }

  /** @throws {UnavailableError} */
  async passed(): Promise<void> {
    try {
      await (this.#passed ??= assertKafka(this.#config));
    } catch (error) {
      this.#passed = undefined;
      throw error;
    }
  }
}

function ask(
  config: KafkaConfig,
  broker: Broker,
  withinMs: number,
  onConnect: () => void,
): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = open(config, broker);
    let connected = false;
    let received = Buffer.alloc(0);
    const timer = setTimeout(() => settle(connected ? 'silent' : 'refused'), withinMs);
    function settle(answer: Answer): void {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    }
    socket.once('connect', () => {
      connected = true;
      onConnect();
    });
    socket.once(config.KAFKA_SSL ? 'secureConnect' : 'connect', () => socket.write(request()));
    // Also a handshake that fails: the client says what is wrong with the certificate.
    socket.once('error', () => settle(received.length > 0 ? 'foreign' : 'refused'));
    socket.once('close', () => settle(connected ? 'foreign' : 'refused'));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const answer = judged(received);
      if (answer !== undefined) settle(answer);
    });
  });
}

function open(config: KafkaConfig, address: Broker): Socket {
  if (!config.KAFKA_SSL) return connectPlain(address);
  const { KAFKA_SSL_CA: ca } = config;
  const named = isIP(address.host) === 0 ? { servername: address.host } : {};
  const authority = ca === undefined ? {} : { ca: readFileSync(ca) };
  return connectTls({ ...address, ...named, ...authority });
}

/** ApiVersions v0 from client `sensorhouse`. */
function request(): Buffer {
  const client = Buffer.from('sensorhouse');
  const bytes = Buffer.alloc(14 + client.length);
  bytes.writeInt32BE(bytes.length - 4, 0);
  bytes.writeInt16BE(API_VERSIONS, 4);
  bytes.writeInt16BE(0, 6);
  bytes.writeInt32BE(CORRELATION_ID, 8);
  bytes.writeInt16BE(client.length, 12);
  client.copy(bytes, 14);
  return bytes;
}

/** Decides by the first eight bytes, length and correlation id; undefined: not there yet. */
function judged(received: Buffer): Answer | undefined {
  if (received.length < 8) return undefined;
  const length = received.readInt32BE(0);
  const isAnswer = length >= 6 && length <= MAX_ANSWER_BYTES;
  return isAnswer && received.readInt32BE(4) === CORRELATION_ID ? 'kafka' : 'foreign';
}
