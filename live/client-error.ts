// What becomes of a connection on which no request came in time, or none that is HTTP. Browsers open connections
// ahead of what they ask: one that was not used yet is closed without an answer, which they then ask again
// elsewhere. A 408 on it was taken for the answer to what had just been asked, and the page stayed empty.
import type { Socket } from 'node:net';
import { errorCode } from '../platform/errors.ts';

const STATUS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

export function answerClientError(
  error: Error,
  socket: Pick<Socket, 'bytesRead' | 'writable' | 'end' | 'destroy'>,
): void {
  if (socket.bytesRead === 0 || !socket.writable || errorCode(error) === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = STATUS[errorCode(error) ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
