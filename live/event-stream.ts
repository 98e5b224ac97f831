// One browser's connection as a stream of server-sent events, and the limit on their number.
import type { ServerResponse } from 'node:http';
import type { Page } from './follow.ts';
import type { Events } from './model/protocol.ts';

/** A page that has not taken anything for so long is gone. */
const STUCK_MS = 60_000;

export class EventStream implements Page {
  readonly #response: ServerResponse;
  readonly #closed = new AbortController();
  #stuck: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.#response = response;
    response.on('error', () => undefined);
    response.on('close', () => this.#closed.abort(new Error('the page was closed')));
    response.on('drain', () => this.#taken());
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write(':\n\n');
  }

  /** Aborted when the page is gone. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  get ready(): boolean {
    return !this.#response.writableNeedDrain && !this.#response.destroyed;
  }

  send<K extends keyof Events>(event: K, data: Events[K]): void {
    this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  beat(): void {
    if (this.ready) this.#write(':\n\n');
  }

  #write(text: string): void {
    if (this.#response.destroyed || this.#response.write(text)) return;
    // What is written meanwhile gives it no more time.
    this.#stuck ??= setTimeout(() => this.end(), STUCK_MS).unref();
  }

  #taken(): void {
    clearTimeout(this.#stuck);
    this.#stuck = undefined;
  }

  /** Ends the connection; the page connects again. */
  end(): void {
    this.#taken();
    this.#response.destroy();
    this.#closed.abort(new Error('the page was closed'));
  }
}
