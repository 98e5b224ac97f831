// Every program that an npm script or Docker starts declares its command line, reads its arguments by it
// and stands in docs/commands.md.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { helpText } from '../platform/command-help.ts';
import { parseArguments } from '../platform/command-line.ts';
import { ConfigError } from '../platform/errors.ts';
import { commands } from './docs/command-catalogue.ts';
import { COMMANDS_PAGE, freshCommandsPage } from './docs/generate.ts';

const PROJECT = join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
/** The program that each script starts; Stryker is not ours, it only reads a file of ours. */
const programs = Object.entries(scripts).flatMap(([name, command]) => {
  if (name === 'mutate') return [];
  const started = [...command.matchAll(/\bnode (?:-\S+ )*(\S+\.ts)/g)];
  return started.map(([, program]) => ({ name, program: program! }));
});
const commandOf = (name: string): string => (name === 'start' ? 'npm start' : `npm run ${name}`);

describe('the programs', () => {
  it('are each behind a script of its own, or the forwarder', () => {
    const ts = Object.keys(scripts).filter((name) => scripts[name]!.includes('.ts'));
    expect(programs.map(({ name }) => name)).toEqual(ts.filter((name) => name !== 'mutate'));
    const own = programs.filter(({ name }) => name !== 'forwarder');
    expect(new Set(own.map(({ program }) => program)).size).toBe(own.length);
  });

  it('have each a declared command line', () => {
    const wanted = programs.filter(({ name }) => name !== 'forwarder');
    const docker = ['node clickhouse_setup/preflight.ts'];
    const declared = commands.map(({ command }) => command);
    expect(declared.toSorted()).toEqual(
      [...wanted.map(({ name }) => commandOf(name)), ...docker].toSorted(),
    );
  });

  it.each(programs)('npm run $name reads its arguments by it', ({ program }) => {
    const text = readFileSync(join(PROJECT, program), 'utf8');
    expect(text).toMatch(/^(.*\bawait |.*)(runProgram|readCommandLine)\(\s*\w+Command\b/m);
  });

  it.each(commands)('$command refuses an unknown option and explains itself', (line) => {
    expect(() => parseArguments(line, ['--frobnicate'])).toThrow(ConfigError);
    expect(() => parseArguments(line, ['--frobnicate'])).toThrow(
      /^unknown option --frobnicate; see: [^\n]+ --help$/,
    );
    const help = helpText(line);
    expect(help.startsWith(`${line.about}\n\nUsage: ${line.command}`)).toBe(true);
    expect(help).toMatch(/\nExit codes: 0 [^\n]+; 2 [^\n]+\.\n$/);
  });

  it('stand in docs/commands.md (npm run generate:docs)', async () => {
    expect(readFileSync(COMMANDS_PAGE, 'utf8')).toBe(await freshCommandsPage());
  });
});
