// The command line of `npm run tail`.
import { parseArgs } from 'node:util';
import { ConfigError, asError } from '../platform/errors.ts';

export interface TailOptions {
  readonly topic: string;
  readonly showKeys: boolean;
  readonly fromBeginning: boolean;
  /** Ends after so many messages. */
  readonly max: number;
}

export type TailCommand =
  | { readonly kind: 'help' }
  | ({ readonly kind: 'tail'; readonly bootstrap: string | undefined } & TailOptions);

export const USAGE = `Shows the messages of a topic, one line each, until Ctrl+C.

  npm run tail -- --topic iot.traffic.processed --show-keys --max 10

  --topic TOPIC        what to show
  --show-keys          the records' keys too
  --max N              end after N messages
  --from-beginning     from the oldest message that Kafka has; else what comes from now on
  --bootstrap BROKERS  host:port, or several separated by commas
  --help               show this text

A line holds the time (UTC), partition/offset and the fields of the declared stream; what is no event, or
of a topic that nobody declared, is shown as it is. It joins no group and leaves nothing on the broker.
`;

const options = {
  topic: { type: 'string' },
  'show-keys': { type: 'boolean', default: false },
  'from-beginning': { type: 'boolean', default: false },
  max: { type: 'string' },
  bootstrap: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** @throws {ConfigError} one line that names the argument and what is allowed. */
export function readCommand(args: readonly string[]): TailCommand {
  const values = parse(args);
  if (values.help) return { kind: 'help' };
  const { bootstrap, topic } = values;
  if (topic === undefined || topic === '') throw wrong('--topic: say which');
  return {
    kind: 'tail',
    bootstrap,
    topic,
    showKeys: values['show-keys'],
    fromBeginning: values['from-beginning'],
    max: values.max === undefined ? Infinity : whole(values.max),
  };
}

function whole(written: string): number {
  const value = /^\d{1,15}$/.test(written) ? Number(written) : 0;
  if (value >= 1) return value;
  throw wrong(`--max: ${JSON.stringify(written)} is not an integer from 1`);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    throw wrong(asError(cause).message.split('\n')[0]!, cause);
  }
}

function wrong(text: string, cause?: unknown): ConfigError {
  return new ConfigError(`${text}; see: npm run tail -- --help`, { cause });
}
