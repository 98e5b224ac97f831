// Connections on which something went wrong are closed, whoever holds on to them, and only new ones get an answer.
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { until } from '../test/until.ts';
import { ClientErrors } from './client-errors.ts';

const opened: { close: () => unknown }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

/** What is written to a connection that is about to be destroyed; undefined when nothing is. */
function answered(code: string, bytesRead: number, { writable = true, asked = false } = {}) {
  const errors = new ClientErrors();
  let text: string | undefined;
  let destroyed = 0;
  const connection = {
    ...{ bytesRead, writable },
    write: (said: string) => {
      text = said;
    },
    destroy: () => {
      destroyed += 1;
    },
  };
  if (asked) errors.asked(connection);
  errors.end(Object.assign(new Error(code), { code }), connection as never);
  expect(destroyed).toBe(1);
  return text;
}

it('closes a connection that was opened ahead of a request without an answer', () => {
  expect(answered('ERR_HTTP_REQUEST_TIMEOUT', 0)).toBeUndefined();
});

it('gives the reason when it ends an incomplete or malformed request', () => {
  expect(answered('ERR_HTTP_REQUEST_TIMEOUT', 7)).toMatch(/^HTTP\/1\.1 408 .*\r\n\r\n$/s);
  expect(answered('HPE_HEADER_OVERFLOW', 70_000)).toMatch(/^HTTP\/1\.1 431 /);
  expect(answered('HPE_INVALID_METHOD', 7)).toMatch(/^HTTP\/1\.1 400 /);
});

it('writes nothing to who is gone, nor where something was asked before', () => {
  expect(answered('ECONNRESET', 7)).toBeUndefined();
  expect(answered('HPE_INVALID_METHOD', 7, { writable: false })).toBeUndefined();
  expect(answered('HPE_INVALID_METHOD', 7, { asked: true })).toBeUndefined();
});

/** A server that never ends an answer, and a client that closes no half of its connection by itself. */
async function connected(): Promise<{ server: Server; client: Socket; got: () => string }> {
  const errors = new ClientErrors();
  const server = createServer((request, response) => {
    errors.asked(request.socket);
    response.write('begun');
  });
  server.on('clientError', (error, socket) => errors.end(error, socket as never));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  client.on('data', (bytes: Buffer) => (text += bytes.toString()));
  client.on('error', () => undefined);
  opened.push(server, { close: () => client.destroy() });
  return { server, client, got: () => text };
}

const connections = (server: Server) =>
  new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

it('frees the place of a client that holds its half open', async () => {
  const { client, got, server } = await connected();
  client.write('junk\r\n\r\n');
  await until('the connection is closed', async () => (await connections(server)) === 0);
  await until('the answer has come', () => got().startsWith('HTTP/1.1 400 '));
});

it('puts no answer into one that has begun, and ends that', async () => {
  const { client, got, server } = await connected();
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until('the answer has begun', () => got().includes('begun'));
  client.write('junk\r\n\r\n');
  await until('the connection is closed', async () => (await connections(server)) === 0);
  expect(got()).not.toContain('400');
});
