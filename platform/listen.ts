// Begins to listen on an address that variables name, so that a port in use or an address of another machine is
// one line that says which variable to change.
import type { Server } from 'node:net';
import { ConfigError, errorCode } from './errors.ts';

export interface Place {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly hostVariable: string;
  readonly portVariable: string;
}

/**
 * Listens; resolves to the port.
 * @throws {ConfigError} when that is not possible there.
 */
export async function listen(server: Server, place: Place): Promise<number> {
  await listening(place, () => {
    const { promise, reject, resolve } = Promise.withResolvers<undefined>();
    server.once('error', reject);
    server.listen(place.port, place.host, () => {
      server.off('error', reject);
      resolve(undefined);
    });
    return promise;
  });
  return portOf(server, place);
}

/** Runs `open`, which makes a server of another kind listen. @throws as {@link listen}. */
export async function listening<T>(place: Place, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    throw refused(place, cause);
  }
}

/** The port of a server that listens. */
export function portOf(server: Server, { port }: Pick<Place, 'port'>): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** What listening says of a host that is not here, or not at all. */
const NOT_HERE = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL']);

function refused({ host, hostVariable, port, portVariable }: Place, cause: unknown): unknown {
  const code = errorCode(cause);
  if (code === 'EADDRINUSE') {
    const text = `${portVariable}: ${port} is in use; stop what listens there, or ${portVariable}=0 takes a free one`;
    return new ConfigError(text, { cause });
  }
  if (code === 'EACCES') {
    const text = `${portVariable}: no right to listen on ${port}; choose a port from 1024 on`;
    return new ConfigError(text, { cause });
  }
  if (code === undefined || !NOT_HERE.has(code)) return cause;
  const text = `${hostVariable}: ${JSON.stringify(host)} is not an address of this machine (${code})`;
  return new ConfigError(text, { cause });
}
