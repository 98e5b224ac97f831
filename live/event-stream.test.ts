// One browser's stream: ready only while it takes what it is sent, and ended when it does not for long.
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventStream } from './event-stream.ts';

class Browser extends EventEmitter {
  writableNeedDrain = false;
  destroyed = false;
  readonly written: string[] = [];
  writeHead = vi.fn();

  write(text: string): boolean {
    this.written.push(text);
    return !this.writableNeedDrain;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

const streamTo = (browser: Browser) =>
  new EventStream(browser as unknown as ServerResponse, { 'x-a': 'b' });
const tick = { atMs: 1, fromMs: 0, toMs: 1 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a stream of events', () => {
  it('begins with headers that no proxy keeps it back for', () => {
    const browser = new Browser();
    streamTo(browser);
    expect(browser.writeHead).toHaveBeenCalledWith(200, {
      ...{ 'x-a': 'b', 'content-type': 'text/event-stream; charset=utf-8' },
      ...{ 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    });
    expect(browser.written).toEqual([':\n\n']);
  });

  it('sends an event as lines, one of them its data', () => {
    const browser = new Browser();
    streamTo(browser).send('tick', tick);
    expect(browser.written.at(-1)).toBe(`event: tick\ndata: ${JSON.stringify(tick)}\n\n`);
  });

  it('is not ready while the browser has not taken what was sent, nor once it has gone', () => {
    const browser = new Browser();
    const stream = streamTo(browser);
    expect(stream.ready).toBe(true);
    browser.writableNeedDrain = true;
    expect(stream.ready).toBe(false);
    const before = browser.written.length;
    stream.beat();
    expect(browser.written).toHaveLength(before);
    browser.writableNeedDrain = false;
    stream.beat();
    expect(browser.written).toHaveLength(before + 1);
    browser.destroy();
    expect(stream.ready).toBe(false);
    expect(stream.closed.aborted).toBe(true);
    stream.send('tick', tick);
    expect(browser.written).toHaveLength(before + 1);
  });

  it('ends after a minute in which nothing was taken, not before and not after it was', () => {
    const browser = new Browser();
    const stream = streamTo(browser);
    browser.writableNeedDrain = true;
    stream.send('tick', tick);
    vi.advanceTimersByTime(59_999);
    browser.emit('drain');
    vi.advanceTimersByTime(60_000);
    expect(browser.destroyed).toBe(false);
    stream.send('tick', tick);
    vi.advanceTimersByTime(59_999);
    expect(browser.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(browser.destroyed).toBe(true);
    expect(stream.closed.aborted).toBe(true);
  });

  it('gives a page that takes nothing no more time for what is sent meanwhile', () => {
    const browser = new Browser();
    const stream = streamTo(browser);
    browser.writableNeedDrain = true;
    stream.send('tick', tick);
    vi.advanceTimersByTime(30_000);
    stream.send('tick', tick);
    vi.advanceTimersByTime(30_000);
    expect(browser.destroyed).toBe(true);
  });

  it('leaves no timer behind, whoever ends it', () => {
    const browser = new Browser();
    const stream = streamTo(browser);
    browser.writableNeedDrain = true;
    stream.send('tick', tick);
    stream.send('tick', tick);
    stream.end();
    expect(vi.getTimerCount()).toBe(0);
    expect(stream.closed.aborted).toBe(true);
  });
});
