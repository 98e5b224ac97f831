// Recognises a file by its first bytes, whatever its name: it unpacks gzip, and refuses other packed or
// binary formats, and texts in place of a file of events, with a way out.

const GZIP = [0x1f, 0x8b];

/** First bytes of formats that people have and that are no text, with what to do about it. */
const NOT_TEXT: readonly (readonly [bytes: readonly number[], told: string])[] = [
  [
    [0x50, 0x4b, 3, 4],
    'the file is a zip archive or an Excel file: unpack it, or export it as CSV',
  ],
  [[0xd0, 0xcf, 0x11, 0xe0], 'the file is an old Excel file: export it as CSV'],
  [
    [0x28, 0xb5, 0x2f, 0xfd],
    'the file is compressed with zstd: unpack it, or compress it with gzip',
  ],
  [[0x42, 0x5a, 0x68], 'the file is compressed with bzip2: unpack it, or compress it with gzip'],
  [
    [0xfd, 0x37, 0x7a, 0x58, 0x5a],
    'the file is compressed with xz: unpack it, or compress it with gzip',
  ],
  [
    [0x04, 0x22, 0x4d, 0x18],
    'the file is compressed with lz4: unpack it, or compress it with gzip',
  ],
  [[0x50, 0x41, 0x52, 0x31], 'the file is a Parquet file: export it as CSV or JSON'],
  [
    [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20],
    'the file is an SQLite database: export a table as CSV',
  ],
  [
    [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31],
    'the file is an Arrow or Feather file: export it as CSV or JSON',
  ],
  [[0x46, 0x45, 0x41, 0x31], 'the file is a Feather file: export it as CSV or JSON'],
  [[0x89, 0x48, 0x44, 0x46], 'the file is an HDF5 file: export a table as CSV'],
  [[0x4f, 0x62, 0x6a, 1], 'the file is an Avro file: export it as JSON, one object a line'],
  [[0x25, 0x50, 0x44, 0x46], 'the file is a PDF: get the data as CSV or JSON'],
  [[0x80, 4, 0x95], 'the file is a Python pickle: write it with to_csv or to_json'],
  [[0x80, 5, 0x95], 'the file is a Python pickle: write it with to_csv or to_json'],
  [[0xff, 0xfe, 0, 0], 'the file is UTF-32 text: save it as UTF-8'],
  [[0, 0, 0xfe, 0xff], 'the file is UTF-32 text: save it as UTF-8'],
];

/** Texts that are no events; blanks and a byte order mark may stand before them. */
const NOT_EVENTS: readonly (readonly [pattern: RegExp, told: string])[] = [
  [
    /^(<!doctype html|<html)/i,
    'the file is a web page, perhaps the login of the site: download the data again',
  ],
  [/^<\?xml\s/i, 'the file is XML: export it as CSV or JSON'],
  [
    /^version https:\/\/git-lfs/,
    'the file is a pointer of Git LFS, not the data: run git lfs pull',
  ],
];

const TAR_MARK = 'ustar';
const TAR_MARK_AT = 257;

/** How many bytes the answers need. */
export const KIND_BYTES = 512;

export function isGzip(beginning: Buffer): boolean {
  return startsWith(beginning, GZIP);
}

/** Why a file that begins so holds no events, undefined when it may. */
export function notEvents(beginning: Buffer): string | undefined {
  const bytes = beginning.subarray(0, KIND_BYTES);
  const told = NOT_TEXT.find(([first]) => startsWith(bytes, first))?.[1];
  if (told !== undefined) return told;
  if (bytes.toString('latin1', TAR_MARK_AT, TAR_MARK_AT + TAR_MARK.length) === TAR_MARK) {
    return 'the file is a tar archive: unpack it';
  }
  const text = bytes.toString('latin1').replace(/^(ï»¿)?\s*/, '');
  return NOT_EVENTS.find(([pattern]) => pattern.test(text))?.[1];
}

/** The same of what was unpacked. */
export function notEventsInside(beginning: Buffer): string | undefined {
  if (isGzip(beginning)) return 'the file is compressed with gzip twice: unpack it once';
  return notEvents(beginning);
}

function startsWith(beginning: Buffer, bytes: readonly number[]): boolean {
  return bytes.every((byte, at) => beginning[at] === byte);
}
