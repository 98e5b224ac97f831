// Reads a topic again into a table beside the live one and exchanges both, while consumers run. The order is
// the proof, see docs/decisions/0008-swap-tables-that-carry-their-position.md; at whichever step a run is
// killed, the next run reads from the tables which steps are done and continues.
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, FencedError, UnclearOutcomeError } from '../../platform/errors.ts';
import { offsetsAtTime } from '../../platform/kafka/offsets-at-time.ts';
import type { TopicOffsets } from '../../platform/kafka/topic-offsets.ts';
import { topicsOf } from '../../platform/streams-variable.ts';
import { deadLetters } from '../../streams/table.ts';
import { auditTopic, type TopicAudit } from '../audit/audit.ts';
import { auditReport } from '../audit/report.ts';
import { guard, type Ownership } from '../fence.ts';
import { Ledger } from '../ledger.ts';
import { carryOver } from './carry.ts';
import { fileLetters } from './letters.ts';
import { copyGaps, readFacts, startOffset, writePlan, type Start } from './plan.ts';
import { offsetsLeft, positionsIn, seedsOf, type Positions } from './positions.ts';
import { ReplayReader, type ReaderParts } from './reader.ts';
import { exchange, makeTables, replayTables, setAside, type ReplayTables } from './tables.ts';
import { atMostEvery, isNoWorse } from './verdict.ts';
import { sourceOf } from '../../streams/origin.ts';
import { factsKey, factsKeySql, readIdentity } from '../table-identity.ts';

/** Reads the topics into a table until it is as far as another. */
export interface FillingReader extends AsyncDisposable {
  reach(target: Positions, look: (left: number) => void | Promise<void>): Promise<void>;
}

export interface ReplayParts extends ReaderParts {
  readonly offsets: TopicOffsets;
  readonly print: (line: string) => void;
  /** Default: the consumer's own lanes, in a group of their own. */
  readonly openReader?: (table: string, letters?: string) => FillingReader;
  /** How long running consumers may take to ingest what landed in the old table last. Default: 10 s. */
  readonly consumersMs?: number;
}

/** A round of reading that was not longer than this is the last: the rest waits until the swap. */
const NEAR = 50_000;
const CONSUMERS_MS = 10_000;
/** The run itself is claimed as if it were a partition. */
const RUN = { source: 'replay', partition: 0 } as const;

export class Replay {
  readonly #parts: ReplayParts;
  readonly #topics: readonly string[];
  readonly #live: string;

  constructor(parts: ReplayParts) {
    this.#parts = parts;
    this.#topics = topicsOf(parts.stream, parts.config);
    this.#live = parts.stream.table.name;
  }

