// The one place that reaches into kafkajs (exactly 2.2.4, its last release): fetched record batches are handed
// over undecoded, and record batches of our own are sent as they are. Its own decoding and encoding make objects,
// buffers and strings of every record, more work than everything else that is done with one. Groups, leaders,
// retries, metadata, TLS and SASL stay kafkajs's. A test fails when what is reached of it changes.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import type { Message } from 'kafkajs';
import { ConfigError } from '../errors.ts';
import { EncodedBatch } from './encoded-batch.ts';
import {
  FIRST_VERSION,
  LAST_VERSION,
  readFetchResponse,
  type AskedOffset,
} from './fetch-response.ts';

const require = createRequire(import.meta.url);

interface Protocol<Decoded> {
  readonly request: { readonly encode: () => Promise<unknown> };
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<Decoded>;
    readonly parse: (decoded: Decoded) => Promise<unknown>;
  };
  readonly requestTimeout?: number;
}

interface Requests<Parameters, Decoded> {
  protocol: (wanted: { version: number }) => (parameters: Parameters) => Protocol<Decoded>;
}

/** What kafkajs asks for. */
interface FetchParameters {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly fetchOffset: string | number;
    }[];
  }[];
}

const raw = new AsyncLocalStorage<true>();
let isFetchReplaced = false;

/** Runs `fetching`; kafkajs leaves record batches undecoded in whatever it starts. */
export function rawFetching<T>(fetching: () => T): T {
  replaceFetch();
  return raw.run(true, fetching);
}

function replaceFetch(): void {
  if (isFetchReplaced) return;
  isFetchReplaced = true;
  const requests = require('kafkajs/src/protocol/requests/fetch') as Requests<
    FetchParameters,
    unknown
  >;
  const { protocol } = requests;
  requests.protocol = ({ version }) => {
    const make = protocol({ version });
    return (parameters) => {
      const made = make(parameters);
      const known = version >= FIRST_VERSION && version <= LAST_VERSION;
      if (raw.getStore() === undefined || !known) return made;
      const decode = (bytes: Buffer): Promise<unknown> =>
        Promise.resolve(readFetchResponse(bytes, version, askedIn(parameters)));
      return { ...made, response: { ...made.response, decode } };
    };
  };
}

function askedIn({ topics }: FetchParameters): AskedOffset {
  return (name, wanted) => {
    const partitions = topics.find(({ topic }) => topic === name)?.partitions;
    return Number(partitions?.find(({ partition }) => partition === wanted)?.fetchOffset ?? 0);
  };
}

/** Versions of Produce whose requests differ in nothing that is written here: magic 2, and no topic ids yet. */
const PRODUCE_VERSIONS = { first: 3, last: 7 };

interface ProduceParameters {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  readonly producerId: { toString(): string };
  readonly producerEpoch: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly messages: unknown }[];
  }[];
}

interface Produced {
  readonly topics: readonly {
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly baseOffset: string;
    }[];
  }[];
}

/** kafkajs's writer of requests. */
interface Encoder {
  writeString(text: string | null): Encoder;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeBuffer(bytes: Buffer): Encoder;
}

/**
 * Answers that say that nothing was stored. All others leave it open: a leader that steps down, or waits for
 * replicas in vain, has appended the batch to its own log.
 */
const STORED_NOTHING = new Set([2, 10, 17, 18, 19, 29, 31, 32, 35, 43, 45, 46, 47, 59, 76, 87]);

let isProduceReplaced = false;

/**
 * What kafkajs's `producer.send` takes for the messages of a topic: it asks a list of messages for `find` (one
 * without a value) and `reduce` (the messages by partition), and what it finds for a partition for `length`.
 */
export function messagesOf(batch: EncodedBatch): Message[] {
  replaceProduce();
  const messages = {
    find: () => undefined,
    // kafkajs asks the producer's partitioner within, which learns how many partitions there are.
    reduce: (place: (into: object, message: object) => object) => {
      place({}, {});
      return { [batch.partition]: new Shipment(batch) };
    },
  };
  return messages as unknown as Message[];
}

/** Stands for the messages of one partition. Of no length, so that kafkajs counts no sequence numbers. */
class Shipment {
  readonly length = 0;
  readonly batch: EncodedBatch;

  constructor(batch: EncodedBatch) {
    this.batch = batch;
  }
}

function replaceProduce(): void {
  if (isProduceReplaced) return;
  isProduceReplaced = true;
  const requests = require('kafkajs/src/protocol/requests/produce') as Requests<
    ProduceParameters,
    Produced
  >;
  const { protocol } = requests;
  requests.protocol = ({ version }) => {
    const make = protocol({ version });
    return (parameters) => {
      const made = make(parameters);
      const shipment = shipmentIn(parameters);
      if (shipment === undefined) return made;
      if (version < PRODUCE_VERSIONS.first || version > PRODUCE_VERSIONS.last) {
        throw new ConfigError(
          'Kafka: the broker is older than 0.11, which takes no record batches',
        );
      }
      const encode = (): Promise<unknown> =>
        Promise.resolve().then(() => encoded(parameters, shipment.batch));
      const parse = (decoded: Produced): Promise<unknown> => {
        answered(shipment.batch, decoded);
        return made.response.parse(decoded);
      };
      return {
        ...made,
        request: { ...made.request, encode },
        response: { ...made.response, parse },
      };
    };
  };
}

/** The batch of a request that carries nothing else. */
function shipmentIn({ topicData }: ProduceParameters): Shipment | undefined {
  const messages = topicData[0]?.partitions[0]?.messages;
  return messages instanceof Shipment ? messages : undefined;
}

function encoded(parameters: ProduceParameters, batch: EncodedBatch): Encoder {
  const { acks, producerEpoch, producerId, timeout, topicData, transactionalId } = parameters;
  const KafkaEncoder = require('kafkajs/src/protocol/encoder') as new (size: number) => Encoder;
  const identity = { producerId: Number(producerId.toString()), epoch: producerEpoch };
  const bytes = batch.stamped(identity);
  return new KafkaEncoder(bytes.length + 512)
    .writeString(transactionalId ?? null)
    .writeInt16(acks)
    .writeInt32(timeout)
    .writeInt32(1)
    .writeString(topicData[0]!.topic)
    .writeInt32(1)
    .writeInt32(batch.partition)
    .writeInt32(bytes.length)
    .writeBuffer(bytes);
}

function answered(batch: EncodedBatch, { topics }: Produced): void {
  const answer = topics[0]?.partitions.find(({ partition }) => partition === batch.partition);
  if (answer === undefined) return;
  if (answer.errorCode === 0) batch.acknowledged(Number(answer.baseOffset));
  else if (STORED_NOTHING.has(answer.errorCode)) batch.refused();
}
