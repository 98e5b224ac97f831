// The command line of `npm run new-stream`: a file, a name, which columns are key and time.
import {
  requiredOption,
  usageError,
  valueOption,
  type CommandLine,
  type Given,
} from '../../platform/command-line.ts';
import { oneOf, readBy, text } from '../../platform/config.ts';
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

const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const NAME_CHARS_MAX = 63;

export const newStreamCommand = {
  command: 'npm run new-stream',
  about:
    'Declares a stream of your own from a file of its events: CSV, a JSON array, or one JSON object a line (.gz too).',
  examples: [['npm run new-stream -- path/to/pumps.csv --name pumps --key pump_id --time ts']],
  positionals: [{ name: 'FILE', doc: 'path of the file', required: true }],
  options: {
    name: requiredOption(
      'NAME',
      readBy(
        { doc: 'of the stream, its topic and its table: lower-case letters, digits and _' },
        (written) => (NAME.test(written) && written.length <= NAME_CHARS_MAX ? written : undefined),
        `lower-case letters and digits, with single _ between, beginning with a letter, at most ${NAME_CHARS_MAX}`,
      ),
    ),
    key: requiredOption(
      'COLUMN',
      text({ doc: 'distinguishes the devices; becomes the key of the Kafka record' }),
    ),
    time: requiredOption(
      'COLUMN',
      text({ doc: 'when the event happened: epoch seconds, or ISO-8601 with a zone' }),
    ),
    without: valueOption(
      'A,B',
      text({ doc: 'columns to leave out of the table: for those that are often empty' }),
    ),
    encoding: valueOption(
      'NAME',
      oneOf(
        {
          doc: `how characters are written, where it is not UTF-8: ${FILE_ENCODINGS.slice(1).join(', ')}`,
        },
        FILE_ENCODINGS,
      ),
    ),
  },
  notes:
    'It writes streams/NAME.ts and grafana/NAME.ts and generates what follows from them. docs/your-own-stream.md describes the next steps.',
} as const satisfies CommandLine;

/** @throws {ConfigError} one line when key and time are one column. */
export function newStreamRequest({
  positionals,
  values,
}: Given<typeof newStreamCommand>): NewStreamRequest {
  const { encoding, key, name, time } = values;
  if (key === time) throw usageError(newStreamCommand, '--time: is the same column as --key');
  const without = (values.without ?? '').split(',').filter((column) => column !== '');
  return {
    ...{ path: positionals[0]!, name, key, time, without },
    ...(encoding === undefined ? {} : { encoding }),
  };
}