  /** Makes the tables and files where to start. @throws {ConfigError | UnavailableError} */
  async begin(fromMs: number): Promise<ReplayTables> {
    const { clickhouse, print, stream } = this.#parts;
    const tables = replayTables(this.#live, randomBytes(4).toString('hex'));
    const starts = await this.#starts(fromMs);
    await makeTables(clickhouse, tables, stream);
    await writePlan(clickhouse, tables, fromMs, starts);
    print(`${tables.beside} is filled from ${new Date(fromMs).toISOString()} on`);
    return tables;
  }

  async #starts(fromMs: number): Promise<Start[]> {
    const { clickhouse, config, offsets } = this.#parts;
    const landed = await this.#positions(this.#live, factsKeySql(this.#live));
    const seeds = await seedsOf(clickhouse, factsKeySql(this.#live));
    const starts: Start[] = [];
    for (const [topic, source] of await this.#sources()) {
      const ranges = await offsets.rangesOf(topic);
      const byTime = await offsetsAtTime(config, topic, fromMs, 'sensorhouse-replay');
      for (const [partition, position] of landed.get(source)!) {
        const { begin = 0, end = 0 } = ranges.get(partition) ?? {};
        if (position < begin) {
          const text = `the log of partition ${partition} of ${topic} begins at ${begin}, after ${position}, where ${this.#live} stands`;
          throw new ConfigError(
            `${text}: run a consumer first, so that it records the lost offsets`,
          );
        }
        const seed = seeds.get(source)?.get(partition);
        const known = { begin, landed: position, seed, byTime: byTime.get(partition) ?? end };
        starts.push({ source, partition, offset: startOffset(known) });
      }
    }
    if (starts.length > 0) return starts;
    throw new ConfigError(`${this.#live} holds nothing of ${this.#topics.join(', ')} yet, so there is nothing to replay`); // prettier-ignore
  }

  /** Fills the table and puts it in the live one's place. @throws {FencedError} another run took over. */
  async fill(tables: ReplayTables): Promise<boolean> {
    const { clickhouse, config, print, stream } = this.#parts;
    const ledger = new Ledger(clickhouse, config.CLICKHOUSE_DB, tables.beside, randomUUID());
    const run = await ledger.claim(RUN.source, [RUN.partition]);
    const look = (): Promise<void> => ledger.assertStanding(run);
    await this.#read(tables, look);
    const guarded = { guard: guard(run), nextQueryId: () => ledger.nextInsertId(run) };
    const facts = await readFacts(clickhouse, tables.key);
    const every = atMostEvery(10_000);
    const progress = (rows: number, of: number): void => every(() => print(`carried over ${rows} of ${of} rows`)); // prettier-ignore
    const rows = await carryOver({ clickhouse, stream, tables, progress, ...guarded }, facts);
    print(`${rows} rows are carried over`);
    await this.#read(tables, look);
    await this.#claimed(tables, (ownership, id) => fileLetters(clickhouse, tables, stream, ownership, id)); // prettier-ignore
    await this.#copyGaps(tables, guarded);
    if (!(await this.#isComplete(tables))) return false;
    await this.#catchUp(tables, look);
    await this.#copyGaps(tables, guarded);
    await look();
    await exchange(clickhouse, tables);
    print(`${tables.live} now is the new table`);
    return true;
  }

  /** Reads what the live table holds, again and again until a round was short. */
  async #read(tables: ReplayTables, look: () => Promise<void>): Promise<void> {
    const { print } = this.#parts;
    const every = atMostEvery(10_000);
    let { left, target } = await this.#left(tables);
    if (left === 0) return;
    await using reader = this.#reader(tables.beside, tables.letters);
    for (let round = left; round > 0; round = left > NEAR ? left : 0) {
      await reader.reach(target, async (offsets) => {
        every(() => print(`${offsets} offsets are left to read`));
        await look();
      });
      ({ left, target } = await this.#left(tables));
    }
  }

  /** How far the live table is, and how many offsets the filled one lacks of it. */
  async #left({ beside, letters, live }: ReplayTables): Promise<{ left: number; target: Positions }> {
    const { clickhouse } = this.#parts;
    const target = await this.#positions(live, factsKeySql(live));
    const filled = { table: beside, keySql: factsKeySql(beside), letters: [deadLetters.name, letters] };
    return { left: await offsetsLeft(clickhouse, target, filled), target };
  } // prettier-ignore

  /**
   * Takes the live partitions over, so that no consumer writes until it claimed them again, and reads
   * what is left. What a consumer writes from then on is read again after the swap.
   */
  async #catchUp(tables: ReplayTables, look: () => Promise<void>): Promise<void> {
    const { clickhouse, stream } = this.#parts;
    await this.#claimed(tables, () => Promise.resolve());
    if ((await this.#left(tables)).left > 0) {
      await using reader = this.#reader(tables.beside, tables.letters);
      await reader.reach((await this.#left(tables)).target, look);
      // Joining the group took longer than consumers wait before they claim again.
      await this.#claimed(tables, () => Promise.resolve());
      await reader.reach((await this.#left(tables)).target, look);
    }
    await this.#claimed(tables, (ownership, queryId) => {
      return fileLetters(clickhouse, tables, stream, ownership, queryId);
    });
  }

  /** Claims the live partitions of each topic and does something under the claim. */
  async #claimed(
    { live }: ReplayTables,
    act: (ownership: Ownership, queryId: string) => Promise<void>,
  ): Promise<void> {
    const { clickhouse, config } = this.#parts;
    const landed = await this.#positions(live, factsKeySql(live));
    for (const [source, partitions] of landed) {
      if (partitions.size === 0) continue;
      for (let attempt = 0; ; attempt += 1) {
        const ledger = new Ledger(clickhouse, config.CLICKHOUSE_DB, live, randomUUID());
        try {
          const ownership = await ledger.claim(source, [...partitions.keys()]);
          await act(ownership, ledger.nextInsertId(ownership));
          break;
        } catch (error) {
          // A consumer was faster, and its takeover ends what runs. What is done here may be repeated.
          const overtaken = error instanceof FencedError || error instanceof UnclearOutcomeError;
          if (!overtaken || attempt === 20) throw error;
          await sleep(100);
        }
      }
    }
  }

  async #copyGaps(tables: ReplayTables, guarded: { guard: string; nextQueryId: () => string }) {
    const { clickhouse } = this.#parts;
    const liveKey = factsKey(await readIdentity(clickhouse, tables.live));
    const queryId = guarded.nextQueryId();
    await copyGaps(clickhouse, tables, liveKey, { guard: guarded.guard, queryId });
  }

  /** Audits the filled table; it may lack nothing but what the live one lacks too. */
  async #isComplete(tables: ReplayTables): Promise<boolean> {
    const { print } = this.#parts;
    for (const topic of this.#topics) {
      const audit = await this.#audit(topic, tables.beside);
      if (audit.exact) continue;
      if (isNoWorse(audit, await this.#audit(topic, tables.live))) continue;
      print(auditReport(audit));
      return false;
    }
    return true;
  }

  /** What is left to do when the table is swapped in. Resolves to whether the live table adds up. */
  async finish(tables: ReplayTables): Promise<boolean> {
    const { clickhouse, print } = this.#parts;
    await this.#rest(tables);
    await clickhouse.command(`DROP TABLE IF EXISTS ${tables.letters} SYNC`);
    const aside = await setAside(clickhouse, tables);
    let exact = true;
    for (const topic of this.#topics) {
      const audit = await this.#audit(topic, tables.live);
      print(auditReport(audit).trimEnd());
      exact &&= audit.exact;
    }
    print(`The replaced table is kept. When it is not needed any more: DROP TABLE ${aside}`);
    return exact;
  }

  /** Ensures that what landed in the old table last is in the new one too. */
  async #rest(tables: ReplayTables): Promise<void> {
    const { clickhouse, signal } = this.#parts;
    const { replay } = await readIdentity(clickhouse, tables.beside);
    const oldKey = factsKey({ name: tables.live, replay });
    const target = await this.#positions(tables.beside, `'${oldKey}'`);
    const filled = {
      table: tables.live,
      keySql: factsKeySql(tables.live),
      letters: [deadLetters.name],
    };
    const deadline = performance.now() + (this.#parts.consumersMs ?? CONSUMERS_MS);
    for (;;) {
      signal.throwIfAborted();
      if ((await offsetsLeft(clickhouse, target, filled)) === 0) return;
      if (performance.now() > deadline) break;
      await sleep(200);
    }
    await using reader = this.#reader(tables.live);
    await reader.reach(target, () => undefined);
  }

  #reader(table: string, letters?: string): FillingReader {
    const { openReader } = this.#parts;
    return openReader?.(table, letters) ?? new ReplayReader(this.#parts, table, letters);
  }

  async #sources(): Promise<Map<string, string>> {
    const { identities } = this.#parts;
    const sources = new Map<string, string>();
    for (const topic of this.#topics) sources.set(topic, sourceOf(topic, await identities.idOf(topic)));
    return sources;
  } // prettier-ignore

  async #positions(table: string, keySql: string): Promise<Positions> {
    const sources = [...(await this.#sources()).values()];
    return positionsIn(this.#parts.clickhouse, table, keySql, sources);
  }

  #audit(topic: string, name: string): Promise<TopicAudit> {
    const { clickhouse, identities, offsets, stream } = this.#parts;
    const log = {
      topic,
      topicId: () => identities.idOf(topic),
      logRanges: () => offsets.rangesOf(topic),
    };
    return auditTopic(clickhouse, log, { ...stream, table: { ...stream.table, name } });
  }
}
