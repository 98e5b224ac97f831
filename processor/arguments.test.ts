import { describe, expect, it } from 'vitest';
import { parseArguments } from '../platform/command-line.ts';
import { readConfig } from '../platform/config.ts';
import { processorCommand, runOptions } from './arguments.ts';
import { processorVariables } from './config.ts';

const given = (args: readonly string[]) => parseArguments(processorCommand, args);

describe('the arguments of the processor', () => {
  it('are none, or go over the environment', () => {
    expect(given([]).env).toEqual({});
    expect(runOptions(given([]))).toEqual({ max: Infinity, fromBeginning: false });
    const args =
      '--processor traffic-forward --from-topic a --to-topic b --max 100 --from-beginning ' +
      '--group g --bootstrap host:1,other:2';
    expect(runOptions(given(args.split(' ')))).toEqual({ max: 100, fromBeginning: true });
    expect(given(args.split(' ')).env).toEqual({
      PROCESSOR: 'traffic-forward',
      PROCESSOR_FROM_TOPIC: 'a',
      PROCESSOR_TO_TOPIC: 'b',
      PROCESSOR_GROUP: 'g',
      KAFKA_BROKER: 'host:1,other:2',
    });
  });

  it('let the last word win, so that npm run forwarder takes another processor', () => {
    const args = '--processor traffic-forward --processor traffic-enrich'.split(' ');
    expect(given(args).env).toEqual({ PROCESSOR: 'traffic-enrich' });
  });

  it.each([
    [
      ['--max', '0'],
      /^--max: "0" is not an integer from 1 to \d+; see: npm run processor -- --help$/,
    ],
    [['--max', 'all'], /^--max: "all"/],
    [['--form-topic', 'x'], /--form-topic/],
    [['run'], /"run"/],
  ])('%j is refused in one line', (args, says) => {
    expect(() => given(args)).toThrow(says);
  });

  it('are checked like the environment', () => {
    const config = (args: string[]) => readConfig(processorVariables, given(args).env);
    expect(() => config(['--processor', 'x'])).toThrow(/^PROCESSOR: "x" is not one of traffic-/);
    expect(() => config(['--to-topic', 'a b'])).toThrow(/^PROCESSOR_TO_TOPIC: "a b" is not 1 to/);
    expect(() => config(['--bootstrap', 'a b'])).toThrow(/^KAFKA_BROKER: /);
  });
});
