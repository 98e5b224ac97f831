import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../platform/errors.ts';
import { parseArguments } from '../../platform/command-line.ts';
import { deadLettersCommand, letterArguments } from './arguments.ts';

const readArguments = (args: readonly string[], nowMs?: number) =>
  letterArguments(parseArguments(deadLettersCommand, args), nowMs);

const NOW_MS = Date.UTC(2026, 10, 21, 12);

describe('the arguments of npm run dead-letters', () => {
  it('list everything when there are none', () => {
    const none = { reasons: [], sinceMs: 0, redrive: false, json: false, dryRun: false };
    expect(readArguments([])).toMatchObject(none);
  });

  it.each([
    ['2026-11-21T10:00Z', Date.UTC(2026, 10, 21, 10)],
    ['2026-11-21T10:00:00+01:00', Date.UTC(2026, 10, 21, 9)],
    ['90s', NOW_MS - 90_000],
    ['2h', NOW_MS - 7_200_000],
    ['7d', NOW_MS - 7 * 86_400_000],
  ])('take --since %s', (text, sinceMs) => {
    expect(readArguments(['--since', text], NOW_MS)).toMatchObject({ sinceMs });
  });

  it('name what is to be published again', () => {
    const args = ['--redrive', '--reason', 'too_large', '--reason', 'tombstone', '--limit', '7'];
    const reasons = ['too_large', 'tombstone'];
    expect(readArguments(args)).toMatchObject({ redrive: true, reasons, limit: 7 });
  });

  it.each([
    [['--stream', 'x'], /^--stream: "x" is not one of sensor_data/],
    [['--reason', 'large'], /^--reason: "large" is not one of tombstone, /],
    [['--since', '2026-11-21T10:00'], /^--since: "2026-11-21T10:00" is not an instant/],
    [['--since', 'yesterday'], /^--since:/],
    [['--redrive', '--limit', '0'], /^--limit: "0" is not an integer from 1 to/],
    [['--format', 'xml'], /^--format: "xml" is not one of text, json/],
    [['--limit', '3'], /^--limit: goes only with --redrive/],
    [['--dry-run'], /^--dry-run: goes only with --redrive/],
    [['--wait', '3'], /^--wait: goes only with --redrive/],
    [['--even-if-rejected'], /^--even-if-rejected: goes only with --redrive/],
    [['--redrive', '--wait', '-1'], /wait/],
    [['--redrve'], /redrve/],
    [['now'], /now/],
  ])('are refused when they are wrong: %j', (args, message) => {
    expect(() => readArguments(args)).toThrow(ConfigError);
    expect(() => readArguments(args)).toThrow(message);
  });
});
