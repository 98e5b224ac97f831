// The page's HTTP server: access, the page and its files, the dashboards, and the stream of events. A browser
// names panels, ranges and values; it never sends SQL.
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { isAllowedHost } from '../platform/browser-request.ts';
import type { Logger } from '../platform/log.ts';
import { Gatekeeper, securityHeaders } from './access.ts';
import type { Asset, Assets } from './assets.ts';
import { ClientErrors } from './client-errors.ts';
import { entriesOf, type Dashboard } from './dashboards.ts';
import { EventStream } from './event-stream.ts';
import { followSelection, type Sources } from './follow.ts';
import { SelectionError, readSelection, type Selection } from './selection.ts';

export interface ServerOptions {
  readonly dashboards: ReadonlyMap<string, Dashboard>;
  readonly assets: Assets;
  readonly sources: Sources;
  readonly token: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly maxBrowsers: number;
  readonly log: Logger;
}

const MAX_BODY_BYTES = 4_096;
const MAX_URL_LENGTH = 8_192;
const REQUEST_MS = 10_000;
/** Connections beyond the streams, for the page's files. */
const OTHER_CONNECTIONS = 200;
/** A wrong token costs its sender time. */
const WRONG_TOKEN_MS = 500;

/** The server, not listening yet. Closing it ends every stream. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { assets, maxBrowsers } = options;
  const gate = new Gatekeeper(options.token);
  const headers = securityHeaders(assets.inlineHashes);
  const clientErrors = new ClientErrors();
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    connectionTimeout: 0,
    forceCloseConnections: true,
    clientErrorHandler: (error, socket) => clientErrors.end(error, socket),
    logger: false,
    routerOptions: { maxParamLength: 200 },
  });
  app.server.maxConnections = maxBrowsers + OTHER_CONNECTIONS;
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_, body, done) => {
      done(null, new URLSearchParams(String(body)));
    },
  );
  app.addHook('onRequest', async (request, reply) => {
    clientErrors.asked(request.raw.socket);
    reply.headers(headers);
    if (!isAllowedHost(request.headers.host, options.allowedHosts)) {
      const text =
        "This name is not one of the page's: open it by localhost or its IP address, or add the name to LIVE_ALLOWED_HOSTS.\n";
      return reply.code(421).type('text/plain').send(text);
    }
    if (request.url.length > MAX_URL_LENGTH)
      return reply.code(414).type('text/plain').send('The address is too long.\n');
    return admit(gate, assets, request, reply);
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _, reply) => {
    const code = error.statusCode ?? 500;
    if (code >= 500) options.log.error({ err: error }, `live page: ${error.message}`);
    return reply
      .code(code)
      .type('text/plain')
      .send(
        code >= 500
          ? 'The live page failed; its log says why.\n'
          : 'The request is not understood.\n',
      );
  });
  app.setNotFoundHandler((_, reply) => notFound(reply));
  app.get('/healthz', (_, reply) => reply.type('text/plain').send('ok\n'));
  app.post('/sign-in', async (request, reply) => {
    const token = request.body instanceof URLSearchParams ? (request.body.get('token') ?? '') : '';
    return signIn(gate, token, '/', reply);
  });
  servePage(app, options, gate);
  serveStream(app, options, headers);
  return app;
}

/** Sends everybody without the token to the door. */
async function admit(
  gate: Gatekeeper,
  { signIn: door }: Assets,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const path = request.url.split('?', 1)[0]!;
  const isFree =
    path === '/healthz' || path === '/sign-in' || path.startsWith('/app/browser/style/');
  if (isFree || gate.admits(request.headers)) return;
  const token = queryOf(request).get('token');
  if (request.method === 'GET' && token !== null && !path.startsWith('/api/')) {
    return signIn(gate, token, path, reply);
  }
  if (path.startsWith('/api/'))
    return reply.code(401).type('text/plain').send('The token is missing or wrong.\n');
  return reply.code(401).header('cache-control', 'no-store').type(door.type).send(door.body);
}

