// The command line of new-stream: what it needs, and what it turns down in one line.
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../platform/errors.ts';
import { parseArguments } from '../../platform/command-line.ts';
import { newStreamCommand, newStreamRequest } from './arguments.ts';

const readRequest = (args: readonly string[]) =>
  newStreamRequest(parseArguments(newStreamCommand, args));

const good = ['p.csv', '--name', 'pumps', '--key', 'id', '--time', 'ts'];
const changed = (option: string, value: string): string[] =>
  good.with(good.indexOf(option) + 1, value);

describe('readRequest', () => {
  it('takes a file, a name, key and time, and columns to leave out', () => {
    const request = { path: 'p.csv', name: 'pumps', key: 'id', time: 'ts', without: [] };
    expect(readRequest(good)).toEqual(request);
    const without = readRequest([...good, '--without', 'a,b.c']);
    expect(without).toEqual({ ...request, without: ['a', 'b.c'] });
  });

  it.each([
    [[], 'missing'],
    [good.slice(1), 'FILE: missing'],
    [[...good, 'q.csv'], 'unexpected argument "q.csv"'],
    [good.toSpliced(1, 2), '--name: missing'],
    [good.toSpliced(3, 2), '--key: missing'],
    [good.toSpliced(5, 2), '--time: missing'],
    [changed('--time', 'id'), '--time: is the same column as --key'],
    [changed('--name', 'Pumps'), '--name: "Pumps" is not lower-case'],
    [changed('--name', '../x'), '--name: "../x" is not'],
    [changed('--name', '2pumps'), '--name: "2pumps" is not'],
    [changed('--name', 'a__b'), '--name: "a__b" is not'],
    [changed('--name', 'x'.repeat(64)), '--name: "xxxx'],
    [[...good, '--nope'], 'unknown option --nope'],
  ])('%j is one line that points to --help', (args, message) => {
    expect(() => readRequest(args)).toThrow(ConfigError);
    expect(() => readRequest(args)).toThrow(message);
    expect(() => readRequest(args)).toThrow(/^[^\n]+; see: npm run new-stream -- --help$/);
  });
});
