// Makes kafkajs hand record batches over undecoded. Its own decoding makes an object, two buffers and
// two decimal strings of every record, which was more work than everything else the consumer does; its
// handling of groups, leaders, retries, TLS and SASL stays. This is the one place that reaches into
// kafkajs (2.2.4, its last release): only fetches made inside `rawFetching` are concerned.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import {
  FIRST_VERSION,
  LAST_VERSION,
  readFetchResponse,
  type AskedOffset,
} from './fetch-response.ts';

interface Protocol {
  readonly request: unknown;
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<unknown>;
    readonly parse: (decoded: unknown) => Promise<unknown>;
  };
  readonly requestTimeout?: number;
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

interface FetchRequests {
  protocol: (wanted: { version: number }) => (parameters: FetchParameters) => Protocol;
}

const raw = new AsyncLocalStorage<true>();
let patched = false;

/** Runs `fetching`; kafkajs leaves record batches undecoded in whatever it starts. */
export function rawFetching<T>(fetching: () => T): T {
  patch();
  return raw.run(true, fetching);
}

function patch(): void {
  if (patched) return;
  patched = true;
  const requests = createRequire(import.meta.url)(
    'kafkajs/src/protocol/requests/fetch',
  ) as FetchRequests;
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
