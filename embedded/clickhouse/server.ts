// The embedded ClickHouse server: the real engine in this process behind ClickHouse's HTTP interface.
// One per process, one process per data folder.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { listen } from '../../platform/listen.ts';
import { hostOf, isCrossOrigin } from '../../platform/browser-request.ts';
import { isLoopback, requireOwnPasswords } from '../../platform/demo-passwords.ts';
import type { Logger } from '../../platform/log.ts';
import { openEngine, type Engine } from './engine.ts';
import { handleQuery, type HandlerContext } from './handler.ts';
import { detachOutside, functionsOutside } from './earlier-objects.ts';
import { SyntaxTrees } from './syntax-trees.ts';
import { engineFunctions, outsideRules, type OutsideRules } from './outside.ts';
import { functionRules } from './readonly.ts';
import { inOrder } from './in-order.ts';
import { createRegistry } from './registry.ts';
import { commonHeaders } from './response.ts';
import { openSpool } from './spool.ts';
import type { ClickHouseUser } from './users.ts';

export type { ClickHouseUser } from './users.ts';

export interface ClickHouseServerConfig {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Absolute, or relative to the working directory; created if missing. */
  dataPath: string;
  users: readonly ClickHouseUser[];
  /** Of one request, compressed and decompressed. Default 1 GiB. */
  maxBodyBytes?: number;
  /** More requests at a time are refused. Default 100. */
  maxRequests?: number;
  /**
   * Queries the engine works on at a time; others queue. Default 8. Each holds a thread of Node's pool, which
   * the server widens only if nothing in the process has used it yet: otherwise choose 2.
   */
  maxRunning?: number;
  /** A client that neither sends the rest of its request nor takes its answer for so long is given up. Default 60 s. */
  maxPauseMs?: number;
  /** Names and addresses besides its own by which clients reach the server. */
  allowedHosts?: readonly string[];
  /** Table engines that are allowed though they reach outside; for a benchmark. */
  moreTableEngines?: readonly string[];
  log: Logger;
}

export interface ClickHouseServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
}

const DEFAULT_MAX_BODY_BYTES = 1024 * 1024 * 1024;
const DEFAULT_MAX_REQUESTS = 100;
/** The engine uses all cores for one query already; more at a time only keep short ones short. */
const DEFAULT_MAX_RUNNING = 8;
const DEFAULT_MAX_PAUSE_MS = 60_000;
const IDLE_CONNECTION_MS = 60_000;
/** Far more than the requests that are let in: a connection may rest between two. */
const MAX_CONNECTIONS = 1_024;

/**
 * Starts the server. Disposing it refuses new requests, lets the running ones end and closes the data.
 * @throws {ConfigError} when the port or the data folder is taken, the engine is missing, or other
 * machines could log in with a demo password.
 */
