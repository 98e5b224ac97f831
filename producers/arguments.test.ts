// The command line: what goes over the environment, the help text, and what is turned down.
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { helpText } from '../platform/command-help.ts';
import { parseArguments } from '../platform/command-line.ts';
import { producerCommand, producerSettings, withHelpOption } from './arguments.ts';
import { producerVariables } from './config.ts';
import { producers } from './devices.ts';

const settings = (args: readonly string[]) =>
  producerSettings(parseArguments(producerCommand, args));

describe('the arguments of a producer', () => {
  it.each([
    [[], {}],
    [['run'], {}],
    [['run', 'producer_C', '5'], { PRODUCER: 'producer_C', ROW_LIMIT: '5' }],
    [['producer_C', '5'], { PRODUCER: 'producer_C', ROW_LIMIT: '5' }],
    [['C'], { PRODUCER: 'C' }],
    [['--rows', '5'], { ROW_LIMIT: '5' }],
    [['--rows=all', 'A'], { PRODUCER: 'A', ROW_LIMIT: 'all' }],
    [['run', 'A', '5', '--rows', '6'], { PRODUCER: 'A', ROW_LIMIT: '6' }],
    [['A', '--encoding', 'latin1'], { PRODUCER: 'A', DATA_ENCODING: 'latin1' }],
  ])('%j sets variables', (args, expected) => {
    expect(settings(args)).toEqual(expected);
  });

  it('take help for --help', () => {
    expect(withHelpOption(['help'])).toEqual(['--help']);
    expect(withHelpOption(['run', 'help'])).toEqual(['run', '--help']);
    expect(withHelpOption(['run', 'C'])).toEqual(['run', 'C']);
  });

  it('have a help that lists producers, variables with defaults, and examples', () => {
    const help = helpText(producerCommand);
    for (const { name, deviceId } of producers) {
      expect(help).toMatch(new RegExp(`^ +${name} +device ${deviceId}$`, 'm'));
    }
    for (const [name, { fallback, doc }] of Object.entries(producerVariables)) {
      expect(help).toContain(`  ${name}\n`);
      expect(help).toContain(doc);
      if (fallback !== undefined) expect(help).toContain(`default ${fallback}`);
    }
    expect(help).toMatch(/^ +traffic +stream traffic_raw, from data\/traffic_counts.json$/m);
    expect(help).toMatch(/^ +sensor_data +stream sensor_data, from the file in DATA_PATH$/m);
    expect(help).toContain('npm run producer -- producer_C 5');
    expect(help).toContain('docker run --rm sensor-producer');
  });

  it.each([[['--nope']], [['--rows']], [['A', '5', 'more']], [['run', 'A', '5', 'more']]])(
    '%j is one line that points to --help',
    (args) => {
      expect(() => settings(args)).toThrow(ConfigError);
      expect(() => settings(args)).toThrow(/^[^\n]+; see: npm run producer -- --help$/);
    },
  );
});
