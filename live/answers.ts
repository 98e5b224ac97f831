// Asks ClickHouse for the contents of panels and variables: expands and binds their SQL, shares answers
// between browsers, takes turns, and turns failures into words for the panel.
import { ConfigError, UnavailableError, errorCode } from '../platform/errors.ts';
import {
  ResultTooLargeError,
  type ClickHouseReader,
  type ReadTable,
} from '../platform/clickhouse/reader.ts';
import type { Dashboard, PanelQueries, QueryVariable } from './dashboards.ts';
import { firstRowSql } from './first-row.ts';
import { toFrame } from './frame.ts';
import type { Frame, PanelNews, Trouble, VariableNews } from './model/protocol.ts';
import { viewedAt, type Selection } from './selection.ts';
import { sentence } from './sentence.ts';
import { SharedAnswers } from './shared-answers.ts';
import { bind } from './sql/bind.ts';
import { BusyError, Turns } from './turns.ts';

/** Queries at a time; the engine uses all cores for one already. */
const RUNNING = 4;
const WAITING = 200;
const KEPT_ANSWERS = 300;
const MAX_OPTIONS = 1_000;

/** The server's codes for a query that took too long. */
const TOO_SLOW = new Set(['159', '209', 'ETIMEDOUT']);
/** Codes of connections that were not made or broke. */
const AWAY = /^E[A-Z]+$|^UND_ERR/;

/** A panel whose SQL the page cannot expand. */
class NotUnderstood extends Error {}

export class Answers {
  readonly #reader: ClickHouseReader;
  readonly #turns = new Turns(RUNNING, WAITING);
  readonly #shared = new SharedAnswers<ReadTable>(KEPT_ANSWERS);

  constructor(reader: ClickHouseReader) {
    this.#reader = reader;
  }

  /** What a panel shows at `nowMs`; never rejects but with the signal's reason. */
  async panel(
    { id, minIntervalMs, queries }: PanelQueries,
    selection: Selection,
    options: Readonly<Record<string, readonly string[]>>,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<PanelNews> {
    const viewed = viewedAt(selection, nowMs, minIntervalMs, options);
    try {
      const frames = await Promise.all(
        queries.map(async ({ refId, sql }): Promise<Frame> => {
          return toFrame(refId, await this.#ask(sql, selection, viewed, nowMs, signal));
        }),
      );
      return { id, intervalMs: viewed.intervalMs, frames };
    } catch (thrown) {
      signal.throwIfAborted();
      return { id, trouble: troubleOf(thrown) };
    }
  }

  /** The options a query gives a variable, each once. */
  async variable(
    { name, sql }: QueryVariable,
    selection: Selection,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<VariableNews> {
    const viewed = viewedAt(selection, nowMs, 1_000, {});
    try {
      const { rows } = await this.#ask(sql, selection, viewed, nowMs, signal);
      const texts = rows.map(([first]) =>
        typeof first === 'string' ? first : JSON.stringify(first),
      );
      return { name, options: [...new Set(texts)].slice(0, MAX_OPTIONS) };
    } catch (thrown) {
      signal.throwIfAborted();
      return { name, options: [], trouble: troubleOf(thrown) };
    }
  }

  /** When the first row of the dashboard's tables arrived; undefined when there is none, or nobody answers. */
  async firstRow(
    dashboard: Dashboard,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const sql = firstRowSql(dashboard);
    if (sql === undefined) return undefined;
    try {
      const { rows } = await this.#shared.get(
        JSON.stringify([nowMs, sql]),
        (ended) => this.#turns.run(() => this.#reader.read(sql, {}, ended), ended),
        signal,
      );
      const all = rows.map(([first]) => Number(first));
      return all.length === 0 ? undefined : Math.min(...all);
    } catch {
      // The panels ask the same server and say what is wrong.
      signal.throwIfAborted();
      return undefined;
    }
  }

  /** The answer to a query of the page itself, the pipeline's: one at a time, so it waits for no turn. */
  async own(sql: string, signal: AbortSignal): Promise<ReadTable> {
    return this.#reader.read(sql, {}, signal);
  }

  async #ask(
    rawSql: string,
    { dashboard }: Selection,
    viewed: ReturnType<typeof viewedAt>,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<ReadTable> {
    let query;
    try {
      query = bind(rawSql, viewed, dashboard.closed);
    } catch (cause) {
      throw new NotUnderstood((cause as Error).message.split('\n', 1)[0], { cause });
    }
    const { sql, parameters } = query;
    // A range that stands still is asked again at every tick all the same.
    const key = JSON.stringify([nowMs, sql, parameters]);
    return this.#shared.get(
      key,
      (ended) => this.#turns.run(() => this.#reader.read(sql, parameters, ended), ended),
      signal,
    );
  }
}

/** What to say about a failure, and whether it mends itself. */
export function troubleOf(thrown: unknown): Trouble {
  if (thrown instanceof NotUnderstood) {
    return {
      kind: 'failed',
      text: `The live page does not understand this query: ${thrown.message}. Grafana may.`,
    };
  }
  if (thrown instanceof BusyError) {
    return {
      kind: 'busy',
      text: 'Too many queries are waiting; this panel tries again soon.',
    };
  }
  if (thrown instanceof ResultTooLargeError) {
    return {
      kind: 'refused',
      text: 'The answer is too large to draw: choose a shorter time range.',
    };
  }
  const code = errorCode(thrown);
  if (code !== undefined && TOO_SLOW.has(code)) {
    return {
      kind: 'slow',
      text: 'The query took too long and was ended: choose a shorter time range.',
    };
  }
  if (thrown instanceof ConfigError) return { kind: 'refused', text: thrown.message };
  if (thrown instanceof UnavailableError && (code === undefined || AWAY.test(code))) {
    return { kind: 'away', text: `${sentence(thrown.message)} Trying again.` };
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return { kind: 'failed', text };
}
