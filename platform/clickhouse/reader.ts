// ClickHouse for reading only: every query runs with readonly = 1, a limit of time and a limit of bytes,
// whatever the user may do otherwise. Meant for queries whose text is known and whose values are bound.
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { UnavailableError, asError } from '../errors.ts';
import { readFailure } from './failure.ts';
import type { ClickHouseTarget } from './variables.ts';

export interface ReaderLimits {
  readonly maxExecutionSec: number;
  readonly maxResultBytes: number;
  readonly maxConnections: number;
}

export interface ReadTable {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

/** The answer was larger than the reader takes. */
export class ResultTooLargeError extends Error {
  override readonly name = 'ResultTooLargeError';
}

/** What the server is given beyond its own limit before the call is given up. */
const GRACE_MS = 2_000;

export class ClickHouseReader implements AsyncDisposable {
  readonly #client: ClickHouseClient;
  readonly #limits: ReaderLimits;
  readonly #url: string;

  constructor(target: ClickHouseTarget, application: string, limits: ReaderLimits) {
    this.#limits = limits;
    this.#url = target.url;
    this.#client = createClient({
      url: target.url,
      username: target.username,
      password: target.password,
      database: target.database,
      application,
      request_timeout: limits.maxExecutionSec * 1_000 + GRACE_MS,
      max_open_connections: limits.maxConnections,
      clickhouse_settings: {
        readonly: '1',
        session_timezone: 'UTC',
        max_execution_time: limits.maxExecutionSec,
      },
      log: { LoggerClass: Silent },
    });
  }

  /**
   * The whole answer with the types of its columns. Aborting `signal` ends the query on the server.
   * @throws {ConfigError} refused: rights, credentials, schema
   * @throws {UnavailableError} away, too slow, or an error of the query itself; its code is in the causes
   * @throws {ResultTooLargeError}
   */
  async read(
    sql: string,
    parameters: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<ReadTable> {
    try {
      const { stream } = await this.#client.exec({
        query: `${sql}\nFORMAT JSONCompact`,
        query_params: parameters,
        abort_signal: signal,
      });
      const text = await this.#text(stream);
      return readAnswer(text);
    } catch (thrown) {
      if (thrown instanceof ResultTooLargeError) throw thrown;
      throw readFailure(thrown, 'ClickHouse', this.#url);
    }
  }

  async #text(stream: NodeJS.ReadableStream): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of stream) {
      const part = chunk as Buffer;
      bytes += part.length;
      if (bytes > this.#limits.maxResultBytes) {
        throw new ResultTooLargeError(
          `the answer is larger than ${this.#limits.maxResultBytes} bytes`,
        );
      }
      chunks.push(part);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

function readAnswer(text: string): ReadTable {
  try {
    const { meta, data } = JSON.parse(text) as {
      meta: ReadTable['columns'];
      data: ReadTable['rows'];
    };
    return { columns: meta, rows: data };
  } catch (thrown) {
    // The server had begun to answer when the query failed, or the answer was cut off.
    const cause = asError(thrown);
    throw new UnavailableError('ClickHouse: the answer broke off', { cause });
  }
}

class Silent {
  trace(): void {}
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(): void {}
}
