// The command line of `npm run new-stream`: a file, a name, which columns are key and time.
import { parseArgs } from 'node:util';
import { ConfigError, asError } from '../../platform/errors.ts';
import { FILE_ENCODINGS, type FileEncoding } from '../../producers/file-text.ts';

export interface NewStreamRequest {
  readonly path: string;
  readonly name: string;
  /** As the file names them; members of nested objects with dots. */
  readonly key: string;
  readonly time: string;
  /** Columns that are not declared. */
  readonly without: readonly string[];
  /** Undefined: what the file's beginning says, else UTF-8. */
  readonly encoding?: FileEncoding | undefined;
}

export const USAGE = `Declares a stream of your own from a file of its events: CSV, a JSON array, or one JSON object a line (.gz too).

  npm run new-stream -- path/to/pumps.csv --name pumps --key pump_id --time ts

  --name NAME        of the stream, its topic and its table: lower-case letters, digits and _
  --key COLUMN       tells devices apart; the key of the Kafka record
  --time COLUMN      when the event happened: epoch seconds, or ISO-8601 with a zone
  --without A,B      columns that get none in the table: for those that are often empty
  --encoding NAME    how characters are written, where it is not UTF-8: ${FILE_ENCODINGS.slice(1).join(', ')}
  --help             this text

It writes streams/NAME.ts and grafana/NAME.ts and generates what follows from them. docs/your-own-stream.md goes on from there.
`;

const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const NAME_CHARS_MAX = 63;

/** @throws {ConfigError} one line that names the option and what is allowed. */
export function readRequest(args: readonly string[]): NewStreamRequest | 'help' {
  const { positionals, values } = parse(args);
  if (values.help === true) return 'help';
  const [path, more] = positionals;
  if (path === undefined || path === '') throw wrong('which file? give its path');
  if (more !== undefined) throw wrong(`${JSON.stringify(more)} is one word too many`);
  const { key, name, time } = values;
  if (name === undefined) throw wrong('--name: missing');
  if (!NAME.test(name) || name.length > NAME_CHARS_MAX) {
    const allowed = 'lower-case letters and digits, with single _ between, beginning with a letter';
    throw wrong(`--name: ${JSON.stringify(name)} is not ${allowed}`);
  }
  if (key === undefined) throw wrong('--key: missing');
  if (time === undefined) throw wrong('--time: missing');
  if (key === time) throw wrong('--time: is the same column as --key');
  const without = (values.without ?? '').split(',').filter((column) => column !== '');
  return { path, name, key, time, without, ...encodingOf(values.encoding) };
}

function encodingOf(given: string | undefined): Pick<NewStreamRequest, 'encoding'> {
  if (given === undefined) return {};
  const encoding = FILE_ENCODINGS.find((each) => each === given);
  if (encoding !== undefined) return { encoding };
  const allowed = FILE_ENCODINGS.join(', ');
  throw wrong(`--encoding: ${JSON.stringify(given)} is not one of ${allowed}`);
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { name: text, key: text, time: text, without: text, encoding: text } as const;
  const help = { type: 'boolean', short: 'h' } as const;
  try {
    const config = { args: [...args], allowPositionals: true } as const;
    return parseArgs({ ...config, options: { ...options, help } });
  } catch (cause) {
    const [problem = ''] = asError(cause).message.split(/[.\n]/);
    throw wrong(problem, { cause });
  }
}

function wrong(problem: string, options?: ErrorOptions): ConfigError {
  return new ConfigError(`${problem}; npm run new-stream -- --help lists the options`, options);
}
