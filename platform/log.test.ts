import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLog } from './log.ts';
import { UNSAFE } from './visible.ts';

/** Text as an attacker would choose it: line ends, ANSI, C1 controls, bidi marks, JSON of a log line. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        ...['\n', '\r', '\u2028', '\u2029', '\u0085', '\u001b[2K', '\u001b]0;x\u0007', '\u009b31m'],
        ...['\u202e', '\u200b', '\ud800', '\0', '"', '\\', '{msg}', 'ERROR: root', '日本', '%s %d'],
        '{"level":"error","time":"2026-11-21T00:00:00.000Z","service":"consumer","msg":"forged"}',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
);

function written(pretty: boolean, use: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  use(createLog({ service: 'test', pretty, to: { write: (line) => (text += line) } }));
  return text;
}

/** What may not be there: anything unsafe but the line breaks that end lines. */
const unsafeIn = (text: string): string[] => text.replaceAll('\n', '').match(UNSAFE) ?? [];

describe('a log line', () => {
  it('in JSON is one line that holds exactly what was logged, and no control character', () => {
    fc.assert(
      fc.property(hostile, hostile, (message, field) => {
        const text = written(false, (log) => log.warn({ field, deep: { list: [field] } }, message));
        expect(text.endsWith('\n')).toBe(true);
        expect(text.slice(0, -1).split(/[\n\r\u2028\u2029\u0085]/)).toHaveLength(1);
        expect(unsafeIn(text)).toEqual([]);
        const line = JSON.parse(text) as Record<string, unknown>;
        const same = (value: string): string => value.toWellFormed();
        expect(same(line['msg'] as string)).toBe(same(message));
        expect(line).toMatchObject({ level: 'warn', service: 'test' });
        expect(same(line['field'] as string)).toBe(same(field));
      }),
    );
  });

  it('on a terminal is one line for the message, whatever is in it, and sends no control sequence', () => {
    fc.assert(
      fc.property(hostile, (message) => {
        const text = written(true, (log) => log.warn(message));
        expect(text.slice(0, -1)).not.toContain('\n');
        expect(text).toMatch(/^\[[^\]]+\] WARN: test: /);
        expect(unsafeIn(text)).toEqual([]);
      }),
    );
  });

  it('on a terminal shows fields below its message, indented, so that none looks like a line', () => {
    fc.assert(
      fc.property(hostile, hostile, (field, name) => {
        const error = new Error(field);
        const facts = { field, [`x${name}`]: field, deep: { field }, err: error };
        const text = written(true, (log) => log.error(facts, 'message'));
        const [, ...rest] = text.trimEnd().split('\n');
        expect(rest.filter((line) => line !== '' && !line.startsWith('    '))).toEqual([]);
        expect(unsafeIn(text)).toEqual([]);
      }),
    );
  });

  it('holds no secret', () => {
    const facts = { password: 'p1', a: { password: 'p2', token: 'p3' }, token: 'p4' };
    for (const pretty of [true, false]) {
      expect(written(pretty, (log) => log.info(facts, 'x'))).not.toMatch(/p[1-4]/);
    }
  });
});
