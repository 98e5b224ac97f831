// Says what a file is by its first bytes, whatever its name says: gzip is unpacked, other packed or binary
// formats are refused with the way out.

const GZIP = [0x1f, 0x8b];

/** First bytes of formats that people have and that are no text, with what to do about it. */
const NOT_TEXT: readonly (readonly [bytes: readonly number[], told: string])[] = [
  [[0x50, 0x4b, 3, 4], 'it is a zip archive or an Excel file: unpack it, or export it as CSV'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'it is an old Excel file: export it as CSV'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'it is compressed with zstd: unpack it, or compress it with gzip'],
  [[0x42, 0x5a, 0x68], 'it is compressed with bzip2: unpack it, or compress it with gzip'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'it is compressed with xz: unpack it, or compress it with gzip'],
  [[0x04, 0x22, 0x4d, 0x18], 'it is compressed with lz4: unpack it, or compress it with gzip'],
  [[0x50, 0x41, 0x52, 0x31], 'it is a Parquet file: export it as CSV or JSON'],
  [[0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20], 'it is an SQLite database: export a table as CSV'],
];

/** How many bytes the answers need. */
export const KIND_BYTES = 8;

export function isGzip(beginning: Buffer): boolean {
  return startsWith(beginning, GZIP);
}

/** Why a file that begins so holds no text, undefined when it may. */
export function notText(beginning: Buffer): string | undefined {
  return NOT_TEXT.find(([bytes]) => startsWith(beginning, bytes))?.[1];
}

function startsWith(beginning: Buffer, bytes: readonly number[]): boolean {
  return bytes.every((byte, at) => beginning[at] === byte);
}
