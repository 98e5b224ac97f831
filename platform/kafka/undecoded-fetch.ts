// Makes fetches of @platformatic/kafka bring record batches as they came. Its own decoding inflates each batch
// whole, to any size, and one that is damaged makes the whole answer fail. Its metadata, connections and
// versions stay: only the reading of the answer is replaced, by a connection that it is handed.
import {
  ResponseError,
  type Connection,
  type ConnectionPool,
  type Reader,
} from '@platformatic/kafka';
import { settled, type FetchedBatch } from './fetch-response.ts';
import { rawBatches } from './record-set.ts';

export interface UndecodedPartition {
  readonly partition: number;
  readonly batches: readonly FetchedBatch[];
}

export interface UndecodedFetch {
  /** To be given to `Consumer.fetch` for one fetch. */
  readonly connectionPool: ConnectionPool;
  /** What that fetch brought. */
  partitions: UndecodedPartition[];
}

type Get = (error: Error | null, connection?: Connection) => void;

/** One fetch over `pool`; `askedOffset` is what was asked for in a partition. */
export function undecodedFetch(
  pool: ConnectionPool,
  askedOffset: (partition: number) => number,
): UndecodedFetch {
  const get = (broker: { host: string; port: number }, done: Get): void => {
    pool.get(broker, (error, connection) => {
      if (error !== null || connection === undefined) done(error);
      else done(null, { send: sending(connection) } as unknown as Connection);
    });
  };
  const sending =
    (connection: Connection): Connection['send'] =>
    (apiKey, version, payload, _parser, requestTags, responseTags, done) => {
      const parser = (_id: number, key: number, of: number, reader: Reader) => {
        const answer = readAnswer(reader, askedOffset);
        fetch.partitions = answer.partitions;
        if (Object.keys(answer.errors).length > 0) {
          throw new ResponseError(key, of, answer.errors, {});
        }
        return { responses: [] } as never;
      };
      connection.send(apiKey, version, payload, parser, requestTags, responseTags, done);
    };
  const fetch: UndecodedFetch = {
    connectionPool: { get } as unknown as ConnectionPool,
    partitions: [],
  };
  return fetch;
}

/** A response of version 13 to 17, which all are alike. */
function readAnswer(reader: Reader, askedOffset: (partition: number) => number) {
  const errors: Record<string, [number, null]> = {};
  const partitions: UndecodedPartition[] = [];
  reader.readInt32(); // throttle time
  const errorCode = reader.readInt16();
  if (errorCode !== 0) errors[''] = [errorCode, null];
  reader.readInt32(); // session
  reader.readArray((topic, topicAt) => {
    topic.readUUID();
    topic.readArray((each, at) => {
      const partition = each.readInt32();
      const code = each.readInt16();
      if (code !== 0) errors[`/responses/${topicAt}/partitions/${at}`] = [code, null];
      const end = Number(each.readInt64());
      each.readInt64(); // last stable offset
      each.readInt64(); // log start
      const aborted = each.readArray((one) => {
        return { producerId: one.readInt64(), firstOffset: Number(one.readInt64()) };
      });
      each.readInt32(); // preferred replica
      const records = recordsOf(each);
      const found = rawBatches(records, { from: askedOffset(partition), end });
      partitions.push({ partition, batches: settled(found, aborted) });
    });
  });
  return { errors, partitions };
}

/** Their length is written as one more. */
function recordsOf(reader: Reader): Buffer {
  const length = Math.max(0, reader.readUnsignedVarInt() - 1);
  const { position } = reader;
  const records = reader.buffer.slice(position, position + length);
  reader.skip(length);
  return records;
}
