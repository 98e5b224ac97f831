import fc from 'fast-check';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { silentLog } from '../log.ts';
import { brokersText, forKafkaJs, parseBrokers, realHost } from './brokers.ts';
import { createKafka } from './client.ts';
import { kafkaVariables } from './variables.ts';

const read = (KAFKA_BROKER: string) => readConfig(kafkaVariables, { KAFKA_BROKER }).KAFKA_BROKER;

describe('KAFKA_BROKER', () => {
  it.each([
    ['localhost', 'localhost:9092'],
    ['a:9093, b:9094 ,c', 'a:9093,b:9094,c:9092'],
    ['[::1]:9093', '[::1]:9093'],
    ['[fe80::1]', '[fe80::1]:9092'],
    ['::1', '[::1]:9092'],
    ['10.0.0.1,kafka-1.example.com:19092', '10.0.0.1:9092,kafka-1.example.com:19092'],
  ])('%s means %s', (written, meant) => expect(read(written)).toBe(meant));

  it.each(['a,', ',', 'a:', 'a:0', 'a:65536', 'a b', 'http://a:9092', 'a:b', '[a]:9092', '[::1', 'a:1:2', 'u@a:1'])(
    '%s is refused with what is allowed',
    (written) => expect(() => read(written)).toThrow(/^KAFKA_BROKER: .* is not host:port/),
  ); // prettier-ignore

  it('reads what it wrote, and kafkajs gets names without a colon', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
    const broker = fc.record({ host, port: fc.integer({ min: 1, max: 65_535 }) });
    fc.assert(
      fc.property(fc.array(broker, { minLength: 1, maxLength: 4 }), (brokers) => {
        const text = brokersText(brokers);
        expect(parseBrokers(text)).toEqual(brokers);
        const names = forKafkaJs(text).map((entry) => entry.split(':'));
        expect(
          names.map(([name = '', port]) => ({ host: realHost(name), port: Number(port) })),
        ).toEqual(brokers);
      }),
    );
  });

  it.each(['[::1]', '127.0.0.1'])('lets kafkajs itself reach %s, without TLS', async (address) => {
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.once('data', resolve).on('error', () => undefined);
    });
    await new Promise<void>((listening) =>
      server.listen(0, address.replace(/[[\]]/g, ''), listening),
    );
    const { port } = server.address() as AddressInfo;
    const config = readConfig(kafkaVariables, { KAFKA_BROKER: `${address}:${port}` });
    const admin = createKafka(config, silentLog(), 'test', 0).admin();
    const connecting = admin.connect().catch(() => undefined);
    const request = await promise;
    // A Kafka request: its size, then ApiVersions (18), and no TLS hello.
    expect([request.readInt32BE(0), request.readInt16BE(4)]).toEqual([request.length - 4, 18]);
    for (const socket of sockets) socket.destroy();
    await connecting;
    await admin.disconnect();
    server.close();
  });
});
