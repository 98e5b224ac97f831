// Separates a request's query from its body: the statement in memory, an INSERT's data in a temporary file
// that the engine reads. It passes nothing on before the whole body has arrived.
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { exception } from './exception.ts';
import { scanInsert, type InsertHead } from './insert.ts';

/** A statement without data is at most this long; the engine has a smaller limit of its own. */
const MAX_STATEMENT_BYTES = 16 * 1024 * 1024;
/** Data waiting for the disk, at most. */
const GATHER_BYTES = 4 * 1024 * 1024;

export type Spooled =
  | { readonly kind: 'statement'; readonly sql: string; readonly bytes: number }
  | {
      readonly kind: 'insert';
      readonly head: InsertHead;
      readonly path: string;
      readonly bytes: number;
    };

/** The folder of the temporary files. */
export interface Spool {
  /**
   * Reads the body to its end. `sql` and `head.sql` are binary text (one character per byte).
   * @throws {ClickHouseException} for what cannot be an acceptable request; the body's own errors.
   */
  take(query: string, body: AsyncIterable<Buffer>): Promise<Spooled>;
  /** Deletes what {@link take} wrote, if anything. */
  release(spooled: Spooled): Promise<void>;
}

/** Opens `folder`, deleting what a killed process left there. */
export async function openSpool(folder: string): Promise<Spool> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    if (name.startsWith('body-')) await rm(join(folder, name), { force: true });
  }
  let count = 0;
  return {
    take: (query, body) => {
      count += 1;
      return take(query, body, join(folder, `body-${process.pid}-${count}`));
    },
    release: async (spooled) => {
      if (spooled.kind === 'insert') await rm(spooled.path, { force: true });
    },
  };
}

async function take(query: string, body: AsyncIterable<Buffer>, path: string): Promise<Spooled> {
  const url = Buffer.from(query, 'utf8').toString('latin1');
  const chunks = body[Symbol.asyncIterator]();
  const complete = scanUrlQuery(url);
  if (complete !== undefined) {
    const rest = Buffer.from(url.slice(complete.dataStart), 'latin1');
    return writeData(complete, rest, chunks, path);
  }
  const prefix = url.trim() === '' ? '' : `${url}\n`;
  const read: Buffer[] = [Buffer.from(prefix, 'latin1')];
  let size = prefix.length;
  for (let scanned = 0; ;) {
    const next = await chunks.next();
    const final = next.done === true;
    if (next.done !== true) {
      read.push(next.value);
      size += next.value.length;
      // A long statement is scanned again only when it has doubled.
      if (size < 2 * scanned) continue;
    }
    const text = Buffer.concat(read);
    const scan = scanInsert(text.toString('latin1'), final);
    if (scan.kind === 'data') {
      return writeData(scan.head, text.subarray(scan.head.dataStart), chunks, path);
    }
    if (final) return { kind: 'statement', sql: text.toString('latin1'), bytes: text.length };
    scanned = size;
    if (size <= MAX_STATEMENT_BYTES) continue;
    throw exception('QUERY_IS_TOO_LARGE', `The statement exceeds ${MAX_STATEMENT_BYTES} bytes`);
  }
}

/** An INSERT whose statement stands in the URL up to and including VALUES or FORMAT. */
function scanUrlQuery(url: string): InsertHead | undefined {
  if (!/^[^a-z]*insert\b/i.test(url) && !/insert/i.test(url)) return undefined;
  const open = scanInsert(`${url}\n`, false);
  if (open.kind === 'data') return clipped(open.head, url);
  const scan = open.kind === 'more' ? tryFinal(url) : open;
  return scan.kind === 'data' ? clipped(scan.head, url) : undefined;
}

/** What ends here may also go on in the body, so a refusal is not yet final. */
function tryFinal(url: string): ReturnType<typeof scanInsert> {
  try {
    return scanInsert(`${url}\n`, true);
  } catch {
    return { kind: 'more' };
  }
}

/** White space after a complete statement in the URL is not data. */
function clipped(head: InsertHead, url: string): InsertHead {
  const rest = url.slice(head.dataStart);
  return rest.trim() === '' ? { ...head, dataStart: url.length } : head;
}

async function writeData(
  head: InsertHead,
  first: Buffer,
  rest: AsyncIterator<Buffer>,
  path: string,
): Promise<Spooled> {
  // The stream gathers what arrives during a write into the next one: a write for each chunk of 64 kB
  // cost a tenth of a whole insert.
  const file = await open(path, 'wx', 0o600);
  const gathered = file.createWriteStream({ highWaterMark: GATHER_BYTES });
  let bytes = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    bytes += first.length;
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      bytes += next.value.length;
      yield next.value;
    }
  };
  try {
    await pipeline(counted, gathered);
    return { kind: 'insert', head, path, bytes };
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  } finally {
    await rest.return?.();
  }
}
