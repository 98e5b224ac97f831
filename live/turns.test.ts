import { describe, expect, it } from 'vitest';
import { BusyError, Turns } from './turns.ts';

const never = new AbortController().signal;

function task() {
  const { promise, resolve } = Promise.withResolvers<string>();
  let begun = false;
  const run = (): Promise<string> => {
    begun = true;
    return promise;
  };
  return { run, end: () => resolve('done'), begun: () => begun };
}

describe('Turns', () => {
  it('runs a few at a time, the rest in order, and refuses what is too many', async () => {
    const turns = new Turns(1, 1);
    const [first, second] = [task(), task()];
    const one = turns.run(first.run, never);
    const two = turns.run(second.run, never);
    await expect(turns.run(task().run, never)).rejects.toThrow(BusyError);
    expect([first.begun(), second.begun()]).toEqual([true, false]);
    first.end();
    expect(await one).toBe('done');
    await Promise.resolve();
    expect(second.begun()).toBe(true);
    second.end();
    expect(await two).toBe('done');
    expect([turns.running, turns.waiting]).toEqual([0, 0]);
  });

  it('gives the turn on after a failure', async () => {
    const turns = new Turns(1, 5);
    await expect(turns.run(() => Promise.reject(new Error('no')), never)).rejects.toThrow('no');
    expect(await turns.run(() => Promise.resolve(1), never)).toBe(1);
  });

  it('forgets who does not wait any more', async () => {
    const turns = new Turns(1, 5);
    const first = task();
    const one = turns.run(first.run, never);
    const gone = new AbortController();
    const second = task();
    const two = turns.run(second.run, gone.signal);
    gone.abort(new Error('gone'));
    await expect(two).rejects.toThrow('gone');
    first.end();
    await one;
    expect([second.begun(), turns.running, turns.waiting]).toEqual([false, 0, 0]);
  });

  it('keeps the others waiting when one is aborted that runs already', async () => {
    const turns = new Turns(1, 5);
    const [first, second, third] = [task(), task(), task()];
    const closing = new AbortController();
    const all = [
      turns.run(first.run, never),
      turns.run(second.run, closing.signal),
      turns.run(third.run, never),
    ];
    first.end();
    await all[0];
    await Promise.resolve();
    expect(second.begun()).toBe(true);
    closing.abort(new Error('gone'));
    expect(turns.waiting).toBe(1);
    second.end();
    await all[1];
    await Promise.resolve();
    expect(third.begun()).toBe(true);
    third.end();
    await all[2];
    expect([turns.running, turns.waiting]).toEqual([0, 0]);
  });

  it('runs exactly as many as it may, and lets exactly as many wait', async () => {
    const turns = new Turns(2, 3);
    const tasks = Array.from({ length: 5 }, () => task());
    const all = tasks.map(({ run }) => turns.run(run, never));
    expect([turns.running, turns.waiting]).toEqual([2, 3]);
    expect(tasks.map(({ begun }) => begun())).toEqual([true, true, false, false, false]);
    await expect(turns.run(task().run, never)).rejects.toThrow(BusyError);
    for (const { end } of tasks) end();
    await Promise.all(all);
    expect([turns.running, turns.waiting]).toEqual([0, 0]);
    await expect(turns.run(task().run, AbortSignal.abort(new Error('gone')))).rejects.toThrow(
      'gone',
    );
    expect(turns.running).toBe(0);
  });
});