async function signIn(gate: Gatekeeper, token: string, next: string, reply: FastifyReply) {
  if (gate.open) return reply.redirect(next, 303);
  if (gate.accepts(token)) return reply.header('set-cookie', gate.cookie()).redirect(next, 303);
  await new Promise((resolve) => setTimeout(resolve, WRONG_TOKEN_MS));
  return reply.redirect('/?wrong', 303);
}

function servePage(
  app: FastifyInstance,
  { assets, dashboards }: ServerOptions,
  gate: Gatekeeper,
): void {
  const [home] = dashboards.keys();
  app.get('/', (request, reply) => {
    // Without what may be a token.
    const search = gate.open ? request.url.slice(1) : '';
    return reply.header('cache-control', 'no-store').redirect(`/d/${home}${search}`, 302);
  });
  for (const path of ['/d/:uid', '/d/:uid/:slug']) {
    app.get<{ Params: { uid: string } }>(path, (request, reply) => {
      const known = dashboards.has(request.params.uid);
      return send(request, reply.code(known ? 200 : 404), assets.page);
    });
  }
  app.get('/app/*', (request, reply) => {
    const asset = assets.files.get(request.url.split('?', 1)[0]!);
    return asset === undefined ? notFound(reply) : send(request, reply, asset);
  });
  app.get('/favicon.ico', (_, reply) => reply.redirect('/app/browser/icon.svg', 301));
  app.get('/api/dashboards', (_, reply) =>
    reply.header('cache-control', 'no-store').send(entriesOf(dashboards)),
  );
  app.get<{ Params: { uid: string } }>('/api/dashboards/:uid', (request, reply) => {
    const dashboard = dashboards.get(request.params.uid);
    if (dashboard === undefined) return notFound(reply);
    return reply.header('cache-control', 'no-store').send(dashboard.shown);
  });
}

function notFound(reply: FastifyReply) {
  return reply.code(404).type('text/plain').send('There is nothing here.\n');
}

function queryOf({ url }: FastifyRequest): URLSearchParams {
  return new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '');
}

function send(request: FastifyRequest, reply: FastifyReply, { body, etag, type }: Asset) {
  reply.header('cache-control', 'no-cache').header('etag', etag).type(type);
  return request.headers['if-none-match'] === etag ? reply.code(304).send() : reply.send(body);
}

function serveStream(
  app: FastifyInstance,
  { dashboards, log, maxBrowsers, sources }: ServerOptions,
  headers: Readonly<Record<string, string>>,
): void {
  const streams = new Set<EventStream>();
  app.addHook('preClose', (done) => {
    for (const stream of streams) stream.end();
    done();
  });
  const follow = async (reply: FastifyReply, selection: Selection | undefined) => {
    if (streams.size >= maxBrowsers) {
      const text = `${maxBrowsers} pages are open already (LIVE_MAX_BROWSERS). Close one, or wait.\n`;
      return reply.code(503).header('retry-after', '10').type('text/plain').send(text);
    }
    reply.hijack();
    const stream = new EventStream(reply.raw, headers);
    streams.add(stream);
    try {
      await followSelection(stream, selection, sources, stream.closed);
    } catch (thrown) {
      log.error({ err: thrown }, 'live page: a stream failed');
    } finally {
      streams.delete(stream);
      stream.end();
    }
  };
  app.get('/api/pipeline', (_, reply) => follow(reply, undefined));
  app.get<{ Params: { uid: string } }>('/api/stream/:uid', async (request, reply) => {
    const dashboard = dashboards.get(request.params.uid);
    if (dashboard === undefined) return notFound(reply);
    let selection;
    try {
      selection = readSelection(dashboard, queryOf(request));
    } catch (thrown) {
      if (!(thrown instanceof SelectionError)) throw thrown;
      return reply.code(400).type('text/plain').send(`${thrown.message}\n`);
    }
    return follow(reply, selection);
  });
}
