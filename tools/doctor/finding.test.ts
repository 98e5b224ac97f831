import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../platform/errors.ts';
import { exitCodeOf, fail, findingsOf, ok, report, warn } from './finding.ts';

describe('a report', () => {
  it('lines findings up, says below each what to do, and counts', () => {
    const findings = [
      ok('Java', '21'),
      warn('lag', '5', 'wait'),
      fail('disk', 'full', 'free some'),
    ];
    expect(report(findings).split('\n')).toEqual([
      'ok    Java  21',
      'warn  lag   5',
      '            → wait',
      'FAIL  disk  full',
      '            → free some',
      '',
      '1 failed, 1 to look at',
      '',
    ]);
    expect(report([ok('Java', '21')])).toContain('nothing failed\n');
  });

  it('turns an error of a check into a failure, with its further lines as advice', async () => {
    const thrown = () => Promise.reject(new Error('no Java.\n  apt-get install it'));
    expect(await findingsOf('Java', thrown, 'or use Docker')).toEqual([
      { ...fail('Java', 'no Java.', 'apt-get install it; or use Docker'), isAway: false },
    ]);
  });
});

describe('the exit code', () => {
  const away = () => Promise.reject(new UnavailableError('nothing answers'));

  it('is 0 where nothing failed, 1 where something did, 3 where a server is away', async () => {
    expect(exitCodeOf([ok('Java', '21'), warn('lag', '5', 'wait')])).toBe(0);
    expect(exitCodeOf([ok('Java', '21'), fail('disk', 'full', 'free some')])).toBe(1);
    const silent = await findingsOf('Kafka', away);
    expect(exitCodeOf([fail('disk', 'full', 'free some'), ...silent])).toBe(3);
  });
});
