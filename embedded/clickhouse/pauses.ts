// Gives up an upload whose client stops sending: it would hold a place among the requests for ever. Only
// waiting for the client counts, not the time that we take over what it has sent.
import type { IncomingMessage } from 'node:http';

/** The chunks of a request; it is destroyed, which ends them with an error, after a pause of `pauseMs`. */
export async function* withoutPauses(
  request: IncomingMessage,
  pauseMs: number,
): AsyncGenerator<Buffer> {
  const chunks = request[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    let waiting = true;
    const giveUp = (): void => {
      if (waiting) request.destroy();
    };
    // What arrived while this thread was busy is read before the immediate.
    const timer = setTimeout(() => setImmediate(giveUp), pauseMs);
    const next = await chunks.next().finally(() => {
      waiting = false;
      clearTimeout(timer);
    });
    if (next.done === true) return;
    yield next.value;
  }
}
