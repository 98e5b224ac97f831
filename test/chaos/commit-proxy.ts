// Stands between Kafka's clients and a broker, passes everything on, and answers offset commits itself, with
// an error, as an absent coordinator or an ACL would. Or it drops them, and reports the moment, for a test
// that wants to strike then.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const OFFSET_COMMIT = 8;

export interface CommitProxy extends AsyncDisposable {
  /** What the broker has to advertise. */
  readonly address: string;
  /** Commits that were answered with an error. */
  readonly refused: number;
  /** The error code that commits are answered with; 0 passes them on. */
  error: number;
  /** Asked of every commit by its client id; true: it never arrives, nor does an answer. */
  swallows: (clientId: string) => boolean;
  /** The broker, `host:port`. */
  connectTo(broker: string): void;
}

export async function startCommitProxy(): Promise<CommitProxy> {
  const state = { refused: 0, error: 0, broker: '', swallows: (_: string) => false };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const [host = '', port = ''] = state.broker.split(':');
    const broker = connect(Number(port), host);
    for (const [one, other] of [[client, broker], [broker, client]] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    } // prettier-ignore
    broker.pipe(client);
    client.on('data', frames((frame) => {
      const isCommit = frame.readInt16BE(4) === OFFSET_COMMIT;
      if (isCommit && state.swallows(clientIdOf(frame))) return;
      if (state.error === 0 || !isCommit) {
        broker.write(frame);
        return;
      }
      state.refused += 1;
      client.write(refusal(frame, state.error));
    })); // prettier-ignore
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    get refused() {
      return state.refused;
    },
    get error() {
      return state.error;
    },
    set error(code) {
      state.error = code;
    },
    get swallows() {
      return state.swallows;
    },
    set swallows(asked) {
      state.swallows = asked;
    },
    connectTo: (broker) => {
      state.broker = broker;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function clientIdOf(frame: Buffer): string {
  const length = Math.max(0, frame.readInt16BE(12));
  return frame.toString('utf8', 14, 14 + length);
}

/** Cuts a stream into requests, each with its length before it. */
export function frames(each: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      each(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
}

/** The response to an OffsetCommit request of version 2 to 5 that refuses every partition in it. */
function refusal(frame: Buffer, error: number): Buffer {
  const version = frame.readInt16BE(6);
  if (version < 2 || version > 5) throw new Error(`OffsetCommit v${version} is not understood`);
  let at = 12;
  const skipText = (): void => {
    at += 2 + Math.max(0, frame.readInt16BE(at));
  };
  const taken = (bytes: number): Buffer => frame.subarray(at, (at += bytes));
  skipText(); // client id
  skipText(); // group
  at += 4; // generation
  skipText(); // member
  if (version < 5) at += 8; // retention
  const topics = frame.readInt32BE(at);
  const answer: Buffer[] = [frame.subarray(8, 12)];
  if (version >= 3) answer.push(Buffer.alloc(4)); // throttle
  answer.push(taken(4));
  for (let topic = 0; topic < topics; topic += 1) {
    answer.push(taken(2 + frame.readInt16BE(at)));
    const partitions = frame.readInt32BE(at);
    answer.push(taken(4));
    for (let partition = 0; partition < partitions; partition += 1) {
      const code = Buffer.alloc(2);
      code.writeInt16BE(error);
      answer.push(taken(4), code);
      at += 8; // offset
      skipText(); // metadata
    }
  }
  const length = Buffer.alloc(4);
  length.writeInt32BE(answer.reduce((sum, { length: bytes }) => sum + bytes, 0));
  return Buffer.concat([length, ...answer]);
}
