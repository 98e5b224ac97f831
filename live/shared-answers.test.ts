import { describe, expect, it } from 'vitest';
import { SharedAnswers } from './shared-answers.ts';

const stays = new AbortController().signal;

function source() {
  const asked: {
    signal: AbortSignal;
    resolve: (value: string) => void;
    reject: (e: Error) => void;
  }[] = [];
  const ask = (signal: AbortSignal): Promise<string> => {
    const { promise, reject, resolve } = Promise.withResolvers<string>();
    asked.push({ signal, resolve, reject });
    return promise;
  };
  return { asked, ask };
}

describe('SharedAnswers', () => {
  it('asks once for all who ask the same, even after the answer', async () => {
    const shared = new SharedAnswers<string>(10);
    const { ask, asked } = source();
    const both = [shared.get('a', ask, stays), shared.get('a', ask, stays)];
    asked[0]!.resolve('x');
    expect(await Promise.all(both)).toEqual(['x', 'x']);
    const again = shared.get('a', ask, stays);
    expect(asked).toHaveLength(1);
    expect(await again).toBe('x');
  });

  it('asks again after a failure, and forgets old answers', async () => {
    let nowMs = 0;
    const shared = new SharedAnswers<string>(10, () => nowMs);
    const { ask, asked } = source();
    const failing = shared.get('a', ask, stays);
    asked[0]!.reject(new Error('no'));
    await expect(failing).rejects.toThrow('no');
    const again = shared.get('a', ask, stays);
    asked[1]!.resolve('x');
    expect(await again).toBe('x');
    nowMs = 60_000;
    void shared.get('a', ask, stays);
    expect(asked).toHaveLength(3);
  });

  it('ends a question when the last who waits has gone, not before', async () => {
    const shared = new SharedAnswers<string>(10);
    const { ask, asked } = source();
    const [one, other] = [new AbortController(), new AbortController()];
    const both = [shared.get('a', ask, one.signal), shared.get('a', ask, other.signal)];
    one.abort(new Error('gone'));
    await expect(both[0]).rejects.toThrow('gone');
    expect(asked[0]!.signal.aborted).toBe(false);
    other.abort(new Error('gone too'));
    await expect(both[1]).rejects.toThrow('gone too');
    expect(asked[0]!.signal.aborted).toBe(true);
    asked[0]!.reject(new Error('ended'));
  });

  it('asks anew after a question that nobody waited for, whatever becomes of that one', async () => {
    const shared = new SharedAnswers<string>(10);
    const { ask, asked } = source();
    const gone = new AbortController();
    const left = shared.get('a', ask, gone.signal);
    gone.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    const one = shared.get('a', ask, stays);
    expect(asked).toHaveLength(2);
    asked[0]!.reject(new Error('ended'));
    await new Promise((resolve) => setImmediate(resolve));
    const other = shared.get('a', ask, stays);
    expect(asked).toHaveLength(2);
    asked[1]!.resolve('x');
    expect(await Promise.all([one, other])).toEqual(['x', 'x']);
  });

  it('keeps as many answers as it may', async () => {
    const shared = new SharedAnswers<string>(2);
    const { ask, asked } = source();
    for (const key of ['a', 'b']) {
      const answer = shared.get(key, ask, stays);
      asked.at(-1)!.resolve(key);
      await answer;
    }
    void shared.get('a', ask, stays);
    expect(asked).toHaveLength(2);
  });

  it('keeps a bounded number of answers', async () => {
    const shared = new SharedAnswers<string>(2);
    const { ask, asked } = source();
    for (const key of ['a', 'b', 'c', 'd']) {
      const answer = shared.get(key, ask, stays);
      asked.at(-1)!.resolve(key);
      await answer;
    }
    const again = shared.get('a', ask, stays);
    expect(asked).toHaveLength(5);
    asked.at(-1)!.resolve('a');
    await again;
  });

  it('keeps an answer for ten seconds, and one that is not there yet for as long as it takes', async () => {
    let nowMs = 0;
    const shared = new SharedAnswers<string>(10, () => nowMs);
    const { ask, asked } = source();
    const first = shared.get('a', ask, stays);
    const slow = shared.get('b', ask, stays);
    asked[0]!.resolve('x');
    await first;
    nowMs = 10_000;
    void shared.get('a', ask, stays);
    expect(asked).toHaveLength(2);
    nowMs = 10_001;
    void shared.get('a', ask, stays);
    expect(asked).toHaveLength(3);
    const same = shared.get('b', ask, stays);
    expect(asked).toHaveLength(3);
    asked[1]!.resolve('y');
    expect(await Promise.all([slow, same])).toEqual(['y', 'y']);
  });

  it('does not end a question that is answered already', async () => {
    const shared = new SharedAnswers<string>(10);
    const { ask, asked } = source();
    const first = shared.get('a', ask, stays);
    asked[0]!.resolve('x');
    await first;
    expect(asked[0]!.signal.aborted).toBe(false);
    expect(await shared.get('a', ask, stays)).toBe('x');
    await expect(shared.get('a', ask, AbortSignal.abort(new Error('gone')))).rejects.toThrow(
      'gone',
    );
  });
});
