import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../errors.ts';
import { assertClickHouse } from './speaks-clickhouse.ts';

async function listening(server: Server) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const web = (answer: RequestListener) => listening(createServer(answer));

describe('assertClickHouse', () => {
  it('knows ClickHouse by its ping, or behind a proxy by its headers', async () => {
    await using plain = await web((_, response) => response.end('Ok.\n'));
    await assertClickHouse(plain);
    await using proxied = await web((_, response) => {
      response.writeHead(403, { 'x-clickhouse-exception-code': '516' }).end('no');
    });
    await assertClickHouse(proxied);
  });

  it('names what another program answers', async () => {
    await using other = await web((_, response) => response.writeHead(404).end('<html>\nhello'));
    const asked = assertClickHouse(other);
    await expect(asked).rejects.toThrow(UnavailableError);
    await expect(asked).rejects.toThrow(`${other.url}: another program listens there`);
    await expect(asked).rejects.toThrow('(404 <html>); stop it, or set CLICKHOUSE_URL');
  });

  it('waits no longer than it was told for one that is silent, and for none that refuses', async () => {
    await using silent = await web(() => undefined);
    await expect(assertClickHouse(silent, 100)).rejects.toThrow('does not answer as ClickHouse');
    await using mail = await listening(createTcpServer((socket) => socket.end('220 hello\r\n')));
    await expect(assertClickHouse(mail)).rejects.toThrow('does not speak HTTP as ClickHouse does');
    const closed = await web(() => undefined);
    await closed[Symbol.asyncDispose]();
    await assertClickHouse(closed);
    await assertClickHouse({ url: 'http://127.0.0.1:1/' });
  });
});
