// Answers the requests of one connection in their order. A client may send the next requests before it has
// its answer; Node delivers them at once and keeps their answers back. If they ran at the same time, the
// later ones would hold all turns of the engine until the first is answered, which waits for a turn.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** More requests that wait behind one another end their connection. */
const WAITING_MAX = 100;

/** The same, called when the answers before it on its connection are out. */
export function inOrder(answer: Answer): Answer {
  const waiting = new WeakMap<Socket, number>();
  return (request, response) => {
    // An answer has its socket only when it is the next one to go out.
    if (response.socket !== null) {
      answer(request, response);
      return;
    }
    const { socket } = request;
    const before = waiting.get(socket) ?? 0;
    if (before >= WAITING_MAX) {
      socket.destroy();
      return;
    }
    waiting.set(socket, before + 1);
    response.once('socket', () => {
      waiting.set(socket, waiting.get(socket)! - 1);
      // What the answer before it set.
      socket.setTimeout(0);
      answer(request, response);
    });
  };
}
