// The sink port of one simulated process: every call is a request to the table server, with the steps of a
// claim in the order of the real one, so that other processes come between them.
import type { Batch } from '../../consumer/batch.ts';
import type { Ownership } from '../../consumer/fence.ts';
import type { Facts, Inserts, Sink } from '../../consumer/sink.ts';
import { FencedError, UnclearOutcomeError } from '../../platform/errors.ts';
import type { Network, Program } from './program.ts';
import { goneOf, type InsertEnd, type Placed, type TableServer } from './table-server.ts';

const TABLE = { name: 'simulated', replay: '' };

export function simulatedSink(program: Program, server: TableServer, network: Network): Sink {
  return { facts: factsOf(program, server, network), inserts: insertsOf(program, server, network) };
}

function factsOf(program: Program, server: TableServer, network: Network): Facts {
  const ask = <T>(serve: () => T | Promise<T>): Promise<T> => program.ask(network, serve);
  const owner = program.name;
  return {
    claim: async (source, partitions) => {
      const epochs = await ask(() => server.epochs(source, partitions));
      const claims = epochs.map(({ epoch, partition }) => ({ partition, epoch: epoch + 1 }));
      const ownership: Ownership = { database: 'simulated', table: TABLE, source, owner, claims };
      await ask(() => server.writeClaims(ownership));
      await ask(() => server.endInserts(source, partitions));
      if (!(await ask(() => server.owns(ownership)))) throw new FencedError('claimed by another');
      return ownership;
    },
    landed: (source, partitions) => ask(() => server.landed(source, partitions)),
    deadFrom: (source, partition, from) =>
      ask(() => new Set([...server.held(source, partition).dead].filter((at) => at >= from))),
    deadBetween: (source, partition, first, last) =>
      ask(() => {
        const { dead } = server.held(source, partition);
        return [...dead].filter((at) => first <= at && at <= last).length;
      }),
    origins: () => Promise.resolve(new Map()),
    gone: (source, partition) => ask(() => goneOf(server.held(source, partition))),
    retentionDays: () => Promise.resolve(undefined),
    isUpgraded: () => Promise.resolve(false),
    recordFloors: async (ownership, floors) => {
      if (floors.length === 0) return;
      const copied = [...floors];
      if (!(await ask(() => server.record(ownership, copied)))) throw new FencedError('fenced');
    },
  };
}

function insertsOf(program: Program, server: TableServer, network: Network): Inserts {
  const insert = async (
    kind: 'rows' | 'dead',
    placed: readonly Placed[],
    to: Ownership,
  ): Promise<void> => {
    const end: InsertEnd = await program.send(network, () => server.insert(kind, placed, to));
    if (end === 'fenced') throw new FencedError('fenced');
    if (end === 'killed') throw new UnclearOutcomeError('killed');
  };
  return {
    rows: (batch, ownership) => insert('rows', rowsOf(batch), ownership),
    deadLetters: ({ deadLetters }, ownership) => {
      const placed = deadLetters.map(({ offset, partition }) => ({ partition, offset, id: 0 }));
      return insert('dead', placed, ownership);
    },
  };
}

/** What a block holds, read from its columns at the moment of sending. */
function rowsOf({ block }: Batch): Placed[] {
  const [column] = block.columns;
  if (column?.kind !== 'integer')
    throw new Error('the simulated stream has one column of integers');
  const { values } = column.int64;
  return Array.from({ length: block.rows }, (_, row) => ({
    partition: block.partition.values[row]!,
    offset: block.offset.values[2 * row]!,
    id: values[2 * row]!,
  }));
}
