// What becomes of a connection on which no request came in time, or none that is HTTP. It is always closed, and only
// one that nothing was asked on yet, but that sent something, gets an answer. Browsers open connections ahead of what
// they ask: a 408 on one of these is taken for the answer to what was just asked, and the page stays empty.
import type { Socket } from 'node:net';
import { errorCode } from '../platform/errors.ts';

type Connection = Pick<Socket, 'bytesRead' | 'writable' | 'write' | 'destroy'>;

const STATUS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

export class ClientErrors {
  /** An answer on these would stand within another one, or be taken for it. */
  readonly #asked = new WeakSet<object>();

  /** A request came on the connection. */
  asked(connection: object): void {
    this.#asked.add(connection);
  }

  end(error: Error, connection: Connection): void {
    const isNew = connection.bytesRead > 0 && !this.#asked.has(connection);
    if (isNew && connection.writable && errorCode(error) !== 'ECONNRESET') {
      const status = STATUS[errorCode(error) ?? ''] ?? '400 Bad Request';
      connection.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
    // Ending it would close our half alone, and whoever keeps the other would keep the place of a browser.
    connection.destroy();
  }
}
