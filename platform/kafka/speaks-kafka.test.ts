import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { UnavailableError } from '../errors.ts';
import { assertKafka, KafkaCheck } from './speaks-kafka.ts';
import { kafkaVariables } from './variables.ts';

/** A program that does this with every connection. */
async function program(onConnection: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    broker: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const config = (broker: string) => readConfig(kafkaVariables, { KAFKA_BROKER: broker });
/** A broker's answer: it repeats the correlation id. */
const asKafka = (socket: Socket): void => {
  socket.once('data', (request: Buffer) => {
    const answer = Buffer.alloc(14);
    answer.writeInt32BE(10, 0);
    request.copy(answer, 4, 8, 12);
    socket.write(answer);
  });
};
const foreigners: Record<string, (socket: Socket) => void> = {
  silent: () => undefined,
  'a web server': (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  'one that says hello': (socket) => socket.write('220 mail ready\r\n'),
  'one that hangs up': (socket) => socket.end(),
}; // prettier-ignore

describe('assertKafka', () => {
  for (const [what, act] of Object.entries(foreigners)) {
    it(`names the address of a program that is ${what}`, async () => {
      await using foreign = await program(act);
      const asked = assertKafka(config(foreign.broker), { withinMs: 200 });
      await expect(asked).rejects.toThrow(UnavailableError);
      await expect(asked).rejects.toThrow(`${foreign.broker}: `);
      await expect(asked).rejects.toThrow('set KAFKA_BROKER');
    });
  }

  it('is content with one broker of several, and leaves a refused port to the client', async () => {
    await using kafka = await program(asKafka);
    await using foreign = await program(foreigners['a web server']!);
    await assertKafka(config(`${foreign.broker},${kafka.broker}`), { withinMs: 2_000 });
    await assertKafka(config('127.0.0.1:1'), { withinMs: 200 });
  });

  it('asks again after a failure only', async () => {
    let connections = 0;
    await using changing = await program((socket) => {
      connections += 1;
      if (connections === 1) socket.end();
      else asKafka(socket);
    });
    const check = new KafkaCheck(config(changing.broker));
    await expect(check.passed()).rejects.toThrow(UnavailableError);
    await check.passed();
    await check.passed();
    expect(connections).toBe(2);
  });
});
