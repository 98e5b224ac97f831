// Interprets the error of a codec that cannot read compressed bytes: damage in the data, a mistake in the
// program, or exhausted memory. Reading other bytes helps only against the first.
import { errorCode, isProgrammingError } from '../errors.ts';

/** The compressed bytes are not of the format that they claim. */
export class CorruptError extends Error {
  override readonly name = 'CorruptError';
}

/** What zlib and zstd say when the machine has no memory for them. */
const OUT_OF_MEMORY = new Set([
  'ERR_MEMORY_ALLOCATION_FAILED',
  'Z_MEM_ERROR',
  'ZSTD_error_memory_allocation',
]);

/**
 * True when `thrown` is about the bytes. A buffer that cannot be allocated is a RangeError without a code, like
 * a mistake: the records may be whole, so nobody may pass over them.
 */
export function isDamage(thrown: unknown): boolean {
  return !isProgrammingError(thrown) && !OUT_OF_MEMORY.has(errorCode(thrown) ?? '');
}
