import { describe, expect, it } from 'vitest';
import { readConfig } from '../platform/config.ts';
import { readCommand } from './arguments.ts';
import { processorVariables } from './config.ts';

describe('the arguments of the processor', () => {
  it('are none, or go over the environment', () => {
    const env = { PROCESSOR: 'traffic-enrich', OTHER: 'x' };
    expect(readCommand([], env)).toEqual({ kind: 'run', env, max: Infinity, fromBeginning: false });
    const args =
      '--processor traffic-forward --from-topic a --to-topic b --max 100 --from-beginning ' +
      '--group g --bootstrap host:1,other:2';
    expect(readCommand(args.split(' '), env)).toEqual({
      kind: 'run',
      max: 100,
      fromBeginning: true,
      env: {
        OTHER: 'x',
        PROCESSOR: 'traffic-forward',
        PROCESSOR_FROM_TOPIC: 'a',
        PROCESSOR_TO_TOPIC: 'b',
        PROCESSOR_GROUP: 'g',
        KAFKA_BROKER: 'host:1,other:2',
      },
    });
    expect(readCommand(['--help'], env)).toEqual({ kind: 'help' });
  });

  it('let the last word win, so that npm run forwarder can be told otherwise', () => {
    const args = '--processor traffic-forward --processor traffic-enrich'.split(' ');
    expect(readCommand(args, {})).toMatchObject({ env: { PROCESSOR: 'traffic-enrich' } });
  });

  it.each([
    [['--max', '0'], /^--max: "0" is not an integer from 1; see: npm run processor -- --help$/],
    [['--max', 'all'], /^--max: "all"/],
    [['--form-topic', 'x'], /--form-topic/],
    [['run'], /'run'/],
  ])('%j is refused in one line', (args, says) => {
    expect(() => readCommand(args, {})).toThrow(says);
  });

  it('are checked like the environment', () => {
    const config = (args: string[]) => {
      const command = readCommand(args, {});
      return command.kind === 'run' && readConfig(processorVariables, command.env);
    };
    expect(() => config(['--processor', 'x'])).toThrow(/^PROCESSOR: "x" is not one of traffic-/);
    expect(() => config(['--to-topic', 'a b'])).toThrow(/^PROCESSOR_TO_TOPIC: "a b" is not 1 to/);
    expect(() => config(['--bootstrap', 'a b'])).toThrow(/^KAFKA_BROKER: /);
  });
});
