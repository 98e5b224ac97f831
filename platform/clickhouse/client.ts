// The one door to ClickHouse: queries, commands and inserts over HTTP through the official client,
// with failures classified. Text is UTC everywhere, whatever the server's own zone.
import { Readable } from 'node:stream';
import { createClient, type ClickHouseClient, type ClickHouseSettings } from '@clickhouse/client';
import { assertAcknowledged } from './acknowledged.ts';
import { readFailure, writeFailure } from './failure.ts';
import type { ClickHouseTarget } from './variables.ts';

export type Parameters = Record<string, string | number | readonly (string | number)[]>;

export interface Insert {
  /** The whole statement, ending in `FORMAT …`. */
  readonly statement: string;
  /** The data in that format. Read once; must stay unchanged until the call settles. */
  readonly body: Iterable<Uint8Array>;
  readonly rows: number;
  readonly queryId: string;
}

/** One block, one part, acknowledged only when it is in the table; no deduplication. */
const ONE_PART: ClickHouseSettings = {
  async_insert: 0,
  insert_deduplicate: 0,
  max_insert_block_size: '100000000',
  min_insert_block_size_rows: '100000000',
  min_insert_block_size_bytes: '0',
  max_insert_threads: '1',
  max_threads: 1,
  wait_end_of_query: 1,
};

export class ClickHouse implements AsyncDisposable {
  readonly #client: ClickHouseClient;
  readonly #timeoutMs: number;
  readonly #url: string;

  constructor(target: ClickHouseTarget, application: string) {
    this.#timeoutMs = target.timeoutMs;
    this.#url = target.url;
    this.#client = createClient({
      url: target.url,
      username: target.username,
      password: target.password,
      database: target.database,
      application,
      request_timeout: target.timeoutMs,
      max_open_connections: 10,
      clickhouse_settings: { session_timezone: 'UTC' },
      // Errors reach the caller as exceptions; the client must not print them a second time.
      log: { LoggerClass: Silent },
    });
  }

  /**
   * Rows of a SELECT as objects. 64-bit integers come as numbers or as strings, by server version:
   * pass them through Number().
   * @throws {ConfigError | UnavailableError}
   */
  async rows<T>(sql: string, parameters: Parameters = {}): Promise<T[]> {
    try {
      const result = await this.#client.query({
        query: sql,
        query_params: parameters,
        format: 'JSONEachRow',
      });
      return await result.json<T>();
    } catch (error) {
      throw readFailure(error, 'ClickHouse query', this.#url);
    }
  }

  /**
   * Runs a statement that returns nothing of interest (DDL, KILL QUERY … SYNC). Use it only for what
   * may safely be repeated.
   * @throws {ConfigError | UnavailableError}
   */
  async command(sql: string, parameters: Parameters = {}): Promise<void> {
    try {
      await this.#client.command({ query: sql, query_params: parameters });
    } catch (error) {
      throw readFailure(error, 'ClickHouse command', this.#url);
    }
  }

  /**
   * Sends one block as one part: it lands as a whole or not at all.
   * @throws {UnavailableError} nothing was sent
   * @throws {FencedError} the guard in the statement stopped it; nothing landed
   * @throws {UnclearOutcomeError} it may have landed
   * @throws {ConfigError} refused: rights, credentials, schema
   */
  async insert({ statement, body, rows, queryId }: Insert): Promise<void> {
    let written: number | undefined;
    try {
      const result = await this.#client.exec({
        query: statement,
        values: Readable.from(body, { objectMode: false }),
        query_id: queryId,
        clickhouse_settings: ONE_PART,
        abort_signal: AbortSignal.timeout(this.#timeoutMs),
      });
      result.stream.resume();
      written = result.summary === undefined ? undefined : Number(result.summary.written_rows);
    } catch (error) {
      throw writeFailure(error, 'ClickHouse insert', this.#url);
    }
    assertAcknowledged(rows, written);
  }

  /** @throws {ConfigError | UnavailableError} when no query can be run with these credentials. */
  async ping(): Promise<void> {
    await this.rows('SELECT 1');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

class Silent {
  trace(): void {}
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(): void {}
}
