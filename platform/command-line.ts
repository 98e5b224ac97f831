// The command line of a program that takes few options: `--help` prints a text and ends before anything
// starts, and what the program does not take is refused with one line.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { watchPipes } from './closed-pipe.ts';
import type { Variables } from './config.ts';
import { asError } from './errors.ts';
import { EXIT_CODES } from './exit-codes.ts';

export interface Help {
  /** What the program does, in a sentence or two. */
  readonly about: string;
  /** How it is started: `npm run setup`. */
  readonly command: string;
  /** Each option with its argument, and what it does. */
  readonly options?: Readonly<Record<string, string>>;
  /** The variables to show; docs/configuration.md has all. */
  readonly variables?: Variables;
  readonly notes?: string;
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; strict: true; options: T }>
>['values'];

/** The text that `--help` prints. */
export function helpText({ about, command, notes, options = {}, variables = {} }: Help): string {
  const shown = { ...options, '--help': 'show this text' };
  const width = Math.max(...Object.keys(shown).map(({ length }) => length)) + 2;
  const lines = Object.entries(shown).map(([name, does]) => `  ${name.padEnd(width)}${does}`);
  const declared = Object.entries(variables).map(
    ([name, { doc, fallback, secret }]) =>
      `  ${name}\n      ${doc}${fallback === undefined || secret ? '' : ` Default: ${fallback}.`}`,
  );
  const usage = Object.keys(options).length === 0 ? command : `${command} [-- OPTIONS]`;
  const parts = [about, `  ${usage}`, lines.join('\n')];
  if (declared.length > 0) {
    parts.push(`Variables (docs/configuration.md lists all):\n${declared.join('\n')}`);
  }
  if (notes !== undefined) parts.push(notes);
  return `${parts.join('\n\n')}\n`;
}

/** Prints the help and exits with 0 when it is asked for. Call it before anything else. */
export function answerHelp(help: Help, args: readonly string[] = process.argv.slice(2)): void {
  watchPipes();
  const separator = args.indexOf('--');
  const own = separator === -1 ? args : args.slice(0, separator);
  if (!own.includes('--help') && !own.includes('-h')) return;
  process.stdout.write(helpText(help));
  process.exit(EXIT_CODES.done);
}

/**
 * The values of `options` in the arguments of this process, after {@link answerHelp}. Exits with 2 and one
 * line for what is not taken.
 */
export function readOptions<const T extends Options>(
  help: Help,
  options: T,
  args: readonly string[] = process.argv.slice(2),
): Parsed<T> {
  answerHelp(help, args);
  try {
    return parseArgs({ args: [...args], strict: true, options }).values;
  } catch (thrown) {
    const [problem = ''] = asError(thrown).message.split(/\. |\n/);
    process.stderr.write(`${problem}; see: ${helpCommand(help.command)}\n`);
    return process.exit(EXIT_CODES.refused);
  }
}

function helpCommand(command: string): string {
  return command.startsWith('npm ') ? `${command} -- --help` : `${command} --help`;
}
