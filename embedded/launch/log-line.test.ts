import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isWarning, readLogLine } from './log-line.ts';
import { WarningLimit } from './warning-limit.ts';

it("takes the log's lines apart and leaves everything else as text", () => {
  const text = '{"level":"warn","service":"consumer","lag":3,"msg":"Kafka: waiting"}';
  const line = readLogLine(text);
  expect(line).toMatchObject({ level: 'warn', message: 'Kafka: waiting', facts: { lag: 3 } });
  expect(isWarning(line)).toBe(true);
  for (const other of ['', 'plain', '{"level":"warn"', '{"a":1}', '{"level":40,"msg":"x"}']) {
    const read = readLogLine(other);
    expect(read).toEqual({ text: other, level: undefined, message: other, facts: {} });
    expect(isWarning(read)).toBe(false);
  }
});

it('never throws, whatever a part writes', () => {
  fc.assert(fc.property(fc.string(), (text) => readLogLine(`{${text}`).text === `{${text}`));
});

it('lets a few warnings through in a while and counts those it withheld', () => {
  let nowMs = 0;
  const limit = new WarningLimit(() => nowMs);
  const shown = Array.from({ length: 9 }, () => limit.take('again'));
  expect(shown.filter((text) => text !== undefined)).toHaveLength(5);
  nowMs = 10_000;
  expect(limit.take('later')).toBe('later (4 more are in its log)');
  expect(limit.take('then')).toBe('then');
});

it('keeps text of others on its line and away from the terminal', () => {
  const hostile = 'a\u001b[2J\nERROR: forged\u2028\u202e\u009b31m\r';
  const shown = 'a\\u{1b}[2J\\u{a}ERROR: forged\\u{2028}\\u{202e}\\u{9b}31m\\u{d}';
  expect(readLogLine(JSON.stringify({ level: 'warn', msg: hostile })).message).toBe(shown);
  expect(readLogLine(hostile).message).toBe(shown);
});
