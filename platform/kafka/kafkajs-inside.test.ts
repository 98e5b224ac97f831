// What is reached of kafkajs's inside: these very files, of this very version, and what they ask for.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Message } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { messagesOf } from './kafkajs-inside.ts';
import { batchOfRecords } from './record-batch-writer.ts';

const require = createRequire(import.meta.url);
const root = dirname(require.resolve('kafkajs/package.json'));
const project = join(import.meta.dirname, '..', '..');

/** The files whose workings are relied on. After a change of kafkajs read each again before a new digest. */
const REACHED = [
  'src/producer/messageProducer.js',
  'src/producer/sendMessages.js',
  'src/producer/groupMessagesPerPartition.js',
  'src/producer/createTopicData.js',
  'src/producer/eosManager/index.js',
  'src/protocol/encoder.js',
  'src/protocol/requests/produce/index.js',
  'src/protocol/requests/produce/v3/request.js',
  'src/protocol/requests/produce/v7/request.js',
  'src/protocol/requests/produce/v6/response.js',
  'src/protocol/requests/produce/v3/response.js',
  'src/protocol/requests/fetch/index.js',
  'src/protocol/requests/fetch/v11/response.js',
];

interface Json {
  readonly version: string;
  readonly dependencies: Record<string, string>;
}
const json = (path: string): Json => JSON.parse(readFileSync(path, 'utf8')) as Json;

describe('kafkajs', () => {
  it('is pinned to the one version that was read, and is that version', () => {
    expect(json(join(project, 'package.json')).dependencies['kafkajs']).toBe('2.2.4');
    expect(json(join(root, 'package.json')).version).toBe('2.2.4');
  });

  it('is inside what it was when it was read', () => {
    const hash = createHash('sha256');
    for (const path of REACHED) hash.update(readFileSync(join(root, path)));
    expect(hash.digest('hex')).toBe(
      'e143fc7a3d309b3f06e534e562415ae4e9fce047e3d2dcc7fc716faee3b2cce6',
    );
  });
});

interface Place {
  readonly topic: string;
  readonly partitionMetadata: readonly { readonly partitionId: number }[];
}
type Produce = (request: object) => Promise<unknown>;
interface Made {
  readonly request: { readonly encode: () => Promise<{ readonly buffer: Buffer }> };
  readonly response: { readonly parse: (decoded: object) => Promise<unknown> };
}

const createSendMessages = require('kafkajs/src/producer/sendMessages') as (
  parts: object,
) => (request: object) => Promise<unknown>;
/** Asked again each time: our own is in its place from the first batch on. */
const requests = require('kafkajs/src/protocol/requests/produce') as {
  protocol: (wanted: { version: number }) => (parameters: object) => Made;
};

/** kafkajs's own producing of `messages`, with a cluster whose broker is `produce`. */
function sending(messages: Message[], produce: Produce, places: Place[]): Promise<unknown> {
  const quiet = { debug: () => undefined, error: () => undefined };
  const broker = { nodeId: 1, produce };
  const cluster = {
    refreshMetadataIfNecessary: () => Promise.resolve(),
    addMultipleTargetTopics: () => Promise.resolve(),
    findTopicPartitionMetadata: () => [0, 1, 2].map((partitionId) => ({ partitionId, leader: 1 })),
    findLeaderForPartitions: (_: string, partitions: string[]) => ({ 1: partitions.map(Number) }),
    findBroker: () => Promise.resolve(broker),
    isConnected: () => true,
    refreshMetadata: () => Promise.resolve(),
    targetTopics: new Set(),
  };
  const eosManager = {
    acquireBrokerLock: () => Promise.resolve(),
    releaseBrokerLock: () => Promise.resolve(),
    isTransactional: () => false,
    getSequence: () => 5,
    updateSequence: (_: string, __: number, by: number) => expect(by + 0).toBe(0),
    getProducerId: () => ({ toString: () => '77' }),
    getProducerEpoch: () => 3,
  };
  const partitioner = (place: Place): number => {
    places.push(place);
    return 0;
  };
  const retrier = (work: (bail: (error: Error) => void) => Promise<unknown>) =>
    new Promise((resolve, reject) => void work(reject).then(resolve, reject));
  const send = createSendMessages({ logger: quiet, cluster, partitioner, eosManager, retrier });
  return send({ acks: -1, timeout: 30_000, topicMessages: [{ topic: 't', messages }] });
}

const record = { key: null, value: Buffer.from('v'), headers: [], timestampMs: 1 };

describe('a batch of our own', () => {
  it('goes through the producer of kafkajs as it is, under its own sequence', async () => {
    const batch = batchOfRecords(2, [record, record]);
    batch.sequence = 41;
    const places: Place[] = [];
    const produce: Produce = async (request) => {
      const made = requests.protocol({ version: 7 })(request);
      const { buffer } = await made.request.encode();
      expect(buffer.indexOf(batch.bytes)).toBeGreaterThan(0);
      expect(buffer.readInt32BE(buffer.indexOf(batch.bytes) - 8)).toBe(2);
      expect(batch.doubts).toBe(1);
      const partitions = [{ partition: 2, errorCode: 0, baseOffset: '9' }];
      return made.response.parse({ topics: [{ topicName: 't', partitions }] });
    };
    await sending(messagesOf(batch), produce, places);
    expect(batch.offset).toBe(9);
    expect(batch.bytes.readBigInt64BE(43)).toBe(77n);
    expect([batch.bytes.readInt16BE(51), batch.bytes.readInt32BE(53)]).toEqual([3, 41]);
    expect(places.map(({ partitionMetadata }) => partitionMetadata.length)).toEqual([3]);
  });

  it.each([
    [10, 0],
    [45, 0],
    [6, 1],
    [7, 1],
    [20, 1],
  ])('that error %i answers may be stored by %i attempts', async (errorCode, doubts) => {
    const batch = batchOfRecords(0, [record]);
    const produce: Produce = async (request) => {
      const made = requests.protocol({ version: 7 })(request);
      await made.request.encode();
      const partitions = [{ partition: 0, errorCode, baseOffset: '-1' }];
      return made.response.parse({ topics: [{ topicName: 't', partitions }] });
    };
    await expect(sending(messagesOf(batch), produce, [])).rejects.toThrow();
    expect({ offset: batch.offset, doubts: batch.doubts }).toEqual({ offset: undefined, doubts });
  });

  it('that was given up is not written any more', async () => {
    const batch = batchOfRecords(0, [record]);
    batch.giveUp(new Error('given up'));
    const produce: Produce = (request) =>
      requests.protocol({ version: 7 })(request).request.encode();
    await expect(sending(messagesOf(batch), produce, [])).rejects.toThrow('given up');
    expect(batch.doubts).toBe(0);
  });

  it('leaves the messages of others to kafkajs', async () => {
    const topicData = [
      { topic: 't', partitions: [{ partition: 0, messages: [{ value: 'theirs' }] }] },
    ];
    const made = requests.protocol({ version: 7 })({
      acks: -1,
      timeout: 1,
      producerEpoch: 0,
      topicData,
    });
    expect((await made.request.encode()).buffer.includes('theirs')).toBe(true);
  });
});