export async function startClickHouse(config: ClickHouseServerConfig): Promise<ClickHouseServer> {
  const passwords = config.users.map(({ name, password }) => [`password of ${name}`, password]);
  requireOwnPasswords(
    { variable: 'host', host: config.host },
    Object.fromEntries(passwords) as Record<string, string>,
  );
  const dataPath = resolve(config.dataPath);
  const http = createServer({ keepAliveTimeout: IDLE_CONNECTION_MS, requestTimeout: 0 });
  http.maxConnections = MAX_CONNECTIONS;
  // Before the engine opens: a taken port is the likelier mistake, and cheaper to find.
  // Who asks before it is open waits for it: a request without a listener is never answered.
  const opened = Promise.withResolvers<HandlerContext>();
  opened.promise.catch(() => undefined);
  const answer = inOrder((request, response) => {
    if (!isMeantForUs(request, config)) {
      plain(response, 403, NOT_FOR_US, { Connection: 'close' });
      return;
    }
    opened.promise.then(
      (context) => route(context, request, response),
      () => response.destroy(),
    );
  });
  http.on('request', answer);
  const { host, port: wanted } = config;
  await listen(http, { host, port: wanted, hostVariable: 'BIND_ADDRESS', portVariable: 'CLICKHOUSE_PORT' }); // prettier-ignore
  try {
    const engine = await openEngine(dataPath);
    const maxRequests = config.maxRequests ?? DEFAULT_MAX_REQUESTS;
    const limits = { maxRequests, maxRunning: config.maxRunning ?? DEFAULT_MAX_RUNNING };
    const brought = engineFunctions(engine);
    const rules = (own: readonly string[]): OutsideRules =>
      outsideRules(brought, own, config.moreTableEngines);
    const outside = rules(functionsOutside(engine, rules, config.log));
    const sweep = (): void => detachOutside(engine, outside, config.log);
    sweep();
    const context: HandlerContext = {
      ...{ engine, outside, sweep, trees: new SyntaxTrees() },
      registry: createRegistry(limits, (tag) => engine.cancel(tag)),
      spool: await openSpool(join(dataPath, 'http_bodies')),
      users: config.users,
      functions: functionRules(brought),
      maxBodyBytes: config.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
      maxPauseMs: config.maxPauseMs ?? DEFAULT_MAX_PAUSE_MS,
      log: config.log,
    };
    opened.resolve(context);
    const { port } = http.address() as AddressInfo;
    const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
    let closing: Promise<void> | undefined;
    const dispose = (): Promise<void> => (closing ??= close(http, context, engine));
    return { port, url, [Symbol.asyncDispose]: dispose };
  } catch (thrown) {
    opened.reject(thrown);
    http.close();
    throw thrown;
  }
}

const NOT_FOR_US =
  'Refused: a web page elsewhere sent this request, or it names another host. Use localhost or the address of this server, or add the name to CLICKHOUSE_ALLOWED_HOSTS.\n';

/** A browser must not send for pages elsewhere; a name that is not ours can be a page's (DNS rebinding). */
function isMeantForUs(
  { headers, socket }: IncomingMessage,
  { allowedHosts = [], host }: ClickHouseServerConfig,
): boolean {
  if (isCrossOrigin(headers)) return false;
  const named = hostOf(headers.host) ?? '';
  if (isLoopback(named) || named === host.toLowerCase() || allowedHosts.includes(named))
    return true;
  if (named === socket.localAddress?.replace(/^::ffff:/, '')) return true;
  return !isLoopback(host) && (isIP(named) !== 0 || named === hostname().toLowerCase());
}

async function route(
  context: HandlerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '/' } = request;
  const cut = url.indexOf('?');
  const path = cut === -1 ? url : url.slice(0, cut);
  const search = cut === -1 ? '' : url.slice(cut + 1);
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  const reads = method === 'GET' || method === 'HEAD';
  if (reads && (path === '/ping' || path === '/replicas_status')) plain(response, 200, 'Ok.\n');
  else if (reads && path === '/' && search === '') plain(response, 200, 'Ok.\n');
  else if (path !== '/') plain(response, 404, notFound(path));
  else if (reads || method === 'POST') await handleQuery(context, request, response, search);
  else
    plain(response, 405, 'Only GET, HEAD and POST are understood.\n', { Allow: 'GET, HEAD, POST' });
}

function notFound(path: string): string {
  const shown = path.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
  return `There is no handle ${shown}\n\nUse / or /ping for health checks.\nOr /replicas_status for more sophisticated health checks.\n\nSend queries from your program with POST method or GET /?query=...\n`;
}

function plain(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  commonHeaders(response, undefined);
  response.writeHead(status, { 'Content-Type': 'text/html; charset=UTF-8', ...headers });
  response.end(text);
}

async function close(http: Server, { registry }: HandlerContext, engine: Engine): Promise<void> {
  const closed = new Promise<void>((done) => http.close(() => done()));
  http.closeIdleConnections();
  await registry.idle();
  http.closeAllConnections();
  await closed;
  await engine.close();
}
