// Every request from its head to its answer: waiting for its body, queued, or running. It bounds their
// number, gives out turns in order, and ends a killed request without running it. Readers never take all
// places and all turns, so writers always continue.
import { exception } from './exception.ts';

export type Phase = 'uploading' | 'queued' | 'running';

export interface Entry {
  readonly queryId: string;
  readonly user: string;
  /** Its user only reads. */
  readonly reader: boolean;
  /** As the client wrote it, as far as known (the URL's part until the body has arrived). */
  query: string;
  readonly database: string;
  readonly startedAt: number;
  /** Names the engine's connection. */
  readonly tag: string;
  phase: Phase;
  readonly killed: AbortSignal;
  /** Settles when the request is out of the registry. */
  readonly done: Promise<void>;
}

export interface Registry {
  readonly entries: Iterable<Entry>;
  /**
   * Takes a request up. A few more than the limit get in, so that a KILL whose text is in its body can.
   * @throws {ClickHouseException} when there are too many, or one of the same id.
   */
  enter(request: Pick<Entry, 'queryId' | 'user' | 'reader' | 'query' | 'database'>): Entry;
  /**
   * Waits for a turn to run, then runs.
   * @throws {ClickHouseException} 394 when the entry was killed, before or while it ran.
   */
  run<T>(entry: Entry, work: () => Promise<T>): Promise<T>;
  leave(entry: Entry): void;
  kill(entry: Entry): void;
  /** Settles when nothing is left. */
  idle(): Promise<void>;
}

export interface RegistryLimits {
  maxRequests: number;
  maxRunning: number;
}

/** Readers have three quarters of the places and of the turns. */
const READERS_SHARE = 0.75;
const CANCEL_INTERVAL_MS = 100;
const ROOM_FOR_KILL = 8;

interface Internal extends Entry {
  abort: AbortController;
  resolve: () => void;
}

/** `cancel` stops what the engine runs under a tag. */
export function createRegistry(limits: RegistryLimits, cancel: (tag: string) => void): Registry {
  const entries = new Map<string, Internal>();
  const waiting: { readonly reader: boolean; readonly go: () => void }[] = [];
  const running = { all: 0, readers: 0 };
  const maxReaders = shareOf(limits.maxRequests);
  const maxReading = shareOf(limits.maxRunning);
  let readers = 0;
  let count = 0;

  const mayRun = ({ reader }: { readonly reader: boolean }): boolean =>
    running.all < limits.maxRunning && !(reader && running.readers >= maxReading);
  const begin = ({ reader }: { readonly reader: boolean }): void => {
    running.all += 1;
    if (reader) running.readers += 1;
  };
  const turn = async (entry: Entry): Promise<void> => {
    if (mayRun(entry)) {
      begin(entry);
      return;
    }
    entry.phase = 'queued';
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const go = (): void => resolve(undefined);
    const place = { reader: entry.reader, go };
    waiting.push(place);
    entry.killed.addEventListener('abort', go, { once: true });
    await promise;
    const at = waiting.indexOf(place);
    // Still in line: it was woken because it was killed, so it never got a turn to give back.
    if (at !== -1) {
      waiting.splice(at, 1);
      throw cancelled();
    }
  };
  const giveBack = ({ reader }: Entry): void => {
    running.all -= 1;
    if (reader) running.readers -= 1;
    const at = waiting.findIndex(mayRun);
    if (at === -1) return;
    const [next] = waiting.splice(at, 1);
    begin(next!);
    next!.go();
  };

  return {
    get entries() {
      return entries.values();
    },
    enter: ({ queryId, user, reader, query, database }) => {
      if (entries.has(queryId)) {
        const text = `Query with id = ${queryId} is already running`;
        throw exception('QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING', text);
      }
      if (entries.size >= limits.maxRequests + ROOM_FOR_KILL) throw tooMany(limits);
      if (reader && readers >= maxReaders) throw tooMany({ maxRequests: maxReaders });
      const abort = new AbortController();
      const { promise, resolve } = Promise.withResolvers<undefined>();
      count += 1;
      const entry: Internal = {
        ...{ queryId, user, reader, query, database, abort },
        ...{ startedAt: performance.now(), tag: `request-${count}`, phase: 'uploading' },
        ...{ killed: abort.signal, done: promise, resolve: () => resolve(undefined) },
      };
      entries.set(queryId, entry);
      if (reader) readers += 1;
      return entry;
    },
    run: async (entry, work) => {
      throwIfKilled(entry);
      if (entries.size > limits.maxRequests) throw tooMany(limits);
      await turn(entry);
      try {
        throwIfKilled(entry);
        entry.phase = 'running';
        const result = await work();
        // The engine may call a query that it stopped a success, with part of its rows.
        throwIfKilled(entry);
        return result;
      } catch (thrown) {
        throwIfKilled(entry);
        throw thrown;
      } finally {
        giveBack(entry);
      }
    },
    leave: (entry) => {
      const known = entries.get(entry.queryId);
      if (known !== entry) return;
      entries.delete(entry.queryId);
      if (entry.reader) readers -= 1;
      known.resolve();
    },
    kill: (entry) => {
      const known = entries.get(entry.queryId);
      if (known !== entry || known.killed.aborted) return;
      known.abort.abort();
      if (known.phase !== 'running') return;
      // Asked again until it has ended: the engine may not have begun it yet.
      const again = setInterval(() => cancel(known.tag), CANCEL_INTERVAL_MS);
      void known.done.then(() => clearInterval(again));
      cancel(known.tag);
    },
    idle: async () => {
      while (entries.size > 0) await Promise.all([...entries.values()].map(({ done }) => done));
    },
  };
}

function shareOf(limit: number): number {
  return Math.max(1, Math.floor(limit * READERS_SHARE));
}

function throwIfKilled({ killed }: Entry): void {
  if (killed.aborted) throw cancelled();
}

function tooMany({ maxRequests }: Pick<RegistryLimits, 'maxRequests'>): Error {
  const text = `Too many simultaneous queries. Maximum: ${maxRequests}`;
  return exception('TOO_MANY_SIMULTANEOUS_QUERIES', text);
}

function cancelled(): Error {
  return exception('QUERY_WAS_CANCELLED', 'Query was cancelled');
}
