// Stands between a consumer and ClickHouse's HTTP interface and treats chosen requests as networks, proxies
// and sick servers do: loses replies, cuts bodies, holds requests back until nobody waits for them any more,
// answers errors, refuses connections.
import { request as httpRequest, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'; // prettier-ignore
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import { freePort } from '../../embedded/kafka/ports.ts';

/** How ClickHouse answered a request that came late; status 0 when it did not. */
export interface LateAnswer {
  readonly status: number;
  /** Its error code, 0 for none. */
  readonly code: number;
}

/** What is known of a request when its fate is decided. The body has arrived whole. */
export interface Seen {
  /** The table an INSERT goes into, undefined for anything else. */
  readonly insertInto: string | undefined;
  readonly statement: string;
  readonly bodyBytes: number;
}

export type Fate =
  | { readonly kind: 'pass' }
  /** Carried out; the client sees its connection reset. `landed` is called when it was. */
  | { readonly kind: 'lose-reply'; readonly landed?: () => void }
  /** ClickHouse gets part of the body, then a reset. So does the client. */
  | { readonly kind: 'cut'; readonly share: number; readonly cut?: () => void }
  /** Goes through later, whole, whether or not the client still waits; `done` gets the outcome. */
  | { readonly kind: 'late'; readonly delayMs: number; readonly done?: (answer: LateAnswer) => void }
  /** Half of the body now, the rest later: meanwhile the INSERT is running. */
  | { readonly kind: 'drip'; readonly delayMs: number; readonly done?: (answer: LateAnswer) => void }
  /** An error of ClickHouse (`code`) or of a proxy before it; `after` carries the request out first. */
  | { readonly kind: 'answer'; readonly status: number; readonly code?: number; readonly after?: boolean }
  /** Never answered, never carried out. */
  | { readonly kind: 'hang' }; // prettier-ignore

export type Decide = (seen: Seen) => Fate | undefined | Promise<Fate | undefined>;

export interface FaultProxy extends AsyncDisposable {
  /** The target's URL with this proxy's address in it. */
  readonly url: string;
  /** Decides about every request; undefined passes it. */
  decide: Decide;
  /** Requests that did not simply pass. */
  readonly struck: number;
  /** How often ClickHouse itself answered with which error code. */
  readonly errors: ReadonlyMap<number, number>;
  /** Closes the port and every connection: connections are refused. */
  refuse(): Promise<void>;
  /** Opens the port again. */
  accept(): Promise<void>;
}

/** Starts a proxy before the ClickHouse at `target` (a URL with credentials). */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const to = new URL(target);
  const port = await freePort('127.0.0.1');
  const own = new URL(target);
  own.host = `127.0.0.1:${port}`;
  const sockets = new Set<Socket>();
  const state = { struck: 0 };
  const errors = new Map<number, number>();
  const answered = (code: number): void => {
    if (code !== 0) errors.set(code, (errors.get(code) ?? 0) + 1);
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch(() => response.destroy());
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    const fate = (await proxy.decide(seenOf(request, body))) ?? { kind: 'pass' };
    if (fate.kind !== 'pass') state.struck += 1;
    await carryOut(fate, { to, request, response, body, answered });
  };
  let server: Server | undefined;
  const proxy: FaultProxy = {
    url: own.href.replace(/\/$/, ''),
    decide: () => undefined,
    errors,
    get struck() {
      return state.struck;
    },
    refuse: async () => {
      const closing = server;
      server = undefined;
      if (closing === undefined) return;
      const closed = new Promise((resolve) => closing.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    accept: async () => {
      if (server !== undefined) return;
      const opening = createServer(onRequest);
      opening.on('connection', (socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      });
      await new Promise<void>((resolve, reject) => {
        opening.once('error', reject).listen(port, '127.0.0.1', resolve);
      });
      server = opening;
    },
    [Symbol.asyncDispose]: () => proxy.refuse(),
  };
  await proxy.accept();
  return proxy;
}

function seenOf({ url = '' }: IncomingMessage, body: Buffer): Seen {
  const query = new URL(url, 'http://proxy').searchParams.get('query');
  const statement = query ?? body.subarray(0, 2_000).toString('utf8');
  const insertInto = /^\s*INSERT\s+INTO\s+([\w.]+)/i.exec(statement)?.[1];
  return { insertInto, statement, bodyBytes: body.length };
}

interface Exchange {
  readonly to: URL;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
  readonly answered: (code: number) => void;
}

async function carryOut(fate: Fate, exchange: Exchange): Promise<void> {
  const { body, response } = exchange;
  const whole: Piece[] = [{ bytes: body, afterMs: 0 }];
  switch (fate.kind) {
    case 'pass':
      await reply(response, await forward(exchange, whole));
      break;
    case 'lose-reply':
      await forward(exchange, whole);
      fate.landed?.();
      response.destroy();
      break;
    case 'cut': {
      const some = body.subarray(0, Math.floor(body.length * fate.share));
      await forward(exchange, [{ bytes: some, afterMs: 0 }], true).catch(() => undefined);
      fate.cut?.();
      response.destroy();
      break;
    }
    case 'late':
    case 'drip': {
      const half = fate.kind === 'late' ? 0 : Math.floor(body.length / 2);
      const first = { bytes: body.subarray(0, half), afterMs: 0 };
      const rest = { bytes: body.subarray(half), afterMs: fate.delayMs };
      if (fate.kind === 'late') await sleep(fate.delayMs);
      const pieces = fate.kind === 'late' ? whole : [first, rest];
      const answer = await forward(exchange, pieces).catch(() => undefined);
      fate.done?.({ status: answer?.status ?? 0, code: codeOf(answer) });
      if (answer === undefined) response.destroy();
      else await reply(response, answer);
      break;
    }
    case 'answer':
      if (fate.after === true) await forward(exchange, whole);
      if (fate.code !== undefined) response.setHeader('x-clickhouse-exception-code', fate.code);
      response.writeHead(fate.status);
      response.end(errorText(fate));
      break;
    case 'hang':
      break;
  }
}

function errorText({ code, status }: { status: number; code?: number }): string {
  const names: Record<number, string> = { 243: 'NOT_ENOUGH_SPACE', 252: 'TOO_MANY_PARTS' };
  if (code === undefined) return `${status} from a proxy\n`;
  return `Code: ${code}. DB::Exception: injected. (${names[code] ?? 'INJECTED'}) (version 26.7)\n`;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

interface Piece {
  readonly bytes: Buffer;
  readonly afterMs: number;
}

/** Sends the pieces on; `cut` resets the connection after the last instead of ending the request. */
async function forward(exchange: Exchange, pieces: Piece[], cut = false): Promise<Answer> {
  const { answered, request, to } = exchange;
  const out = httpRequest({
    host: to.hostname,
    port: to.port,
    method: request.method,
    path: request.url,
    headers: { ...endToEnd(request.headers), host: to.host, 'transfer-encoding': 'chunked' },
    agent: false,
  });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    out.once('response', resolve).once('error', reject);
  });
  response.catch(() => undefined);
  out.flushHeaders();
  for (const { afterMs, bytes } of pieces) {
    if (afterMs > 0) await sleep(afterMs);
    if (bytes.length > 0) await new Promise((resolve) => out.write(bytes, resolve));
  }
  if (cut) {
    await sleep(20);
    out.destroy();
  } else out.end();
  const { headers, statusCode: status = 0 } = await response;
  const answer = { status, headers, body: await buffer(await response) };
  answered(codeOf(answer));
  return answer;
}

/** The error code of ClickHouse, 0 for none. */
function codeOf(answer: Answer | undefined): number {
  return Number(answer?.headers['x-clickhouse-exception-code'] ?? 0);
}

async function reply(response: ServerResponse, { body, headers, status }: Answer): Promise<void> {
  if (response.destroyed) return;
  response.writeHead(status, { ...endToEnd(headers), 'content-length': body.length });
  await new Promise<void>((resolve) => response.end(body, () => resolve()));
}

const HOP_BY_HOP = ['connection', 'content-length', 'keep-alive', 'transfer-encoding'];

/** Headers that are not about one connection. */
function endToEnd(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}
