// Classifies a kafkajs failure: a person must act (ConfigError) or waiting helps (UnavailableError). It looks
// at kafkajs's error names and protocol types only. A programming error is neither and stays unchanged.
import {
  ConfigError,
  UnavailableError,
  asError,
  isClassified,
  isProgrammingError,
} from '../errors.ts';
import { isNotConnected, nothingAnswers } from '../nothing-answers.ts';

const REFUSED_BY_NAME = new Set([
  'KafkaJSSASLAuthenticationError',
  'KafkaJSUnsupportedMagicByteInMessageSet',
  'KafkaJSServerDoesNotSupportApiKey',
]);

const INVALID_SESSION = 'INVALID_SESSION_TIMEOUT';
const SESSION_SETTINGS = {
  min: 'its group.min.session.timeout.ms (6000 by default)',
  max: 'group.max.session.timeout.ms',
};

const REFUSED_BY_TYPE = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
  'INVALID_TOPIC_EXCEPTION',
  INVALID_SESSION,
]);

/** The broker's answers that depend on nothing but what is in the batch. */
const REFUSED_CONTENT = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
]);

const LOST_SEQUENCE = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'INVALID_PRODUCER_EPOCH',
  'UNKNOWN_PRODUCER_ID',
]);

const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION';

/** The chain of an error and its causes; kafkajs hides the reason under `cause` when retries end. */
function* chain(thrown: unknown): Generator<Error & { type?: unknown }> {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 10; depth += 1) {
    yield error;
    // The other client gathers its attempts' failures instead of naming a cause.
    const last: unknown = error instanceof AggregateError ? error.errors.at(-1) : undefined;
    error = error.cause ?? last;
  }
}

/**
 * Classifies a failure of a Kafka call: {@link ConfigError}, {@link UnavailableError} or the programming
 * error that it is. `doing` starts the message, as in `Kafka: connect`. kafkajs wraps what is thrown
 * within it, mistakes of its own too (a commit while it joins again is one): those stay failures of a call.
 */
export function kafkaFailure(thrown: unknown, doing: string): Error {
  if (thrown instanceof ConfigError || thrown instanceof UnavailableError) return thrown;
  if (isProgrammingError(thrown)) return thrown;
  const cause = asError(thrown);
  for (const error of chain(thrown)) {
    const refused = REFUSED_BY_NAME.has(error.name) || REFUSED_BY_TYPE.has(String(error.type));
    if (refused) return new ConfigError(`${doing}: ${error.message}`, { cause });
  }
  const address = unanswered(thrown);
  const text =
    address === undefined
      ? `${doing}: ${innermost(thrown).message}`
      : nothingAnswers('Kafka', address);
  return new UnavailableError(text, { cause });
}

interface ConnectionFailure {
  readonly code?: unknown;
  /** kafkajs: host:port of the broker. */
  readonly broker?: unknown;
  /** Node: where it tried to connect, or whose address it looked for. */
  readonly address?: unknown;
  readonly hostname?: unknown;
  readonly port?: unknown;
}

/** The broker that no connection could be made to, if that is the failure. */
function unanswered(thrown: unknown): string | undefined {
  for (const error of chain(thrown)) {
    const { address, broker, code, hostname, port } = error as ConnectionFailure;
    if (!isNotConnected(typeof code === 'string' ? code : undefined)) continue;
    if (typeof broker === 'string') return broker;
    const host = [address, hostname].find((each) => typeof each === 'string');
    if (host !== undefined) return typeof port === 'number' ? `${host}:${port}` : host;
  }
  return undefined;
}

/**
 * True for what a call of a Kafka client may fail with: a class of ours, an error of kafkajs, or one with
 * a code, which is of the other client, of Node or of the network.
 */
export function isClientFailure(thrown: unknown): boolean {
  if (isProgrammingError(thrown)) return false;
  if (isClassified(thrown)) return true;
  if (!(thrown instanceof Error)) return false;
  return thrown.name.startsWith('KafkaJS') || (thrown as { code?: unknown }).code !== undefined;
}

/** True when the failure says that the topic does not exist (yet). */
export function isUnknownTopic(thrown: unknown): boolean {
  return [...chain(thrown)].some(({ type }) => type === UNKNOWN_TOPIC);
}

/** True for a programming error, also within an error of kafkajs, which wraps what is thrown in it. */
export function isMistake(thrown: unknown): boolean {
  return [...chain(thrown)].some(isProgrammingError);
}

/** As {@link kafkaFailure}; names the variable when the broker refuses a member's session timeout. */
export function joinFailure(thrown: unknown, sessionMs: number): Error {
  const isRefused = [...chain(thrown)].some(({ type }) => type === INVALID_SESSION);
  if (!isRefused) return kafkaFailure(thrown, 'Kafka');
  const { max, min } = SESSION_SETTINGS;
  const text = `KAFKA_SESSION_TIMEOUT_MS: ${sessionMs} is outside the limits of the broker: ${min} to ${max}`;
  return new ConfigError(text, { cause: asError(thrown) });
}

/** The broker's word for what is wrong with the content of a batch, undefined for any other failure. */
export function refusedContent(thrown: unknown): string | undefined {
  return [...chain(thrown)]
    .map(({ type }) => String(type))
    .find((type) => REFUSED_CONTENT.has(type));
}

/** True when broker and producer no longer agree on what was sent: only a new producer can go on. */
export function isLostSequence(thrown: unknown): boolean {
  return [...chain(thrown)].some(({ type }) => LOST_SEQUENCE.has(String(type)));
}

function innermost(thrown: unknown): Error {
  return [...chain(thrown)].at(-1) ?? asError(thrown);
}
