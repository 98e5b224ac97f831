// The sink port of one simulated process: every step is a request to the table server, so that other processes
// come between them. The order of a claim's steps is the real one.
import type { Batch } from '../../consumer/batch.ts';
import { claim, type ClaimSteps } from '../../consumer/claim.ts';
import type { Ownership } from '../../consumer/fence.ts';
import type { Facts, FloorRow, Inserts, Sink } from '../../consumer/sink.ts';
import { assertAcknowledged } from '../../platform/clickhouse/acknowledged.ts';
import { getInt64 } from '../../platform/clickhouse/block.ts';
import { ConfigError, FencedError, UnclearOutcomeError } from '../../platform/errors.ts';
import type { Network, Program } from './program.ts';
import { goneOf, type Placed, type TableServer } from './table-server.ts';

const TABLE = { name: 'simulated', replay: '' };

export class SimulatedSink implements Sink {
  readonly facts: Facts;
  readonly inserts: Inserts;
  readonly #program: Program;
  readonly #server: TableServer;
  readonly #network: Network;
  /** Counts assignments, and which one each claim was made in. */
  #assignment = 0;
  readonly #assignmentOf = new Map<string, number>();
  /** An insert was fenced and neither an assignment nor a heartbeat came since. */
  #isFenced = false;

  constructor(program: Program, server: TableServer, network: Network) {
    this.#program = program;
    this.#server = server;
    this.#network = network;
    this.facts = this.#facts();
    this.inserts = {
      rows: (batch, ownership) => this.#insert('rows', rowsOf(batch), ownership),
      deadLetters: (batch, ownership) => this.#insert('dead', lettersOf(batch), ownership),
    };
  }

  assigned(): void {
    this.#assignment += 1;
    this.#isFenced = false;
  }

  confirmed(): void {
    this.#isFenced = false;
  }

  #ask<T>(serve: () => T | Promise<T>): Promise<T> {
    return this.#program.ask(this.#network, serve);
  }

  async #claim(source: string, partitions: readonly number[]): Promise<Ownership> {
    if (this.#isFenced) this.#server.breach(`${this.#program.name} was fenced and claimed again`);
    const owner = this.#program.name;
    const claimant = { database: 'simulated', table: TABLE, source, owner };
    const assignment = this.#assignment;
    const ownership = await claim(this.#steps(), claimant, partitions);
    for (const { epoch, partition } of ownership.claims) {
      this.#assignmentOf.set(`${source}/${partition}/${epoch}`, assignment);
    }
    return ownership;
  }

  #steps(): ClaimSteps {
    const server = this.#server;
    return {
      epochs: (source, partitions) => this.#ask(() => server.epochs(source, partitions)),
      writeClaims: (ownership) => this.#ask(() => server.writeClaims(ownership)),
      endInserts: (source, partitions) => this.#ask(() => server.endInserts(source, partitions)),
      runningInserts: (source, partitions) =>
        this.#ask(() => server.runningInserts(source, partitions).length),
      owners: (source, partitions) => this.#ask(() => server.owners(source, partitions)),
    };
  }

  #facts(): Facts {
    const server = this.#server;
    return {
      claim: (source, partitions) => this.#claim(source, partitions),
      landed: (source, partitions) => this.#ask(() => server.landed(source, partitions)),
      deadFrom: (source, partition, from) =>
        this.#ask(() => {
          const { dead } = server.held(source, partition);
          return new Set([...dead.keys()].filter((at) => at >= from));
        }),
      deadBetween: (source, partition, first, last) =>
        this.#ask(() => {
          const { dead } = server.held(source, partition);
          return [...dead.keys()].filter((at) => first <= at && at <= last).length;
        }),
      origins: (source, positions) => this.#ask(() => server.origins(source, positions)),
      gone: (source, partition) => this.#ask(() => goneOf(server.held(source, partition))),
      retentionDays: () => Promise.resolve(undefined),
      isUpgraded: () => Promise.resolve(false),
      recordFloors: (ownership, floors) => this.#record(ownership, floors),
    };
  }

  async #record(ownership: Ownership, floors: readonly FloorRow[]): Promise<void> {
    if (floors.length === 0) return;
    const copied = [...floors];
    if (await this.#ask(() => this.#server.record(ownership, copied))) return;
    throw new FencedError('fenced');
  }

  async #insert(kind: 'rows' | 'dead', placed: readonly Placed[], to: Ownership): Promise<void> {
    const insert = () => this.#server.insert(kind, placed, to);
    const end = await this.#program.send(this.#network, insert);
    if (typeof end === 'number') assertAcknowledged(placed.length, end);
    if (end === 'refused') throw new ConfigError('refused');
    if (end === 'killed') throw new UnclearOutcomeError('killed');
    if (end !== 'fenced') return;
    const { epoch, partition } = to.claims[0]!;
    const claimedIn = this.#assignmentOf.get(`${to.source}/${partition}/${epoch}`);
    this.#isFenced ||= claimedIn === this.#assignment;
    throw new FencedError('fenced');
  }
}

/** What a block holds, read from its columns at the moment of sending. */
function rowsOf({ block }: Batch): Placed[] {
  const [column] = block.columns;
  if (column?.kind !== 'integer') throw new Error('the simulated stream has a column of integers');
  const { values } = column.int64;
  const origins = block.origin === undefined ? [] : textsOf(block.origin.source, block.rows);
  return Array.from({ length: block.rows }, (_, row): Placed => {
    const placed = {
      partition: block.partition.values[row]!,
      offset: getInt64(block.offset.values, row),
      id: getInt64(values, row),
    };
    if (block.origin === undefined) return placed;
    const partition = block.origin.partition.values[row]!;
    const offset = getInt64(block.origin.offset.values, row);
    return { ...placed, origin: { source: origins[row]!, partition, offset } };
  });
}

/** The texts of a column in Native format: each behind its length, which is below 128 here. */
function textsOf({ bytes }: { readonly bytes: Uint8Array }, rows: number): string[] {
  let at = 0;
  return Array.from({ length: rows }, () => {
    const from = at + 1;
    at = from + bytes[at]!;
    return Buffer.from(bytes.subarray(from, at)).toString();
  });
}

function lettersOf({ deadLetters }: Batch): Placed[] {
  return deadLetters.map(({ offset, origin, partition }) => {
    return { partition, offset, id: 0, ...(origin === undefined ? {} : { origin }) };
  });
}
