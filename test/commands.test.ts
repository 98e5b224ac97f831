// Every program that an npm script or Docker starts declares its command line, reads its arguments by it
// and stands in docs/commands.md.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { helpText } from '../platform/command-help.ts';
import { parseArguments } from '../platform/command-line.ts';
import { ConfigError } from '../platform/errors.ts';
import { commands, programs, secondNames, typed } from './docs/command-catalogue.ts';
import { COMMANDS_PAGE, freshCommandsPage } from './docs/generate.ts';

const PROJECT = join(import.meta.dirname, '..');

describe('the programs', () => {
  const own = programs.filter(({ script }) => !secondNames.includes(script));

  it('are each behind one script, with second names that are known', () => {
    expect(own.length).toBeGreaterThan(25);
    expect(new Set(own.map(({ program }) => program)).size).toBe(own.length);
  });

  it('have each a declared command line', () => {
    const wanted = [
      ...own.map(({ script }) => typed(script)),
      'node clickhouse_setup/preflight.ts',
    ];
    expect(commands.map(({ command }) => command).toSorted()).toEqual(wanted.toSorted());
  });

  it.each(programs)('npm run $script reads its arguments by it', ({ program }) => {
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
