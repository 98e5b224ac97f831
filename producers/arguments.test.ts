// The command line: what goes over the environment, the help text, and what is turned down.
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { applyArguments } from './arguments.ts';
import { producerVariables } from './config.ts';
import { producers } from './devices.ts';

const env = { PRODUCER: 'B', ROW_LIMIT: '3', INTERVAL_MS: '0' };

describe('applyArguments', () => {
  it.each([
    [[], env],
    [['run'], env],
    [['run', 'producer_C', '5'], { ...env, PRODUCER: 'producer_C', ROW_LIMIT: '5' }],
    [['producer_C', '5'], { ...env, PRODUCER: 'producer_C', ROW_LIMIT: '5' }],
    [['C'], { ...env, PRODUCER: 'C' }],
    [['--rows', '5'], { ...env, ROW_LIMIT: '5' }],
    [['--rows=all', 'A'], { ...env, PRODUCER: 'A', ROW_LIMIT: 'all' }],
    [['run', 'A', '5', '--rows', '6'], { ...env, PRODUCER: 'A', ROW_LIMIT: '6' }],
    [['A', '--encoding', 'latin1'], { ...env, PRODUCER: 'A', DATA_ENCODING: 'latin1' }],
  ])('%j goes over the environment', (args, expected) => {
    expect(applyArguments(args, env)).toEqual(expected);
  });

  it.each([[['--help']], [['-h']], [['run', '--help']], [['help']], [['C', '5', '--help']]])(
    '%j lists producers, variables with defaults, and examples',
    (args) => {
      const help = applyArguments(args, {}) as string;
      for (const { name, deviceId } of producers) {
        expect(help).toMatch(new RegExp(`^ +${name} +device ${deviceId}$`, 'm'));
      }
      for (const [name, { fallback, doc }] of Object.entries(producerVariables)) {
        expect(help).toContain(`  ${name} `);
        expect(help).toContain(doc);
        if (fallback !== undefined) expect(help).toContain(`default ${fallback}`);
      }
      expect(help).toMatch(/^ +traffic +stream traffic_raw, from data\/traffic_counts.json$/m);
      expect(help).toMatch(/^ +sensor_data +stream sensor_data, from the file in DATA_PATH$/m);
      expect(help).toContain('npm run producer -- producer_C 5');
      expect(help).toContain('docker run --rm sensor-producer');
    },
  );

  it.each([[['--nope']], [['--rows']], [['A', '5', 'more']], [['run', 'A', '5', 'more']]])(
    '%j is one line that points to --help',
    (args) => {
      expect(() => applyArguments(args, {})).toThrow(ConfigError);
      expect(() => applyArguments(args, {})).toThrow(/^[^\n]+; see --help$/);
    },
  );
});
