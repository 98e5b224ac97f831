// The small HTTP side of a program: health, readiness, metrics. Loopback by default.
import { createServer } from 'node:http';
import { integer, text, type Config } from './config.ts';
import { listen } from './listen.ts';
import type { Registry } from './metrics.ts';

export const httpVariables = {
  METRICS_HOST: text({ default: '127.0.0.1', doc: 'Address that serves metrics and health.' }),
  METRICS_PORT: integer(
    { default: 9464, doc: 'Port of /metrics, /healthz and /readyz; 0 takes a free one.' },
    0,
    65_535,
  ),
} as const;

export interface Health {
  /** The program works at all; false gets it restarted. */
  alive: () => boolean;
  /** It can do its job right now. */
  ready: () => boolean;
  /** Why it is not ready, one line each, where that is known: the answer's further lines. */
  whyNot?: () => readonly string[];
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number;
}

/** Nothing here takes long or is asked often; a client that needs more is up to no good. */
const LIMITS = { requestTimeout: 5_000, headersTimeout: 5_000, maxHeaderSize: 8_192 } as const;
const MAX_CONNECTIONS = 64;

/**
 * Serves `/metrics`, `/healthz` and `/readyz` to GET and HEAD. `portVariable` is what errors name.
 * @throws {ConfigError} when it cannot listen there.
 */
export async function serveHealth(
  config: Config<typeof httpVariables>,
  registry: Registry,
  { alive, ready, whyNot = () => [] }: Health,
  portVariable = 'METRICS_PORT',
): Promise<HttpServer> {
  const server = createServer(LIMITS, (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD', connection: 'close' }).end();
      return;
    }
    const answer = (ok: boolean, reasons: readonly string[] = []): void => {
      response.writeHead(ok ? 200 : 503, { 'content-type': 'text/plain' });
      response.end(ok ? 'ok\n' : ['not ready', ...reasons, ''].join('\n'));
    };
    switch (request.url ?? '') {
      case '/healthz':
        answer(alive());
        break;
      case '/readyz':
        answer(ready(), whyNot());
        break;
      case '/metrics':
        registry.metrics().then(
          (text) => response.setHeader('content-type', registry.contentType).end(text),
          () => answer(false),
        );
        break;
      default:
        response.writeHead(404).end();
    }
  });
  server.maxConnections = MAX_CONNECTIONS;
  const { METRICS_HOST: host, METRICS_PORT } = config;
  const place = { host, port: METRICS_PORT, hostVariable: 'METRICS_HOST', portVariable };
  const port = await listen(server, place);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
