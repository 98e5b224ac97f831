// What a codec says of compressed bytes that it does not understand. It tells damage in the data from a mistake in
// the program and from memory that ran out, which no reading of other bytes mends.
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
