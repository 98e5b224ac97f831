// Rows on their way: every one in a batch of its key's partition, once and in order, within the limits; and after a
// failure everything that is not known to be in Kafka, once.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UnavailableError } from '../platform/errors.ts';
import type { EncodedBatch } from '../platform/kafka/encoded-batch.ts';
import { batchOfRecords } from '../platform/kafka/record-batch-writer.ts';
import type { Delivery } from '../platform/kafka/sender.ts';
import { EventPage } from './event-page.ts';
import type { FileEvent } from './file-event.ts';
import { Outbox } from './outbox.ts';
import { RowRecords } from './row-records.ts';

const PARTITIONS = 3;
const signal = new AbortController().signal;

/** Rows under some keys; every third lies packed. */
function pageOf(rows: readonly { key: string; bytes: number }[], first: number): EventPage {
  const page = new EventPage();
  for (const [index, { bytes, key }] of rows.entries()) {
    const value = JSON.stringify({ key, row: first + index, filler: 'x'.repeat(bytes) });
    if (index % 3 !== 0) page.add({ members: { key }, json: value });
    else {
      page.reserve(value.length);
      const from = page.end + '{"key":"'.length;
      page.bytes.write(value, page.end);
      page.pack(page.end + value.length, from, from + key.length, -1, -1);
    }
  }
  return page;
}

const records = new RowRecords(({ json, members }: FileEvent) => {
  return { key: String(members['key']), value: json! };
}, false);

interface Sent {
  readonly partition: number;
  readonly rows: number[];
  readonly bytes: number;
}

async function rowsOf(batch: EncodedBatch): Promise<Sent> {
  const cursor = await batch.records();
  const rows: number[] = [];
  while (cursor.next()) {
    const value = JSON.parse(String(cursor.value())) as { key: string; row: number };
    expect(String(cursor.key())).toBe(value.key);
    rows.push(value.row);
  }
  return { partition: batch.partition, rows, bytes: cursor.bytes.length };
}

const row = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  bytes: fc.oneof(fc.nat(200), fc.nat(200), fc.constantFrom(200_000, 300_000, 600_000)),
});
const pages = fc.array(fc.array(row, { minLength: 1, maxLength: 12 }), { maxLength: 6 });

it('brings every row into one batch of its partition, in order, and none twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      pages,
      fc.option(fc.nat(6)),
      fc.boolean(),
      async (given, failsAt, doubtful) => {
        const sent: Sent[] = [];
        const underWay = new Set<number>();
        let calls = 0;
        let acknowledged = 0;
        const send = async (_: string, batch: EncodedBatch): Promise<Delivery> => {
          expect(underWay.has(batch.partition)).toBe(false);
          underWay.add(batch.partition);
          await new Promise(setImmediate);
          underWay.delete(batch.partition);
          if (failsAt !== null && calls++ >= failsAt) {
            const cause = new UnavailableError('gone');
            return {
              kind: doubtful ? 'in-doubt' : 'unsent',
              sent: 0,
              failed: batch,
              behind: [],
              cause,
            };
          }
          sent.push(await rowsOf(batch));
          return { kind: 'sent', sent: batch.count };
        };
        const sender = { send, knownPartitions: () => PARTITIONS };
        const outbox = new Outbox({
          ...{ topic: 't', sender, records, patience: () => signal },
          sent: (count) => (acknowledged += count),
        });
        let first = 0;
        const keys: string[] = [];
        const left: number[] = [];
        for (const rows of given) {
          const page = pageOf(rows, first);
          keys.push(...rows.map(({ key }) => key));
          const untaken = outbox.hasFailed
            ? [{ page, from: 0, to: page.length }]
            : await outbox.add([{ page, from: 0, to: page.length }]);
          for (const { from, to } of untaken)
            for (let at = from; at < to; at += 1) left.push(first + at);
          first += rows.length;
        }
        await outbox.flush();
        const { inDoubt, unsent } = await outbox.leftover();
        const open = [
          ...(await Promise.all(inDoubt.map(rowsOf))),
          ...(await Promise.all(unsent.map(rowsOf))),
        ];
        if (failsAt === null) expect({ open, left }).toEqual({ open: [], left: [] });
        if (doubtful)
          expect(new Set(inDoubt.map(({ partition }) => partition)).size).toBe(inDoubt.length);
        const inKafka = sent.flatMap(({ rows }) => rows);
        expect(acknowledged).toBe(inKafka.length);
        const all = [...inKafka, ...open.flatMap(({ rows }) => rows), ...left];
        expect(all.toSorted((x, y) => x - y)).toEqual(Array.from({ length: first }, (_, at) => at));
        for (const batch of [...sent, ...open]) {
          expect(batch.bytes <= 512 * 1_024 || batch.rows.length === 1).toBe(true);
          expect(new Set(batch.rows.map((at) => keys[at])).size).toBeLessThanOrEqual(6);
        }
        // A key has one partition, and in it its rows are in order, what is left behind what was sent.
        const ways = Map.groupBy([...sent, ...open].flatMap(({ partition, rows }) => rows.map((at) => ({ at, partition }))), ({ at }) => keys[at]!); // prettier-ignore
        for (const way of ways.values()) {
          expect(new Set(way.map(({ partition }) => partition)).size).toBe(1);
          const places = way.map(({ at }) => at);
          expect(places).toEqual(places.toSorted((x, y) => x - y));
        }
      },
    ),
    { numRuns: 25 },
  );
});

