import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../platform/errors.ts';
import { helpText } from '../../platform/command-help.ts';
import { parseArguments } from '../../platform/command-line.ts';
import { launchOptions, startCommand } from './arguments.ts';

const given = (args: readonly string[]) => parseArguments(startCommand, args);
const readArguments = (args: readonly string[]) => launchOptions(given(args));

describe('the arguments of npm start', () => {
  it('shows some records on the console, and changes nothing, without arguments', () => {
    expect(readArguments([])).toEqual({
      once: false,
      replay: true,
      sink: true,
      tail: { max: 5, showKeys: false },
      fromBeginning: false,
      bootstrap: undefined,
      clickhouse: undefined,
    });
    expect(given([]).env).toEqual({});
  });

  it('sets the variables that options stand for', () => {
    const line =
      '--streams traffic --interval 10 --max all --loop --use-now-ts --data x.csv --sink-batch 9';
    expect(given(line.split(' ')).env).toEqual({
      STREAMS: 'traffic',
      INTERVAL_MS: '10',
      ROW_LIMIT: 'all',
      LOOP: 'true',
      USE_NOW_TS: 'true',
      DATA_PATH: 'x.csv',
      BATCH_SIZE: '9',
    });
    expect(given(['--no-loop']).env).toEqual({ LOOP: 'false' });
  });

  it('takes servers that run already', () => {
    const line = ['--bootstrap', 'k:9092', '--clickhouse', 'c:8123'];
    expect(readArguments(line)).toMatchObject({ bootstrap: 'k:9092', clickhouse: 'http://c:8123' });
  });

  it('shows nothing with --no-tail, or once', () => {
    expect(readArguments(['--no-tail', '--no-sink'])).toMatchObject({
      tail: undefined,
      sink: false,
    });
    expect(readArguments(['--once']).tail).toBeUndefined();
    const tail = readArguments(['--tail-max', '7', '--show-keys']).tail;
    expect(tail).toEqual({ max: 7, showKeys: true });
  });

  it.each([
    [['--tail-max', '0'], '--tail-max: "0" is not an integer from 1'],
    [['--clickhouse', 'http://'], '--clickhouse: "http://" is not http://host:port'],
    [['--stream', 'x'], 'unknown option --stream'],
    [['--once', '--no-producers'], '--once: sends rows, so it goes without --no-producers'],
    [['--no-once'], 'unknown option --no-once'],
    [['now'], 'unexpected argument "now"'],
  ])('refuses %j in one line', (args, says) => {
    expect(() => readArguments(args)).toThrow(ConfigError);
    expect(() => readArguments(args)).toThrow(says);
    expect(() => readArguments(args)).toThrow(/^[^\n]*$/);
  });

  it('helps with every option', () => {
    for (const option of ['--streams', '--no-sink', '--bootstrap', '--show-keys', '--sink-batch']) {
      expect(helpText(startCommand)).toContain(option);
    }
  });
});
