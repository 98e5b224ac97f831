import { expect, it } from 'vitest';
import { shortened } from './ask.ts';

it("keeps the server's words and leaves out its stack trace", () => {
  const message =
    'Code: 47. DB::Exception: no `x`. (UNKNOWN_IDENTIFIER)\n\nStack trace:\n0. foo\n1.';
  expect(shortened(message)).toBe('Code: 47. DB::Exception: no `x`. (UNKNOWN_IDENTIFIER)');
  expect(shortened('a\nb\nc\nd\ne\nf')).toBe('a\nb\nc\nd');
  expect(shortened('x'.repeat(10_000))).toHaveLength(1_500);
});
