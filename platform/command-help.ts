// What `--help` prints, made from the declaration of a program's command line, and the parts of that text that
// docs/commands.md shows as tables.
import type { CommandLine, Option } from './command-line.ts';
import { EXIT_CODES } from './exit-codes.ts';

/** What an exit code means unless a program says otherwise; docs/commands.md has the others. */
export const COMMON_CODES: Readonly<Record<number, string>> = {
  [EXIT_CODES.done]: 'done',
  [EXIT_CODES.refused]: 'a wrong argument or setting',
};

/** A name and what it means. */
export type Entry = readonly [name: string, meaning: string];

/** The options with their arguments: `--max N`. */
export function optionEntries({ options = {} }: CommandLine): Entry[] {
  const own = Object.entries(options).map(([name, option]): Entry => {
    return [written(name, option), meaning(option)];
  });
  return [...own, ['--help, -h', 'show this text']];
}

/** Whether `--no-NAME` says something that leaving the option out does not. */
export function isNegatable(option: Option): boolean {
  return option.kind === 'flag' && (option.default === true || option.sets !== undefined);
}

/** A command with more words; npm hands on only what stands behind `--`. */
export function withOptions(command: string, words: string): string {
  return `${command}${command.startsWith('npm ') ? ' --' : ''} ${words}`;
}

function written(name: string, option: Option): string {
  if (option.kind === 'flag' && option.default === true) return `--no-${name}`;
  const short = 'short' in option ? `, -${option.short}` : '';
  const negated = isNegatable(option) ? `, --no-${name}` : '';
  const argument = option.kind === 'flag' ? '' : ` ${option.argument}`;
  return `--${name}${argument}${short}${negated}`;
}

function meaning(option: Option): string {
  if (option.kind === 'setting' || (option.kind === 'flag' && option.sets !== undefined)) {
    return `${option.doc} (${option.sets!})`;
  }
  if (option.kind === 'flag') return option.doc;
  const { doc, fallback } = option.value;
  const more = option.kind === 'list' ? '; may be given several times' : '';
  return `${doc}${more}${fallback === undefined ? '' : ` (default ${fallback})`}`;
}

/** How the program is started. */
export function usage({ command, options = {}, positionals = [] }: CommandLine): string {
  const required = Object.entries(options).filter(([, option]) => isRequired(option));
  const words = [
    ...positionals.map(({ name, required: must, rest }) => {
      const text = rest === true ? `${name}…` : name;
      return must === true ? text : `[${text}]`;
    }),
    ...required.map(([name, option]) => written(name, option)),
  ];
  const isMore = Object.keys(options).length > required.length;
  if (words.length > 0) {
    return withOptions(command, [...words, ...(isMore ? ['[OPTIONS]'] : [])].join(' '));
  }
  if (!isMore) return command;
  return command.startsWith('npm ') ? `${command} [-- OPTIONS]` : `${command} [OPTIONS]`;
}

function isRequired(option: Option): boolean {
  return option.kind === 'value' && option.required === true;
}

/** Every exit code and what it means, in order. */
export function exitCodeEntries({ exitCodes = {} }: CommandLine): Entry[] {
  return Object.entries({ ...COMMON_CODES, ...exitCodes });
}

/** The text that `--help` prints. */
export function helpText(line: CommandLine): string {
  const { about, examples = [], list, notes, positionals = [], variables = {} } = line;
  const parts = [about, `Usage: ${usage(line)}`];
  if (examples.length > 0) {
    parts.push(aligned(examples.map(([command, does = '']) => [command, does])));
  }
  const words = positionals.map(({ doc, name }): Entry => [name, doc]);
  parts.push(aligned([...words, ...optionEntries(line)]));
  if (list !== undefined) parts.push(`${list[0]}:\n${aligned(list[1])}`);
  const declared = Object.entries(variables).map(([name, { allowed, doc, fallback, secret }]) => {
    const value = secret ? 'a secret' : allowed;
    return `  ${name}\n      ${doc}\n      ${value}; default ${fallback ?? 'unset'}`;
  });
  if (declared.length > 0) parts.push(`Variables:\n${declared.join('\n')}`);
  if (notes !== undefined) parts.push(notes);
  const codes = exitCodeEntries(line).map(([code, means]) => `${code} ${means}`);
  parts.push(`Exit codes: ${codes.join('; ')}.`);
  return `${parts.join('\n\n')}\n`;
}

/** Longer names do not push the others' meanings to the right. */
const NAME_CHARS_MAX = 48;

function aligned(entries: readonly Entry[]): string {
  const lengths = entries.map(([name]) => name.length).filter((length) => length <= NAME_CHARS_MAX);
  const width = Math.max(0, ...lengths) + 2;
  const lines = entries.map(([name, means]) => {
    if (means === '') return `  ${name}`;
    if (name.length > NAME_CHARS_MAX) return `  ${name}\n  ${' '.repeat(width)}${means}`;
    return `  ${name.padEnd(width)}${means}`;
  });
  return lines.join('\n');
}
