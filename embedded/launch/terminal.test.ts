import { describe, expect, it } from 'vitest';
import { Terminal, type Output } from './terminal.ts';

function output(more: Partial<Output> = {}): Output & { written: () => string } {
  let text = '';
  return { ...more, write: (part) => (text += part), written: () => text };
}

describe('Terminal', () => {
  it('rewrites the status in place and keeps it below the lines that stay', () => {
    const tty = output({ isTTY: true, columns: 20 });
    const terminal = new Terminal(tty);
    terminal.status('1 row');
    terminal.status('2 rows');
    terminal.say('a warning');
    terminal.clear();
    terminal.say('the end');
    expect(tty.written()).toBe(
      '\r\x1b[2K1 row\r\x1b[2K2 rows\r\x1b[2Ka warning\n2 rows\r\x1b[2Kthe end\n',
    );
  });

  it('never lets the status wrap, also where a terminal claims to have no columns', () => {
    for (const [columns, length] of [
      [10, 9],
      [0, 79],
    ] as const) {
      const tty = output({ isTTY: true, columns });
      new Terminal(tty).status('x'.repeat(200));
      expect(tty.written()).toBe(`\r\x1b[2K${'x'.repeat(length)}`);
    }
  });

  it('writes a plain status line every 10 s where there is no terminal', () => {
    let nowMs = 0;
    const pipe = output();
    const terminal = new Terminal(pipe, () => nowMs);
    for (nowMs = 1_000; nowMs <= 25_000; nowMs += 1_000) terminal.status(`${nowMs} ms`);
    terminal.clear();
    expect(pipe.written()).toBe('10000 ms\n20000 ms\n');
  });
});
