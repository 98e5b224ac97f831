// Turns the bytes of a file into valid UTF-8, piece by piece: it checks UTF-8 and converts UTF-16 and
// Latin-1. The first byte that is not text ends the reading with file, line and a way out, after everything
// before it.
import { isUtf8 } from 'node:buffer';
import { ConfigError } from '../platform/errors.ts';

/** How a file writes its characters. Latin-1 is read as Windows-1252, which differs only in 0x80 to 0x9f. */
export const FILE_ENCODINGS = ['utf-8', 'latin1', 'windows-1252', 'utf-16le', 'utf-16be'] as const;
export type FileEncoding = (typeof FILE_ENCODINGS)[number];

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
/** The end of a file to DOS, and to what was written for it. */
const CTRL_Z = 26;
const MARKS: readonly (readonly [FileEncoding, readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];
/** So many bytes of the beginning decide which encoding it is. */
const BEGINNING_BYTES = 4;

/** What could be decoded, and what ended it. */
interface Decoded {
  readonly text: Buffer;
  /** What stands behind the text and is none, in words. */
  readonly fault?: string;
}

interface Decoder {
  feed(bytes: Buffer): Decoded;
  /** What is left when the file has ended. */
  finish(): Decoded;
}

const DECODERS: Record<FileEncoding, () => Decoder> = {
  'utf-8': () => new Utf8(),
  latin1: () => new Windows1252(),
  'windows-1252': () => new Windows1252(),
  'utf-16le': () => new Utf16(false),
  'utf-16be': () => new Utf16(true),
};

/**
 * The text of a file as UTF-8. Without an encoding it is what the mark at its beginning says, else UTF-8.
 * @throws {ConfigError} at the first byte that is no text in this encoding.
 */
export async function* textOf(
  bytes: AsyncIterable<Buffer>,
  path: string,
  encoding?: FileEncoding,
): AsyncGenerator<Buffer> {
  const lines = new LineCount();
  let decoder: Decoder | undefined;
  let ctrlZ = false;
  function* checked({ fault, text }: Decoded): Generator<Buffer> {
    if (text.length > 0) {
      if (ctrlZ) yield Buffer.of(CTRL_Z);
      // A last one may be the end of the file; then it is no text.
      ctrlZ = text.at(-1) === CTRL_Z;
      lines.count(text);
      yield ctrlZ ? text.subarray(0, -1) : text;
    }
    if (fault !== undefined) throw new ConfigError(`${path} line ${lines.line}: ${fault}`);
  }
  for await (const chunk of wholeBeginning(bytes)) {
    decoder ??= DECODERS[encodingOf(chunk, path, encoding)]();
    yield* checked(decoder.feed(chunk));
  }
  if (decoder !== undefined) yield* checked(decoder.finish());
}

/** The same bytes, of which the first piece is long enough to recognise the encoding by, if the file is. */
async function* wholeBeginning(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let beginning: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of bytes) {
    if (beginning !== undefined) beginning = Buffer.concat([beginning, chunk]);
    if (beginning !== undefined && beginning.length < BEGINNING_BYTES) continue;
    yield beginning ?? chunk;
    beginning = undefined;
  }
  if (beginning !== undefined && beginning.length > 0) yield beginning;
}

/** @throws {ConfigError} when the beginning contradicts what was said, or only UTF-16 begins so. */
function encodingOf(beginning: Buffer, path: string, given?: FileEncoding): FileEncoding {
  const marked = MARKS.find(([, mark]) => mark.every((byte, at) => beginning[at] === byte))?.[0];
  if (marked !== undefined && given !== undefined && given !== 'utf-8' && given !== marked) {
    const problem = `begins with the byte order mark of ${marked.toUpperCase()}, not with ${given} text`;
    throw new ConfigError(`${path} line 1: ${problem}; leave --encoding and DATA_ENCODING out`);
  }
  const encoding = marked ?? given ?? 'utf-8';
  const wide = marked === undefined && encoding === 'utf-8' ? unmarkedUtf16(beginning) : undefined;
  if (wide === undefined) return encoding;
  throw new ConfigError(
    `${path} line 1: looks like UTF-16 without a byte order mark; ${wayOut(wide)}`,
  );
}

