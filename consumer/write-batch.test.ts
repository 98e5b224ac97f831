// The order in which a batch lands, at every point where it can stop: what lands later never lands without
// what has to be there before, and nothing lands twice.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../platform/errors.ts';
import type { Batch, DeadLetter, Span } from './batch.ts';
import type { Ownership } from './fence.ts';
import type { OffsetRange } from './gap.ts';
import type { FloorRow, Sink } from './sink.ts';
import { writeBatch } from './write-batch.ts';

const ownership = { claims: [{ partition: 0, epoch: 1 }] } as unknown as Ownership;
const NOW_MS = 1_700_000_000_000;

interface Content {
  readonly rows?: number;
  readonly letters?: number;
  readonly spans?: readonly (Partial<Span> & { readonly partition?: number })[];
}

function batchOf({ letters = 0, rows = 0, spans = [{}] }: Content): Batch {
  const all = spans.map(({ partition = 0, ...span }): [number, Span] => {
    const none = { absent: [], duplicates: [], unreadable: [] };
    return [partition, { first: 5, next: 9, rows, dead: letters, ...none, ...span }];
  });
  const deadLetters = Array.from({ length: letters }, () => ({}) as DeadLetter);
  return {
    landed: 'nothing',
    block: { rows },
    deadLetters,
    spans: new Map(all),
  } as unknown as Batch;
}

/** A sink that notes its calls and fails the one numbered `failsAt`. */
function sinkOf(failsAt = -1) {
  const calls: string[] = [];
  const floors: FloorRow[] = [];
  let call = -1;
  const step = (name: string): Promise<void> => {
    call += 1;
    if (call === failsAt) return Promise.reject(new UnavailableError('away'));
    calls.push(name);
    return Promise.resolve();
  };
  const facts = {
    recordFloors: (of: Ownership, rows: readonly FloorRow[]) => {
      expect(of).toBe(ownership);
      if (rows.length === 0) return Promise.resolve();
      floors.push(...rows);
      return step(rows.map(({ partition, reason }) => `${reason} ${partition}`).join(' '));
    },
  };
  const inserts = {
    deadLetters: (_: Batch, of: Ownership, atMs: number) => {
      expect([of, atMs]).toEqual([ownership, NOW_MS]);
      return step('letters');
    },
    rows: (_: Batch, of: Ownership, atMs: number) => {
      expect([of, atMs]).toEqual([ownership, NOW_MS]);
      return step('rows');
    },
  };
  return { calls, floors, sink: { facts, inserts } as unknown as Sink };
}

const ABSENT: OffsetRange[] = [{ first: 6, last: 6 }];

async function orderOf(content: Content): Promise<string[]> {
  const { calls, sink } = sinkOf();
  await writeBatch(batchOf(content), ownership, NOW_MS, sink);
  return calls;
}

describe('a batch lands', () => {
  it('with offsets without a record first, dead letters before rows', async () => {
    const spans = [{ absent: ABSENT }];
    expect(await orderOf({ rows: 2, letters: 1, spans })).toEqual(['not-in-log 0', 'letters', 'rows']); // prettier-ignore
  });

  it('with the floor last where it has no rows', async () => {
    const spans = [{ absent: ABSENT, rows: 0 }];
    expect(await orderOf({ letters: 3, spans })).toEqual(['not-in-log 0', 'letters', 'dead-letters 0']); // prettier-ignore
  });

  it('with a floor only for partitions whose end no row shows', async () => {
    const range = (last: number) => [{ first: 7, last, why: '' }];
    const spans = [
      { partition: 0, rows: 2 },
      { partition: 1, rows: 0 },
      { partition: 2, rows: 2, duplicates: range(8) },
      { partition: 3, rows: 2, duplicates: range(7) },
      { partition: 4, rows: 2, unreadable: range(8) },
      { partition: 5, rows: 2, unreadable: range(7) },
      { partition: 6, rows: 0, first: 5, next: 5 },
    ];
    const { floors, sink } = sinkOf();
    await writeBatch(batchOf({ rows: 8, spans }), ownership, NOW_MS, sink);
    const own = floors.filter(({ reason }) => reason === 'dead-letters');
    expect(own).toEqual(
      [1, 2, 4].map((partition) => ({ partition, offset: 9, reason: 'dead-letters', detail: '' })),
    );
  });

  it('without an insert of nothing', async () => {
    expect(await orderOf({ spans: [{ rows: 0 }] })).toEqual(['dead-letters 0']);
  });

  it('each part once, in order, wherever it is interrupted and taken up again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2), fc.nat(2), fc.boolean(), fc.nat(4), async (rows, letters, absent, failsAt) => {
        const content = { rows, letters, spans: [{ rows, absent: absent ? ABSENT : [] }] };
        const whole = await orderOf(content);
        const batch = batchOf(content);
        const first = sinkOf(failsAt);
        const fails = await writeBatch(batch, ownership, NOW_MS, first.sink).then(() => false, () => true);
        expect(fails).toBe(failsAt < whole.length);
        const second = sinkOf();
        await writeBatch(batch, ownership, NOW_MS, second.sink);
        const inserted = [...first.calls, ...second.calls].filter((call) => ['letters', 'rows'].includes(call));
        expect(inserted).toEqual(whole.filter((call) => ['letters', 'rows'].includes(call)));
        expect(first.calls).toEqual(whole.slice(0, failsAt));
      }),
    );
  }); // prettier-ignore
});
