// Tells what a kafkajs failure means for the program: a person must act (ConfigError) or waiting
// helps (UnavailableError). Decided by kafkajs's error names and protocol types only.
import { ConfigError, UnavailableError, asError } from '../errors.ts';

const REFUSED_BY_NAME = new Set([
  'KafkaJSSASLAuthenticationError',
  'KafkaJSUnsupportedMagicByteInMessageSet',
  'KafkaJSServerDoesNotSupportApiKey',
]);

const REFUSED_BY_TYPE = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
  'INVALID_TOPIC_EXCEPTION',
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

/** Classifies a failure of a Kafka call; `doing` starts the message, as in `Kafka: connect`. */
export function kafkaFailure(thrown: unknown, doing: string): ConfigError | UnavailableError {
  if (thrown instanceof ConfigError || thrown instanceof UnavailableError) return thrown;
  const cause = asError(thrown);
  for (const error of chain(thrown)) {
    const refused = REFUSED_BY_NAME.has(error.name) || REFUSED_BY_TYPE.has(String(error.type));
    if (refused) return new ConfigError(`${doing}: ${error.message}`, { cause });
  }
  return new UnavailableError(`${doing}: ${innermost(thrown).message}`, { cause });
}

/** True when the failure says that the topic does not exist (yet). */
export function isUnknownTopic(thrown: unknown): boolean {
  return [...chain(thrown)].some(({ type }) => type === UNKNOWN_TOPIC);
}

function innermost(thrown: unknown): Error {
  return [...chain(thrown)].at(-1) ?? asError(thrown);
}
