// Asks a broker for its identity with one raw Metadata request: enough to know that it serves requests and
// which cluster it belongs to, without a client library's retries, timers and log lines.
import { connect } from 'node:net';

export interface BrokerAnswer {
  clusterId: string | null;
  /** Ids of the brokers that may lead partitions; empty while the broker is still fenced. */
  brokerIds: number[];
}

const METADATA = 3;
/** The first version with a cluster id; Kafka 4 still serves it. */
const VERSION = 2;
/** A cluster of one node answers in far less; more means it is no Kafka. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** What the server on `port` says of its cluster; undefined when it is no Kafka or not up yet. */
export function askBroker(
  host: string,
  port: number,
  timeoutMs = 2_000,
): Promise<BrokerAnswer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => settle(undefined), timeoutMs);
    let received = Buffer.alloc(0);
    function settle(answer: BrokerAnswer | undefined): void {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    }
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.once('error', () => settle(undefined));
    socket.once('close', () => settle(undefined));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const frame = completeFrame(received);
      if (frame !== 'incomplete') settle(frame && decodeMetadata(frame));
    });
  });
}

/** Metadata v2 for no topics at all, from client `sensorhouse`, correlation id 1. */
function metadataRequest(): Buffer {
  const client = Buffer.from('sensorhouse');
  const request = Buffer.alloc(4 + 10 + client.length + 4);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(METADATA, 4);
  request.writeInt16BE(VERSION, 6);
  request.writeInt32BE(1, 8);
  request.writeInt16BE(client.length, 12);
  client.copy(request, 14);
  return request;
}

function completeFrame(received: Buffer): Buffer | undefined | 'incomplete' {
  if (received.length < 4) return 'incomplete';
  const size = received.readInt32BE(0);
  if (size < 4 || size > MAX_ANSWER_BYTES) return undefined;
  return received.length < 4 + size ? 'incomplete' : received.subarray(4, 4 + size);
}

/** correlation id · brokers [id, host, port, rack] · cluster id · … ; undefined if it is not that. */
export function decodeMetadata(frame: Buffer): BrokerAnswer | undefined {
  let at = 4;
  const text = (): string | null => {
    const length = frame.readInt16BE(at);
    at += 2;
    if (length < 0) return null;
    if (at + length > frame.length) throw new RangeError('text runs past the answer');
    at += length;
    return frame.toString('utf8', at - length, at);
  };
  try {
    const count = frame.readInt32BE(at);
    at += 4;
    const brokerIds: number[] = [];
    for (let index = 0; index < count; index += 1) {
      brokerIds.push(frame.readInt32BE(at));
      at += 4;
      text(); // host
      at += 4; // port
      text(); // rack
    }
    return { clusterId: text(), brokerIds };
  } catch {
    return undefined;
  }
}
