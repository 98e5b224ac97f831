// Reads the value of a message as JSON, strictly: UTF-8, one document, without a byte order mark before it.
// Each way to fail is a rejection with its own name. Work and memory are linear in the value.
import { isUtf8 } from 'node:buffer';
import { withoutNotFinite } from './not-finite.ts';
import { reject, type Rejection } from './rejection.ts';

export interface JsonMessage {
  readonly value: unknown;
  /** What was parsed. */
  readonly text: string;
}

/** Bytes of a byte order mark at the beginning of `bytes` from `from` on: 3, or 0 for none. */
export function byteOrderMark(bytes: Uint8Array, from = 0): number {
  const isMark = bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf;
  return isMark ? 3 : 0;
}

/** The document that `bytes` hold, or why they hold none. */
export function parseMessage(bytes: Uint8Array): JsonMessage | Rejection {
  if (bytes.length === 0) return reject('empty_value');
  if (!isUtf8(bytes)) return reject('invalid_utf8');
  const mark = byteOrderMark(bytes);
  const { buffer, byteOffset, length } = bytes;
  const text = Buffer.from(buffer, byteOffset + mark, length - mark).toString('utf8');
  const value = parseJson(text);
  if (value !== undefined) return { value, text };
  // Python and others write bare NaN and Infinity, which is not JSON but worth its own name.
  const finite = withoutNotFinite(text);
  const isNotFinite = finite !== undefined && parseJson(finite) !== undefined;
  return reject(isNotFinite ? 'not_finite' : 'invalid_json', '', text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
