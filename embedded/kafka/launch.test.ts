import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { whenReady } from './launch.ts';
import type { TiedProcess } from './tied-process.ts';

/** Metadata v2 for correlation id 1, as a frame. */
function metadata(clusterId: string, brokerIds: number[]): Buffer {
  const parts = [Buffer.from([0, 0, 0, 1, 0, 0, 0, brokerIds.length])];
  for (const id of brokerIds)
    parts.push(Buffer.from([0, 0, 0, id, 0, 1, 0x68, 0, 0, 0, 1, 255, 255]));
  parts.push(Buffer.from([0, clusterId.length]), Buffer.from(clusterId), Buffer.alloc(8));
  const body = Buffer.concat(parts);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

/** A server that gives the answers in turn, then the last one again and again. */
async function answering(...answers: Buffer[]) {
  let asked = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(answers[Math.min(asked, answers.length - 1)]!);
      asked += 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { address: { host: '127.0.0.1', port, controllerPort: 1 }, asked: () => asked };
}

const NOTHING = () => undefined;
const running = (ended: Promise<number>): TiedProcess => {
  return { pid: 1, ended, kill: NOTHING, stop: () => Promise.resolve() };
};
const forever = running(new Promise<number>(NOTHING));

describe('whenReady', () => {
  it('waits until the broker may lead, not just until it answers', async () => {
    const { address, asked } = await answering(metadata('own', []), metadata('own', [1]));
    expect(await whenReady(forever, address, 'own')).toBe('ready');
    expect(asked()).toBe(2);
  });

  it('does not take the broker of another cluster for its own', async () => {
    const { address } = await answering(metadata('other', [1]));
    expect(await whenReady(forever, address, 'own')).toBe('foreign');
  });

  it('does not wait for a JVM that has ended, whoever answers', async () => {
    const { address } = await answering(metadata('own', [1]));
    expect(await whenReady(running(Promise.resolve(1)), address, 'own')).toBe('ended');
  });
});