/** Which UTF-16 the beginning looks like: every second byte of Latin text is 0 there. */
function unmarkedUtf16(bytes: Buffer): FileEncoding | undefined {
  const isZero = [0, 1, 2, 3].map((at) => bytes[at] === 0).join();
  if (isZero === 'false,true,false,true') return 'utf-16le';
  return isZero === 'true,false,true,false' ? 'utf-16be' : undefined;
}

function wayOut(encoding: FileEncoding): string {
  return `use --encoding ${encoding} or DATA_ENCODING=${encoding}`;
}

class Utf8 implements Decoder {
  #cut: Buffer = Buffer.alloc(0);

  feed(chunk: Buffer): Decoded {
    const bytes = this.#cut.length === 0 ? chunk : Buffer.concat([this.#cut, chunk]);
    const end = bytes.length - cutBytes(bytes);
    this.#cut = Buffer.from(bytes.subarray(end));
    const text = bytes.subarray(0, end);
    return isUtf8(text) ? { text } : this.#upToFault(text);
  }

  finish(): Decoded {
    return this.#cut.length === 0 ? { text: this.#cut } : this.#upToFault(this.#cut);
  }

  #upToFault(bytes: Buffer): Decoded {
    const at = validBytes(bytes);
    const byte = bytes[at]!.toString(16).toUpperCase();
    const problem = `the byte 0x${byte} is not UTF-8 text`;
    const fault = `${problem}; if the file is Latin-1 or Windows-1252, ${wayOut('latin1')}`;
    return { text: bytes.subarray(0, at), fault };
  }
}

/** How many bytes at the end begin a character and do not end it. */
function cutBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

/** How many bytes of a text that is not UTF-8 are: decoding replaces the first that is not. */
function validBytes(bytes: Buffer): number {
  let at = 0;
  for (const character of bytes.toString()) {
    const isReplaced = character === '\ufffd' && bytes.toString('latin1', at, at + 3) !== 'ï¿½';
    if (isReplaced) return at;
    at += Buffer.byteLength(character);
  }
  return at;
}

class Windows1252 implements Decoder {
  readonly #decoder = new TextDecoder('windows-1252');

  feed(chunk: Buffer): Decoded {
    return { text: Buffer.from(this.#decoder.decode(chunk)) };
  }

  finish(): Decoded {
    return { text: Buffer.alloc(0) };
  }
}

class Utf16 implements Decoder {
  readonly #bigEndian: boolean;
  /** Half a unit, or the first half of a pair. */
  #cut: Buffer = Buffer.alloc(0);

  constructor(bigEndian: boolean) {
    this.#bigEndian = bigEndian;
  }

  feed(chunk: Buffer): Decoded {
    const bytes = Buffer.concat([this.#cut, chunk]);
    let end = bytes.length - (bytes.length % 2);
    if (end >= 2 && isHighSurrogate(this.#unit(bytes, end - 2))) end -= 2;
    this.#cut = bytes.subarray(end);
    const units = bytes.subarray(0, end);
    const text = (this.#bigEndian ? units.swap16() : units).toString('utf16le');
    if (text.isWellFormed()) return { text: Buffer.from(text) };
    const fixed = text.toWellFormed();
    let at = 0;
    while (text.charCodeAt(at) === fixed.charCodeAt(at)) at += 1;
    const fault = 'half a character stands alone, so this is not UTF-16 text';
    return { text: Buffer.from(text.slice(0, at)), fault };
  }

  finish(): Decoded {
    const text = Buffer.alloc(0);
    return this.#cut.length === 0
      ? { text }
      : { text, fault: 'the file ends in the middle of a character' };
  }

  #unit(bytes: Buffer, at: number): number {
    return this.#bigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at);
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

/** Counts lines as editors do: those of a file without line feeds end in carriage returns. */
class LineCount {
  #feeds = 0;
  #returns = 0;

  get line(): number {
    return 1 + (this.#feeds > 0 ? this.#feeds : this.#returns);
  }

  count(text: Buffer): void {
    this.#feeds += occurrences(text, LINE_FEED);
    if (this.#feeds === 0) this.#returns += occurrences(text, CARRIAGE_RETURN);
  }
}

function occurrences(bytes: Buffer, byte: number): number {
  let count = 0;
  for (let at = bytes.indexOf(byte); at !== -1; at = bytes.indexOf(byte, at + 1)) count += 1;
  return count;
}
