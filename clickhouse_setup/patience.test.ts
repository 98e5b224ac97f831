import { describe, expect, it } from 'vitest';
import { ConfigError, UnavailableError } from '../platform/errors.ts';
import { silentLog } from '../platform/log.ts';
import { GaveUpError, patiently } from './patience.ts';

const waiting = (limitMs: number) => ({
  limitMs,
  log: silentLog(),
  signal: new AbortController().signal,
});

function failing(times: number): () => Promise<string> {
  let left = times;
  return () => {
    left -= 1;
    return left >= 0 ? Promise.reject(new UnavailableError('away')) : Promise.resolve('done');
  };
}

describe('patiently', () => {
  it('rides out an absence that is shorter than the limit', async () => {
    expect(await patiently('Kafka', waiting(60_000), failing(2))).toBe('done');
  });

  it('gives up at the limit, and names the absent server, the limit and the reason', async () => {
    const gaveUp = patiently('Kafka', waiting(0), failing(1));
    await expect(gaveUp).rejects.toBeInstanceOf(GaveUpError);
    await expect(gaveUp).rejects.toThrow('Kafka stayed away for 0 s (SETUP_TIMEOUT_SEC): away');
  });

  it('does not retry what waiting cannot mend', async () => {
    let calls = 0;
    const refused = patiently('Kafka', waiting(60_000), () => {
      calls += 1;
      return Promise.reject(new ConfigError('wrong password'));
    });
    await expect(refused).rejects.toThrow('wrong password');
    expect(calls).toBe(1);
  });
});
