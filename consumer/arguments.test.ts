import { describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { parseArguments } from '../platform/command-line.ts';
import { consumerCommand, consumerTask } from './arguments.ts';

const readCommand = (args: readonly string[]) =>
  consumerTask(parseArguments(consumerCommand, args));

describe('the arguments of the consumer', () => {
  it('consumes when it is told nothing', () => {
    expect(readCommand([])).toEqual({ kind: 'consume' });
  });

  it('replays from an instant, whatever its zone', () => {
    const fromMs = Date.UTC(2020, 6, 12);
    for (const text of ['2020-07-12T00:00Z', '2020-07-12T02:00:00.000+02:00']) {
      expect(readCommand(['--from', text])).toEqual({ kind: 'replay', fromMs });
    }
  });

  it('takes the stream that is named', () => {
    const command = readCommand(['--abandon', '--stream', 'traffic_events']);
    expect(command).toMatchObject({ kind: 'abandon', stream: { name: 'traffic_events' } });
  });

  it('abandons', () => {
    expect(readCommand(['--abandon'])).toEqual({ kind: 'abandon' });
  });

  const wrong = [
    [['--from', 'yesterday'], '--from: "yesterday" is not an instant'],
    [['--from', '2020-07-12'], '--from: "2020-07-12" is not an instant'],
    [['--from', '2020-07-12T00:00'], 'with its zone'],
    [['--from', '1969-07-12T00:00Z'], 'since 1970'],
    [['--from'], '--from: its value TIME is missing'],
    [['--form', 'x'], 'unknown option --form'],
    [['replay'], 'unexpected argument "replay"'],
    [['--abandon', '--from', '2020-07-12T00:00Z'], '--abandon: goes alone'],
    [
      ['--stream', 'nothing', '--abandon'],
      '--stream: "nothing" is not one of sensor_data, traffic_events',
    ],
    [['--stream', 'sensor_data'], '--stream: goes with --from or --abandon'],
  ] as const;
  for (const [args, says] of wrong) {
    it(`refuses ${args.join(' ')} in one line`, () => {
      expect(() => readCommand(args)).toThrow(ConfigError);
      expect(() => readCommand(args)).toThrow(says);
      expect(() => readCommand(args)).toThrow(/^[^\n]*see: npm run consumer -- --help$/);
    });
  }
});
