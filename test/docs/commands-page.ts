// docs/commands.md, made from the declarations of all programs.
import { exitCodeEntries, optionEntries, usage, type Entry } from '../../platform/command-help.ts';
import { flagOption, type CommandLine } from '../../platform/command-line.ts';

export const generateDocsCommand = {
  about:
    'Writes docs/commands.md, the tables of docs/configuration.md and .dockerignore from the code.',
  command: 'npm run generate:docs',
  options: { check: flagOption('write nothing; exit code 1 if a file is not up to date') },
  exitCodes: { 1: 'with --check, a file is not up to date' },
} as const satisfies CommandLine;

const HEAD = `# Commands

Generated from the programs by \`npm run generate:docs\`. Do not edit: change the declaration of the program.

Every program prints the same with \`--help\` and starts nothing. A wrong argument or setting is one line and exit code 2. npm hands
on what stands behind \`--\`. \`npm run forwarder\` is \`npm run processor -- --processor traffic-forward\`, and \`npm run metrics\` is \`npm run traffic-report\`. The variables and their
meaning are in [configuration.md](configuration.md).`;

type Groups = readonly (readonly [purpose: string, readonly CommandLine[]])[];

/** The page as Markdown, not yet aligned. */
export function commandsPage(groups: Groups): string {
  const parts = groups.flatMap(([purpose, lines]) => [`## ${purpose}`, ...lines.map(section)]);
  return `${[HEAD, ...parts].join('\n\n')}\n`;
}

function section(line: CommandLine): string {
  const { about, command, examples = [], list, notes, positionals = [], variables = {} } = line;
  const shown = examples.map(([text, does = '']) => (does === '' ? text : `${text}  # ${does}`));
  const words = positionals.map(({ doc, name }): Entry => [name, doc]);
  // All but --help, which the head of the page explains.
  const entries = [...words, ...optionEntries(line).slice(0, -1)];
  const names = Object.keys(variables).map(code).join(', ');
  return [
    `### ${command}`,
    about,
    ['```sh', ...new Set([usage(line), ...shown]), '```'].join('\n'),
    ...(entries.length === 0 ? [] : [table(['argument', 'meaning'], entries)]),
    ...(list === undefined ? [] : [table([list[0].toLowerCase(), 'meaning'], list[1])]),
    ...(names === '' ? [] : [`Variables: ${names}.`]),
    ...(notes === undefined ? [] : [notes.replaceAll('\n', ' ')]),
    `Exit codes: ${exitCodeEntries(line)
      .map(([exitCode, means]) => `${exitCode} ${means}`)
      .join('; ')}.`,
  ].join('\n\n');
}

function table(head: Entry, rows: readonly Entry[]): string {
  const lines = rows.map(([name, means]) => row([code(name), means]));
  return [row(head), row(['---', '---']), ...lines].join('\n');
}

function row(cells: Entry): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}
