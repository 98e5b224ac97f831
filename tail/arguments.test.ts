import { describe, expect, it } from 'vitest';
import { parseArguments } from '../platform/command-line.ts';
import { tailCommand, tailOptions } from './arguments.ts';

describe('the arguments of tail', () => {
  it('say which topic, how much of it and how', () => {
    expect(tailOptions(parseArguments(tailCommand, ['--topic', 't']))).toEqual({
      topic: 't',
      showKeys: false,
      fromBeginning: false,
      max: Infinity,
    });
    const all = '--topic=t --show-keys --max 10 --from-beginning --bootstrap h:1'.split(' ');
    const given = parseArguments(tailCommand, all);
    expect(given.env).toEqual({ KAFKA_BROKER: 'h:1' });
    expect(tailOptions(given)).toEqual({
      topic: 't',
      showKeys: true,
      fromBeginning: true,
      max: 10,
    });
  });

  it.each([
    [[], /^--topic: missing; see: npm run tail -- --help$/],
    [['--topic', 't', '--max', '0'], /^--max: "0" is not an integer from 1 to \d+;/],
    [['--topic', 't', '--max', '1e3'], /^--max: "1e3"/],
    [['--topik', 't'], /^unknown option --topik; see/],
    [['t', '--topic', 't'], /^unexpected argument "t"; see/],
  ])('%j is refused in one line', (args, says) => {
    expect(() => parseArguments(tailCommand, args)).toThrow(says);
  });
});
