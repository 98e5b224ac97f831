// Notices that the reader of stdout or stderr has gone, as after `… | head -1`, so that no program dies of
// it. A program that ends by itself finishes its work in silence; a service stops in order.
import { errorCode } from './errors.ts';

const closed = Promise.withResolvers<'unread'>();
let watching = false;

/** Resolves once a pipe that this process writes to has lost its reader. */
export const unread: Promise<'unread'> = closed.promise;

/** For the `error` event of whatever writes to stdout or stderr; throws every error but that of a closed pipe. */
export function noteClosedPipe(error: Error): void {
  if (errorCode(error) !== 'EPIPE') throw error;
  closed.resolve('unread');
}

/** Keeps a closed stdout or stderr from ending this process with a stack trace. */
export function watchPipes(): void {
  if (watching) return;
  watching = true;
  for (const stream of [process.stdout, process.stderr]) stream.on('error', noteClosedPipe);
}
