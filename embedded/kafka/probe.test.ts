import { createServer, type AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askBroker, decodeMetadata } from './probe.ts';

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function int(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeInt32BE(value, 4 * index));
  return bytes;
}

const NULL = Buffer.from([0xff, 0xff]);

function answer(clusterId: string, brokerIds: number[]): Buffer {
  const brokers = brokerIds.map((id) =>
    Buffer.concat([int(id), text('127.0.0.1'), int(9092), NULL]),
  );
  return Buffer.concat([int(1, brokers.length), ...brokers, text(clusterId), int(1, 0)]);
}

/** A server that answers the first bytes it gets with `bytes`, one at a time. */
async function serving(bytes: Buffer): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      for (const byte of bytes) socket.write(Buffer.from([byte]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('askBroker', () => {
  it('reads cluster and brokers, however the answer is cut', async () => {
    const frame = answer('SHxk55olD9J7z4y95HRDGg', [1, 7]);
    const port = await serving(Buffer.concat([int(frame.length), frame]));
    expect(await askBroker('127.0.0.1', port)).toEqual({
      clusterId: 'SHxk55olD9J7z4y95HRDGg',
      brokerIds: [1, 7],
    });
  });

  it('knows nothing of a server that speaks something else', async () => {
    const port = await serving(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await askBroker('127.0.0.1', port)).toBeUndefined();
  });

  it('gives up on a server that says nothing', async () => {
    expect(await askBroker('127.0.0.1', await serving(Buffer.alloc(0)), 50)).toBeUndefined();
  });
});

describe('decodeMetadata', () => {
  it('never throws on what is no answer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        decodeMetadata(Buffer.from(bytes));
      }),
    );
  });

  it('rejects every answer that was cut off', () => {
    const whole = answer('cluster', [1]).subarray(0, -8);
    for (let end = 0; end < whole.length; end += 1) {
      expect(decodeMetadata(whole.subarray(0, end))).toBeUndefined();
    }
    expect(decodeMetadata(whole)?.clusterId).toBe('cluster');
  });
});
