import { describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { readArguments } from './metrics-arguments.ts';

describe('the arguments of npm run metrics', () => {
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
    expect(readArguments(['-h'])).toBe('help');
  });

  it.each([
    [['--print-every', '0'], '--print-every: "0" is not an integer from 1 to 3600'],
    [['--print-every', '1.5'], '--print-every: "1.5" is not an integer from 1 to 3600'],
    [['--days', 'all'], '--days: "all" is not an integer from 1 to 3660'],
    [['--export-json', ' '], '--export-json: "" is not the path of a file'],
    [['--every', '10'], "Unknown option '--every'"],
    [['snapshot.json'], 'Unexpected argument'],
    [['--export-json'], 'argument missing'],
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
