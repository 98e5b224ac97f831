// Commits go out one at a time, hold the newest state, and are repeated until they succeed.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ConfigError, InvariantError, UnavailableError } from '../platform/errors.ts';
import { silentLog } from '../platform/log.ts';
import { Availability } from '../platform/retry.ts';
import { systemRuntime, type Runtime } from '../platform/runtime.ts';
import { manualRuntime } from '../test/manual-runtime.ts';
import { Committer } from './committer.ts';

function committing(commit: (at: ReadonlyMap<number, number>) => Promise<void>) {
  const failures: Error[] = [];
  const availability = new Availability('test', silentLog());
  const failed = (error: Error): void => void failures.push(error);
  const committer = new Committer(commit, availability, systemRuntime, failed);
  return { availability, committer, failures };
}

describe('Committer', () => {
  it('commits the newest state, one commit at a time', async () => {
    const commits: object[] = [];
    const first = Promise.withResolvers<undefined>();
    const { committer } = committing(async (at) => {
      commits.push(Object.fromEntries(at));
      await first.promise;
    });
    committer.landed(0, 1);
    committer.landed(0, 2);
    committer.landed(1, 7);
    committer.landed(0, 3);
    expect(commits).toEqual([{ 0: 1 }]);
    first.resolve(undefined);
    await committer.flushed();
    expect(commits).toEqual([{ 0: 1 }, { 0: 3, 1: 7 }]);
  });

  it('repeats a failed commit, never over a later one', async () => {
    const commits: object[] = [];
    const { availability, committer } = committing((at) => {
      commits.push(Object.fromEntries(at));
      if (commits.length === 1) committer.landed(0, 9);
      return commits.length <= 5 ? Promise.reject(new UnavailableError('away')) : Promise.resolve();
    });
    committer.landed(0, 1);
    committer.landed(1, 1);
    await committer.flushed();
    expect(commits.at(-1)).toEqual({ 0: 9, 1: 1 });
    expect(availability.away).toBe(false);
  });

  it('hands on what no waiting can mend, and can be given up', async () => {
    const refused = committing(() => Promise.reject(new ConfigError('no')));
    refused.committer.landed(0, 1);
    await refused.committer.flushed();
    expect(refused.failures).toEqual([new ConfigError('no')]);
    const away = committing(() => Promise.reject(new UnavailableError('away')));
    away.committer.landed(0, 1);
    away.committer.giveUp();
    await away.committer.flushed();
    expect(away.failures).toEqual([]);
  });

  it('does not wait for another try once it was given up', async () => {
    const answer = Promise.withResolvers<undefined>();
    const waits: number[] = [];
    const runtime: Runtime = {
      ...systemRuntime,
      after: (ms) => {
        waits.push(ms);
        return () => undefined;
      },
    };
    const availability = new Availability('test', silentLog());
    const commit = () => answer.promise;
    const committer = new Committer(commit, availability, runtime, () => undefined);
    committer.landed(0, 1);
    committer.giveUp();
    answer.reject(new UnavailableError('away'));
    await committer.flushed();
    expect(waits).toEqual([]);
  });

  it('is woken from its wait when it is given up', async () => {
    const runtime: Runtime = { ...systemRuntime, after: () => () => undefined };
    const availability = new Availability('test', silentLog());
    const commit = () => Promise.reject(new UnavailableError('away'));
    const committer = new Committer(commit, availability, runtime, () => undefined);
    committer.landed(0, 1);
    await systemRuntime.sleep(5);
    committer.giveUp();
    await committer.flushed();
  });

  it('ends when a partition would go back', async () => {
    const { committer } = committing(() => Promise.resolve());
    committer.landed(0, 5);
    committer.landed(1, 4);
    expect(() => committer.landed(0, 4)).toThrow(InvariantError);
    committer.landed(0, 5);
    await committer.flushed();
  });

  /** On a clock that a test moves; `outcomes` in turn, then every commit goes through. */
  function onClock(...outcomes: (Error | undefined)[]) {
    const commits: object[] = [];
    const runtime = manualRuntime();
    const availability = new Availability('test', silentLog());
    const commit = (at: ReadonlyMap<number, number>): Promise<void> => {
      commits.push(Object.fromEntries(at));
      // More lands while the fourth is on its way.
      if (commits.length === 4) committer.landed(0, 9);
      const failure = outcomes.shift();
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    };
    const committer = new Committer(commit, availability, runtime, () => undefined);
    const pass = async (ms: number) => {
      await setImmediate();
      runtime.advance(ms);
      await setImmediate();
    };
    return { availability, commits, committer, pass };
  }

  it('lets a tenth of a second pass between two commits, and commits at once after a rest', async () => {
    const { commits, committer, pass } = onClock();
    committer.landed(0, 1);
    committer.landed(0, 2);
    expect(commits).toHaveLength(1);
    await pass(99);
    expect(commits).toHaveLength(1);
    await pass(1);
    expect(commits).toEqual([{ 0: 1 }, { 0: 2 }]);
    await pass(0);
    committer.landed(0, 3);
    expect(commits).toHaveLength(3);
    await committer.flushed();
  });

  it('waits ever longer while commits fail, and says so from the fourth on', async () => {
    const away = Array.from({ length: 4 }, () => new UnavailableError('away'));
    const { availability, commits, committer, pass } = onClock(...away);
    committer.landed(0, 1);
    for (const [failures, ms] of [[1, 100], [2, 200], [3, 400]] as const) {
      await setImmediate();
      expect([commits.length, availability.away]).toEqual([failures, false]);
      await pass(ms - 1);
      expect(commits).toHaveLength(failures);
      await pass(1);
    } // prettier-ignore
    expect([commits.length, availability.away]).toEqual([4, true]);
    await pass(800);
    expect([commits.length, availability.away]).toEqual([5, false]);
    await committer.flushed();
  });

  it('counts failures anew after a commit that went through', async () => {
    const away = () => new UnavailableError('away');
    const outcomes = [away(), away(), away(), undefined, away(), undefined];
    const { availability, commits, committer, pass } = onClock(...outcomes);
    committer.landed(0, 1);
    for (const ms of [100, 200, 400]) await pass(ms);
    expect(commits).toHaveLength(4);
    await pass(100);
    expect([commits.length, availability.away]).toEqual([5, false]);
    await pass(99);
    expect(commits).toHaveLength(5);
    await pass(1);
    expect(commits).toHaveLength(6);
    expect(commits.at(-1)).toEqual({ 0: 9 });
    await committer.flushed();
  });
});
