import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { Reach } from './reach.ts';
import { kafkaVariables } from './variables.ts';

const config = (broker: string) => readConfig(kafkaVariables, { KAFKA_BROKER: broker });

/** A program that takes connections, and hangs up on request. */
async function listener() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    broker: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connected: () => new Promise<void>((resolve) => server.once('connection', () => resolve())),
    hangUp: () => sockets.forEach((socket) => socket.destroy()),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

it('has missed the deadline when no program was reached by then', async () => {
  const deadline = new AbortController();
  const reach = new Reach(deadline.signal);
  await reach.attempt(config('127.0.0.1:1'));
  expect(reach.missed.aborted).toBe(false);
  deadline.abort(new Error('too late'));
  expect(reach.missed).toMatchObject({ aborted: true, reason: new Error('too late') });
});

it('has not missed it when somebody listens and has not answered yet', async () => {
  const deadline = new AbortController();
  const reach = new Reach(deadline.signal);
  await using slow = await listener();
  const connected = slow.connected();
  const attempt = reach.attempt(config(slow.broker));
  await connected;
  await expect.poll(() => reach.isMade).toBe(true);
  deadline.abort();
  expect(reach.missed.aborted).toBe(false);
  slow.hangUp();
  await expect(attempt).rejects.toThrow('not Kafka');
});

it('goes by the last attempt: a program that was reached before may be gone', async () => {
  const deadline = new AbortController();
  const reach = new Reach(deadline.signal);
  await using gone = await listener();
  const connected = gone.connected();
  const attempt = reach.attempt(config(gone.broker));
  await connected;
  gone.hangUp();
  await expect(attempt).rejects.toThrow('not Kafka');
  await reach.attempt(config('127.0.0.1:1'));
  deadline.abort();
  expect(reach.missed.aborted).toBe(true);
});
