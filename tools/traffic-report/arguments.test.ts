import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../platform/errors.ts';
import { parseArguments } from '../../platform/command-line.ts';
import { metricsArguments, metricsCommand } from './arguments.ts';

const readArguments = (args: readonly string[]) =>
  metricsArguments(parseArguments(metricsCommand, args));

describe('the arguments of npm run traffic-report', () => {
  it('have defaults, and take every option', () => {
    expect(readArguments([])).toEqual({
      ...{ printEverySec: 10, watch: false, fromBeginning: false },
      ...{ exportPath: undefined, days: 14 },
    });
    const all = '--print-every 5 --export-json data/metrics/snapshot.json --from-beginning --watch --days 30'; // prettier-ignore
    expect(readArguments(all.split(' '))).toEqual({
      ...{ printEverySec: 5, watch: true, fromBeginning: true },
      ...{ exportPath: 'data/metrics/snapshot.json', days: 30 },
    });
  });

  it.each([
    [['--print-every', '0'], '--print-every: "0" is not an integer from 1 to 3600'],
    [['--print-every', '1.5'], '--print-every: "1.5" is not an integer from 1 to 3600'],
    [['--days', 'all'], '--days: "all" is not an integer from 1 to 3660'],
    [['--export-json', ' '], '--export-json: " " is not a value'],
    [['--every', '10'], 'unknown option --every'],
    [['snapshot.json'], 'unexpected argument'],
    [['--export-json'], '--export-json: its value PATH is missing'],
  ])('are refused in one line: %s', (args, says) => {
    const failure = (() => {
      try {
        return readArguments(args);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(failure).toBeInstanceOf(ConfigError);
    const { message } = failure as ConfigError;
    expect(message).toContain(says);
    expect(message.split('\n')).toHaveLength(1);
  });
});
