import { describe, expect, it } from 'vitest';
import { readCommand } from './arguments.ts';

describe('the arguments of tail', () => {
  it('say which topic, how much of it and how', () => {
    expect(readCommand(['--topic', 't'])).toEqual({
      kind: 'tail',
      topic: 't',
      bootstrap: undefined,
      showKeys: false,
      fromBeginning: false,
      max: Infinity,
    });
    const all = '--topic=t --show-keys --max 10 --from-beginning --bootstrap h:1'.split(' ');
    expect(readCommand(all)).toEqual({
      kind: 'tail',
      topic: 't',
      bootstrap: 'h:1',
      showKeys: true,
      fromBeginning: true,
      max: 10,
    });
    expect(readCommand(['-h'])).toEqual({ kind: 'help' });
  });

  it.each([
    [[], /^--topic: say which; see: npm run tail -- --help$/],
    [['--topic', 't', '--max', '0'], /^--max: "0" is not an integer from 1;/],
    [['--topic', 't', '--max', '1e3'], /^--max: "1e3"/],
    [['--topik', 't'], /--topik/],
    [['t'], /'t'/],
  ])('%j is refused in one line', (args, says) => {
    expect(() => readCommand(args)).toThrow(says);
  });
});
