// What a member of a group does when kafkajs gives up: a broker of a few lines answers until the group is asked for.
import { createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { silentLog } from '../log.ts';
import { GroupConsumer, heartbeatMsFor } from './group-consumer.ts';
import { groupVariables, kafkaVariables } from './variables.ts';

const [METADATA, FIND_COORDINATOR, JOIN_GROUP, API_VERSIONS] = [3, 10, 11, 18];
const NOT_COORDINATOR = 16;
const TOPIC = 'readings';

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const text = (value: string): Buffer => Buffer.concat([int16(value.length), Buffer.from(value)]);
const one = (...parts: Buffer[]): Buffer => Buffer.concat([int32(1), ...parts]);

/** A broker that speaks the first version of a few requests. `coordinator` is asked for each error code. */
async function fakeBroker(coordinator: () => number) {
  const joined = Promise.withResolvers<undefined>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const request = received.subarray(4, 4 + received.readInt32BE(0));
        received = received.subarray(4 + request.length);
        const body = answer(request.readInt16BE(0), request.readInt16BE(2));
        if (body === undefined) continue;
        socket.write(Buffer.concat([int32(body.length + 4), request.subarray(4, 8), body]));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const self = Buffer.concat([int32(1), text('127.0.0.1'), int32(port)]);
  const answer = (key: number, version: number): Buffer | undefined => {
    switch (key) {
      case API_VERSIONS: {
        const keys = [METADATA, FIND_COORDINATOR, JOIN_GROUP, API_VERSIONS];
        const ranges = keys.flatMap((each) => [int16(each), int16(0), int16(0)]);
        const throttle = version > 0 ? [int32(0)] : [];
        return Buffer.concat([int16(0), int32(keys.length), ...ranges, ...throttle]);
      }
      case METADATA: {
        const partition = [int16(0), int32(0), int32(1), one(int32(1)), one(int32(1))];
        return Buffer.concat([one(self), one(int16(0), text(TOPIC), one(...partition))]);
      }
      case FIND_COORDINATOR:
        return Buffer.concat([int16(coordinator()), self]);
      default:
        if (key === JOIN_GROUP) joined.resolve(undefined);
        return undefined;
    }
  };
  return {
    broker: `127.0.0.1:${port}`,
    joined: joined.promise,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it('joins again after a failure that kafkajs takes for final: the coordinator just moved', async () => {
  let asked = 0;
  await using fake = await fakeBroker(() => ((asked += 1) <= 2 ? NOT_COORDINATOR : 0));
  const env = { KAFKA_BROKER: fake.broker };
  const config = readConfig({ ...kafkaVariables, ...groupVariables }, env);
  const inflate = { batchBytes: 1_048_576, recordBytes: 1_048_576 };
  const options = { groupId: 'g', topics: [TOPIC], maxBytesPerPartition: 1_048_576, inflate };
  await using group = new GroupConsumer(config, options, silentLog());
  const failed = Promise.withResolvers<Error>();
  group.start({
    assigned: () => undefined,
    confirmed: () => undefined,
    batch: () => Promise.resolve(false),
    failed: (error) => failed.resolve(error),
  });
  expect(await Promise.race([fake.joined, failed.promise])).toBeUndefined();
  expect(asked).toBeGreaterThan(2);
});

it('says three times in a session that it lives, and every three seconds at least', () => {
  const intervals = [1_000, 6_000, 9_000, 9_003, 30_000].map(heartbeatMsFor);
  expect(intervals).toEqual([333, 2_000, 3_000, 3_000, 3_000]);
});
