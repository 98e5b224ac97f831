// Sends one statement to ClickHouse over HTTP and copies the answer as it comes.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { readFailure } from '../../platform/clickhouse/failure.ts';
import { errorCode } from '../../platform/errors.ts';
import type { QueryTarget } from './target.ts';

const MAX_ERROR_LINES = 4;
const MAX_ERROR_LENGTH = 1_500;

/** The server refused the statement; the message is its own, shortened. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

/**
 * Writes the answer to `output`, in `format` unless the statement names one.
 * @throws {QueryError} when the server refuses it.
 * @throws {UnavailableError} when nothing answers.
 */
export async function ask(
  target: QueryTarget,
  sql: string,
  format: string,
  output: Writable,
): Promise<void> {
  const response = await post(target, sql, format);
  if (response.statusCode !== 200) throw new QueryError(shortened(await text(response)));
  try {
    await pipeline(response, output, { end: false });
  } catch (thrown) {
    // `… | head` has seen enough.
    if (errorCode(thrown) !== 'EPIPE') throw thrown;
  }
}

function post(target: QueryTarget, sql: string, format: string): Promise<IncomingMessage> {
  const url = new URL(target.url);
  // The whole answer is there before its status is sent: an error cannot come in the middle of rows.
  const search = { database: target.database, default_format: format, wait_end_of_query: '1' };
  url.search = new URLSearchParams(search).toString();
  const headers = {
    // A header of its own could hold Latin-1 only.
    Authorization: `Basic ${Buffer.from(`${target.username}:${target.password}`).toString('base64')}`,
    'Content-Type': 'text/plain; charset=UTF-8',
  };
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', headers }, resolve);
    asked.once('error', (error) => reject(readFailure(error, 'ClickHouse query', target.url)));
    asked.end(sql);
  });
}

/** The server's words without a stack trace. */
export function shortened(message: string): string {
  const lines = message.trim().split('\n');
  const trace = lines.findIndex((line) => /^Stack trace/i.test(line.trim()));
  const words = trace === -1 ? lines : lines.slice(0, trace);
  return words.slice(0, MAX_ERROR_LINES).join('\n').trimEnd().slice(0, MAX_ERROR_LENGTH);
}