it('reports records cut from a doubtful batch as doubtful, too', async () => {
  const page = pageOf([{ key: 'a', bytes: 10 }], 0);
  const [half, clean] = [1, 0].map((doubts) => {
    const batch = batchOfRecords(0, [{ key: null, value: null, headers: [], timestampMs: 1 }]);
    batch.doubts = doubts;
    return batch;
  });
  const send = (_: string, failed: EncodedBatch): Promise<Delivery> => {
    const cause = new UnavailableError('gone');
    return Promise.resolve({ kind: 'in-doubt', sent: 0, failed, behind: [half!, clean!], cause });
  };
  const sender = { send, knownPartitions: () => 1 };
  const parts = { topic: 't', sender, records, patience: () => signal, sent: () => undefined };
  const outbox = new Outbox(parts);
  await outbox.add([{ page, from: 0, to: 1 }]);
  await outbox.flush();
  const { inDoubt, unsent } = await outbox.leftover();
  expect(inDoubt.slice(1)).toEqual([half]);
  expect(unsent).toEqual([clean]);
});

/** Keeps what it is given to send until it is let go. */
function holding() {
  const open = Promise.withResolvers<undefined>();
  const sent: number[] = [];
  const send = async (_: string, { count, partition }: EncodedBatch): Promise<Delivery> => {
    sent.push(partition);
    await open.promise;
    return { kind: 'sent', sent: count };
  };
  return { letGo: () => open.resolve(undefined), send, sent };
}

it('has one batch of a partition on its way, and whoever adds rows waits for it', async () => {
  const { letGo, send, sent } = holding();
  const sender = { send, knownPartitions: () => 1 };
  const parts = { topic: 't', sender, records, patience: () => signal, sent: () => undefined };
  const outbox = new Outbox(parts);
  const page = pageOf(Array.from({ length: 4 }, () => ({ key: 'a', bytes: 300_000 })), 0); // prettier-ignore
  let isTaken = false;
  const adding = outbox.add([{ page, from: 0, to: 4 }]).then(() => (isTaken = true));
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  expect([sent, isTaken]).toEqual([[0], false]);
  letGo();
  await adding;
  await outbox.flush();
  expect(sent).toEqual([0, 0, 0, 0]);
});

it('holds 16 MiB of all partitions and sends the largest when there is more', async () => {
  const { letGo, send, sent } = holding();
  class Spread extends RowRecords {
    override partition(_: EventPage, at: number): number {
      return at;
    }
  }
  const spread = new Spread(({ json }: FileEvent) => ({ key: 'a', value: json! }), false);
  const sender = { send, knownPartitions: () => 1 };
  const parts = { topic: 't', sender, patience: () => signal, sent: () => undefined };
  const outbox = new Outbox({ ...parts, records: spread });
  const sizes = Array.from({ length: 45 }, (_, at) => (at === 7 ? 450_000 : 400_000));
  const page = pageOf(sizes.map((bytes) => ({ key: 'a', bytes })), 0); // prettier-ignore
  await outbox.add([{ page, from: 0, to: 41 }]);
  expect(sent).toEqual([]);
  await outbox.add([{ page, from: 41, to: 45 }]);
  expect(sent[0]).toBe(7);
  expect(sent.length).toBeGreaterThanOrEqual(2);
  letGo();
  await outbox.flush();
  expect(sent).toHaveLength(45);
});
