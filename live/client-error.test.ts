// A connection that was not used yet ends without an answer; others say why they end.
import { expect, it } from 'vitest';
import { answerClientError } from './client-error.ts';

/** What is written before the socket ends; undefined when it ends without a word. */
function answered(code: string, bytesRead: number, writable = true): string | undefined {
  let text: string | undefined;
  let ends = 0;
  const socket = {
    bytesRead,
    writable,
    end: (said: string) => {
      text = said;
      ends += 1;
    },
    destroy: () => {
      ends += 1;
    },
  };
  answerClientError(Object.assign(new Error(code), { code }), socket as never);
  expect(ends).toBe(1);
  return text;
}

it('closes a connection that was opened ahead of a request without an answer', () => {
  expect(answered('ERR_HTTP_REQUEST_TIMEOUT', 0)).toBeUndefined();
});

it('says why it ends a request that came in part or is none', () => {
  expect(answered('ERR_HTTP_REQUEST_TIMEOUT', 7)).toMatch(/^HTTP\/1\.1 408 .*\r\n\r\n$/s);
  expect(answered('HPE_HEADER_OVERFLOW', 70_000)).toMatch(/^HTTP\/1\.1 431 /);
  expect(answered('HPE_INVALID_METHOD', 7)).toMatch(/^HTTP\/1\.1 400 /);
});

it('writes nothing to who is gone', () => {
  expect(answered('ECONNRESET', 7)).toBeUndefined();
  expect(answered('HPE_INVALID_METHOD', 7, false)).toBeUndefined();
});
