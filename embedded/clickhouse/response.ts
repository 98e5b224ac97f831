// Writes the answer: ClickHouse's headers, the rows (compressed if the client asked for it) or the exception.
// A failure after the first byte ends the connection unfinished, so that no client takes a part of a result
// for the whole.
import type { ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliCompress,
  createDeflate,
  createGzip,
  createZstdCompress,
} from 'node:zlib';
import type { ClickHouseException } from './exception.ts';
import { contentType } from './formats.ts';

export interface Summary {
  rowsRead: number;
  bytesRead: number;
  rowsWritten: number;
  elapsedNs: number;
}

const FAST_BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
const CODINGS: readonly (readonly [string, () => Transform])[] = [
  ['zstd', createZstdCompress],
  ['br', () => createBrotliCompress(FAST_BROTLI)],
  ['gzip', () => createGzip({ level: 3 })],
  ['deflate', () => createDeflate({ level: 3 })],
];

/** The headers every answer to a query has. */
export function commonHeaders(response: ServerResponse, queryId: string | undefined): void {
  response.setHeader('X-ClickHouse-Server-Display-Name', 'sensorhouse');
  response.setHeader('X-ClickHouse-Timezone', 'UTC');
  response.setHeader('Cache-Control', 'no-store');
  if (queryId !== undefined && /^[\x20-\x7e]*$/.test(queryId)) {
    response.setHeader('X-ClickHouse-Query-Id', queryId);
  }
}

/**
 * Sends rows as they come; nothing goes out before the first chunk or the end is known. A client that takes
 * nothing for `maxPauseMs` is cut off: it would hold the query's turn, or what is left to send, for ever.
 */
export async function sendRows(
  response: ServerResponse,
  rows: AsyncIterable<Uint8Array>,
  options: { format: string; acceptEncoding: string; maxPauseMs: number; summary: () => Summary },
): Promise<number> {
  response.once('timeout', () => response.destroy());
  const iterator = rows[Symbol.asyncIterator]();
  try {
    const first = await iterator.next();
    response.statusCode = 200;
    response.setHeader('Content-Type', contentType(options.format));
    response.setHeader('X-ClickHouse-Format', options.format);
    response.setHeader('X-ClickHouse-Summary', summaryText(options.summary()));
    if (first.done === true) {
      response.end();
      return 0;
    }
    const out = compressor(response, options.acceptEncoding) ?? response;
    let bytes = 0;
    for (let next: IteratorResult<Uint8Array> = first; next.done !== true;) {
      bytes += next.value.length;
      if (!out.write(next.value)) await drained(out, response, options.maxPauseMs);
      if (response.destroyed) break;
      next = await iterator.next();
    }
    out.end();
    // Counts again while bytes go out; the end of the answer sets it back.
    response.setTimeout(options.maxPauseMs);
    return bytes;
  } finally {
    await iterator.return?.();
  }
}

async function drained(
  out: ServerResponse | Transform,
  response: ServerResponse,
  maxPauseMs: number,
): Promise<void> {
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  response.once('close', onClose);
  try {
    response.setTimeout(maxPauseMs);
    if (!response.destroyed) await once(out, 'drain', { signal: gone.signal });
  } catch {
    // The client went away; the caller sees it at the response.
  } finally {
    response.off('close', onClose);
    // A query that takes long to find more rows is no pause of the client's.
    response.setTimeout(0);
  }
}

function compressor(response: ServerResponse, accept: string): Transform | undefined {
  const accepted = accept.split(',').flatMap((part) => {
    const [name = '', ...parameters] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    return parameters.some((text) => /^q=0(\.0*)?$/.test(text)) ? [] : [name];
  });
  const coding = CODINGS.find(([name]) => accepted.includes(name));
  if (coding === undefined) return undefined;
  response.setHeader('Content-Encoding', coding[0]);
  const stream = coding[1]();
  stream.on('error', () => response.destroy());
  response.on('close', () => stream.destroy());
  stream.pipe(response);
  return stream;
}

/** ClickHouse writes every number of the summary as text. */
function summaryText({ rowsRead, bytesRead, rowsWritten, elapsedNs }: Summary): string {
  return JSON.stringify({
    read_rows: String(rowsRead),
    read_bytes: String(bytesRead),
    written_rows: String(rowsWritten),
    written_bytes: '0',
    total_rows_to_read: '0',
    result_rows: String(rowsWritten),
    result_bytes: '0',
    elapsed_ns: String(elapsedNs),
  });
}

/** Sends an exception, or breaks the connection off when rows are already on their way. */
export function sendException(
  response: ServerResponse,
  { code, status, line }: ClickHouseException,
  version: string,
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  response.setHeader('X-ClickHouse-Exception-Code', String(code));
  response.removeHeader('Content-Encoding');
  response.end(`${line} (version ${version} (embedded))\n`);
}
