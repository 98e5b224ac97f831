// Reading a command line as it is declared, what is refused, and the help.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { helpText, optionEntries, usage } from './command-help.ts';
import {
  flagOption,
  listOption,
  parseArguments,
  requiredOption,
  settingOption,
  usageError,
  valueOption,
  type CommandLine,
} from './command-line.ts';
import { integer, oneOf, text } from './config.ts';
import { ConfigError } from './errors.ts';

const line = {
  command: 'npm run wash',
  about: 'Washes files.',
  positionals: [
    { name: 'FILE', doc: 'the file', required: true },
    { name: 'MORE', doc: 'other files', rest: true },
  ],
  options: {
    degrees: valueOption('N', integer({ doc: 'how warm', default: 40 }, 1, 95)),
    soap: requiredOption('NAME', text({ doc: 'which soap' })),
    color: listOption('NAME', oneOf({ doc: 'only this colour' }, ['red', 'blue'])),
    quick: flagOption('rinse once', { short: 'q' }),
    spin: flagOption('do not spin', { default: true }),
    loop: flagOption('again and again', { sets: 'LOOP' }),
    water: settingOption('LITRES', 'WATER', 'how much water'),
    note: valueOption('TEXT', text({ doc: 'a note' }), { short: 'n' }),
  },
  variables: { WATER: integer({ doc: 'Water in litres.', default: 9 }, 1, 99) },
  exitCodes: { 1: 'still dirty' },
} as const satisfies CommandLine;

const read = (words: string) => parseArguments(line, words === '' ? [] : words.split(' '));

describe('parseArguments', () => {
  it('gives each option its value, its default or nothing', () => {
    expect(read('--soap s file')).toEqual({
      values: {
        ...{ degrees: 40, soap: 's', color: [], quick: false, spin: true, loop: false },
        ...{ water: undefined, note: undefined },
      },
      positionals: ['file'],
      env: {},
    });
  });

  it('takes every form, in any order; the last word wins', () => {
    const given = read('a -q --degrees=30 --degrees 60 --no-spin --color red b --soap=-s --color blue -nx --loop --no-loop --water 5 -- --c'); // prettier-ignore
    expect(given.values).toMatchObject({ degrees: 60, soap: '-s', quick: true, spin: false });
    expect(given.values).toMatchObject({ color: ['red', 'blue'], note: 'x', loop: false });
    expect(given.positionals).toEqual(['a', 'b', '--c']);
    expect(given.env).toEqual({ LOOP: 'false', WATER: '5' });
  });

  it.each([
    ['--soap s', 'FILE: missing'],
    ['f', '--soap: missing'],
    ['--sope s f', 'unknown option --sope'],
    ['-x f', 'unknown option -x'],
    ['--no-quick --soap s f', 'unknown option --no-quick'],
    ['--no-soap --soap s f', 'unknown option --no-soap'],
    ['--toString --soap s f', 'unknown option --toString'],
    ['--quick=yes --soap s f', '--quick: takes no value'],
    ['f --soap', '--soap: its value NAME is missing'],
    ['f --soap=', '--soap: "" is not a value'],
    ['f --soap --quick', '--soap: "--quick" looks like an option; if it is the value, write --soap=--quick'], // prettier-ignore
    ['f --soap s --degrees 96', '--degrees: "96" is not an integer from 1 to 95'],
    ['f --soap s --color green', '--color: "green" is not one of red, blue'],
  ])('refuses %j in one line that points to the help', (words, problem) => {
    expect(() => read(words)).toThrow(ConfigError);
    expect(() => read(words)).toThrow(usageError(line, problem));
    expect(usageError(line, problem).message).toBe(`${problem}; see: npm run wash -- --help`);
  });

  it('refuses a word too many where not all are taken', () => {
    const none = { command: 'node x.ts', about: 'Does nothing.' };
    const says = 'unexpected argument "now"; see: node x.ts --help';
    expect(() => parseArguments(none, ['now'])).toThrow(new ConfigError(says));
  });

  it('reads any arguments, or refuses them in one line that nobody can forge', () => {
    const words = fc.constantFrom('--', '-', '-q', '--soap', '--soap=s', '--no-loop', '--color', 'red', '--\n', '-\u001b', '--note=\u202e', 'f'); // prettier-ignore
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string({ unit: 'binary' }))), (args) => {
        try {
          parseArguments(line, args);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ConfigError);
          expect((thrown as Error).message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        }
      }),
    );
  });
});

describe('the help', () => {
  it('shows each argument with its meaning', () => {
    expect(usage(line)).toBe('npm run wash -- FILE [MORE…] --soap NAME [OPTIONS]');
    expect(optionEntries(line)).toEqual([
      ['--degrees N', 'how warm (default 40)'],
      ['--soap NAME', 'which soap'],
      ['--color NAME', 'only this colour; may be given several times'],
      ['--quick, -q', 'rinse once'],
      ['--no-spin', 'do not spin'],
      ['--loop, --no-loop', 'again and again (LOOP)'],
      ['--water LITRES', 'how much water (WATER)'],
      ['--note TEXT, -n', 'a note'],
      ['--help, -h', 'show this text'],
    ]);
    const help = helpText(line);
    expect(help).toContain('\n  FILE               the file\n');
    expect(help).toContain(
      '  WATER\n      Water in litres.\n      an integer from 1 to 99; default 9\n',
    );
    expect(help).toMatch(/\nExit codes: 0 done; 1 still dirty; 2 a wrong argument or setting\.\n$/);
  });

  it('puts a long example on a line of its own', () => {
    const long = `npm run wash -- ${'x'.repeat(60)}`;
    const help = helpText({
      ...line,
      examples: [
        [long, 'long'],
        ['short', 'brief'],
      ],
    });
    expect(help).toContain(`\n  ${long}\n         long\n  short  brief\n`);
  });
});
