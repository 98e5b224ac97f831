// The command line of the processor. What it says goes over the environment; how much to read and from
// where belongs to one run only, so it can be said nowhere else.
import { parseArgs } from 'node:util';
import { ConfigError, asError } from '../platform/errors.ts';
import { transforms } from '../streams/index.ts';

type Environment = Record<string, string | undefined>;

export interface RunOptions {
  /** Ends well after so many records were read and dealt with. */
  readonly max: number;
  /** Reads every partition from its log's start, whatever the group committed. */
  readonly fromBeginning: boolean;
}

export type ProcessorCommand =
  { readonly kind: 'help' } | ({ readonly kind: 'run'; readonly env: Environment } & RunOptions);

const OVER_ENVIRONMENT = {
  processor: 'PROCESSOR',
  'from-topic': 'PROCESSOR_FROM_TOPIC',
  'to-topic': 'PROCESSOR_TO_TOPIC',
  group: 'PROCESSOR_GROUP',
  bootstrap: 'KAFKA_BROKER',
} as const;

const options = {
  processor: { type: 'string' },
  'from-topic': { type: 'string' },
  'to-topic': { type: 'string' },
  group: { type: 'string' },
  bootstrap: { type: 'string' },
  max: { type: 'string' },
  'from-beginning': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** @throws {ConfigError} one line that names the argument and what is allowed. */
export function readCommand(args: readonly string[], env: Environment): ProcessorCommand {
  const values = parse(args);
  if (values.help) return { kind: 'help' };
  const changed = { ...env };
  for (const [option, variable] of Object.entries(OVER_ENVIRONMENT)) {
    const value = values[option as keyof typeof OVER_ENVIRONMENT];
    if (value !== undefined) changed[variable] = value;
  }
  const max = values.max === undefined ? Infinity : whole(values.max);
  return { kind: 'run', env: changed, max, fromBeginning: values['from-beginning'] };
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
  return new ConfigError(`${text}; see: npm run processor -- --help`, { cause });
}

export const USAGE = `Reads a topic, makes of each record what a transform says, and writes it to another.

  npm run processor                                  ${transforms[0]!.input.topic.name} → ${transforms[0]!.outputs[0].topic.name}, until Ctrl+C
  npm run forwarder                                  ${transforms[1]!.input.topic.name} → ${transforms[1]!.outputs[0].topic.name}, as it is
  npm run forwarder -- --from-topic A --to-topic B --max 100 --from-beginning

  --processor NAME     one of ${transforms.map(({ name }) => name).join(', ')}
  --from-topic TOPIC   read this one instead of the declared one
  --to-topic TOPIC     write to this one instead of the declared one
  --max N              end after N records, with exit code 0
  --from-beginning     read from the start, whatever was read before
  --group GROUP        consumer group
  --bootstrap BROKERS  host:port, or several separated by commas

A record that is written carries the header sensorhouse-from: which record it was made from. One that was
made twice, after a crash or with --from-beginning, names the same one; the consumer leaves it out, and
whoever else reads the topic can. Settings are environment variables: see docs/configuration.md.
`;
