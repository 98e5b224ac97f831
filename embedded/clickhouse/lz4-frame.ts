// Content-Encoding lz4: the LZ4 frame format. The decoder behind it stops quietly at a missing end
// mark and at anything after the first frame, so the frames are walked and checked here first.
import { decompressFrame } from 'lz4-napi';
import { exception, type ClickHouseException } from './exception.ts';

const MAGIC = 0x184d2204;
const SKIPPABLE = 0x184d2a50;
const BLOCK_SIZES = [0, 0, 0, 0, 1 << 16, 1 << 18, 1 << 20, 1 << 22];
/** No LZ4 block can hold more per compressed byte. */
const MAX_RATIO = 255;

interface Frame {
  readonly start: number;
  readonly end: number;
  /** Upper bound of its decompressed size. */
  readonly bound: number;
}

/**
 * The decompressed frames of a whole body, in order.
 * @throws {ClickHouseException} when a frame is cut, damaged or would exceed `maxBytes`.
 */
export async function* decodeLz4Frames(body: Buffer, maxBytes: number): AsyncGenerator<Buffer> {
  const frames = walkFrames(body);
  const bound = frames.reduce((sum, frame) => sum + frame.bound, 0);
  if (bound > maxBytes) {
    throw exception(
      'QUERY_IS_TOO_LARGE',
      `The body may exceed ${maxBytes} bytes when decompressed`,
    );
  }
  for (const { start, end } of frames) {
    try {
      yield await decompressFrame(body.subarray(start, end));
    } catch (cause) {
      throw Object.assign(damaged('it does not decompress'), { cause });
    }
  }
}

function walkFrames(body: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < body.length;) {
    const magic = readUint32(body, at);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      at = within(body, at + 8 + readUint32(body, at + 4));
      continue;
    }
    if (magic !== MAGIC) throw damaged(`no frame starts at byte ${at}`);
    const frame = walkFrame(body, at);
    frames.push(frame);
    at = frame.end;
  }
  return frames;
}

function walkFrame(body: Buffer, start: number): Frame {
  const flags = readUint8(body, start + 4);
  const blockMax = BLOCK_SIZES[(readUint8(body, start + 5) >> 4) & 7] ?? 0;
  if (flags >> 6 !== 1 || blockMax === 0) throw damaged('unknown version or block size');
  if ((flags & 1) !== 0) throw damaged('dictionaries are not supported');
  const hasSize = (flags & 8) !== 0;
  const blockChecksum = (flags & 16) !== 0 ? 4 : 0;
  const contentChecksum = (flags & 4) !== 0 ? 4 : 0;
  let at = start + 7 + (hasSize ? 8 : 0);
  let bound = 0;
  for (;;) {
    const size = readUint32(body, at) & 0x7fffffff;
    at += 4;
    if (size === 0) break;
    bound += Math.min(blockMax, size * MAX_RATIO);
    at = within(body, at + size + blockChecksum);
  }
  return { start, end: within(body, at + contentChecksum), bound };
}

function readUint8(body: Buffer, at: number): number {
  within(body, at + 1);
  return body.readUInt8(at);
}

function readUint32(body: Buffer, at: number): number {
  within(body, at + 4);
  return body.readUInt32LE(at);
}

function within(body: Buffer, end: number): number {
  if (end > body.length) throw damaged('it is cut short');
  return end;
}

function damaged(why: string): ClickHouseException {
  return exception('INCORRECT_DATA', `The lz4 body is not a sequence of whole frames: ${why}`);
}
