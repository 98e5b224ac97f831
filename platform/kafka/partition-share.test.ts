// What a batch becomes on its way to several partitions and brokers, and what is known of each share.
import fc from 'fast-check';
import type { Message } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { openByLeader, sharesOf, type PartitionShare } from './partition-share.ts';

const PARTITIONS = 5;
const batch = fc.array(
  fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), value: fc.string() }),
  { maxLength: 40 },
);
const partitionOf = ({ key }: { key: string }): number => key.charCodeAt(0) % PARTITIONS;
const leaders = fc
  .array(fc.integer({ min: 1, max: 3 }), { minLength: PARTITIONS, maxLength: PARTITIONS })
  .map((nodes) => new Map(nodes.entries()));

/** What kafkajs does with the messages of a request that it encodes. */
function encode(share: PartitionShare): void {
  for (const message of share.messages as Message[])
    expect([message.timestamp, message.timestamp]).toEqual([undefined, undefined]);
}

function oneShare(): PartitionShare {
  return sharesOf([{ key: 'a', value: '1' }, { key: 'a', value: '2' }], () => 0).shares[0]!; // prettier-ignore
}

describe('sharesOf', () => {
  it('keeps the headers of a message, and gives none to one without', () => {
    const headers = { source_line: '5' };
    const plain = { key: 'a', value: '1' };
    const { messages } = sharesOf([plain, { ...plain, headers }], () => 0).shares[0]!;
    expect(messages.map((message) => message.headers)).toEqual([undefined, headers]);
  });

  it('gives every message to one share, in order', () => {
    fc.assert(
      fc.property(batch, (messages) => {
        const { shareOf, shares } = sharesOf(messages, partitionOf);
        for (const share of shares) {
          const own = messages.filter((message) => partitionOf(message) === share.partition);
          expect(share.messages.map(({ key, value }) => ({ key, value }))).toEqual(own);
          expect(share.messages.every(({ partition }) => partition === share.partition)).toBe(true);
        }
        expect(shareOf.map(({ partition }) => partition)).toEqual(messages.map(partitionOf));
        expect(new Set(shareOf)).toEqual(new Set(shares));
      }),
    );
  });
});

describe('openByLeader', () => {
  it('asks each broker once for all that it leads and has not acknowledged', () => {
    fc.assert(
      fc.property(batch, leaders, fc.nat(31), (messages, led, done) => {
        const { shares } = sharesOf(messages, partitionOf);
        for (const share of shares) share.acknowledged = ((done >> share.partition) & 1) === 1;
        const groups = openByLeader(shares, led);
        expect(groups.flat().toSorted(byPartition)).toEqual(
          shares.filter(({ acknowledged }) => !acknowledged).toSorted(byPartition),
        );
        const asked = groups.map((group) => new Set(group.map((s) => led.get(s.partition))));
        expect(asked.every(({ size }) => size === 1)).toBe(true);
        expect(new Set(asked.flatMap((nodes) => [...nodes])).size).toBe(groups.length);
        for (const share of groups.flat()) expect(share.leader).toBe(led.get(share.partition));
      }),
    );
  });
});

const byPartition = (one: PartitionShare, other: PartitionShare): number =>
  one.partition - other.partition;

describe('a share', () => {
  it('is unsent until an attempt is written, then in doubt until it is acknowledged', () => {
    const share = oneShare();
    share.beginAttempt();
    expect(share.outcome).toBe('unsent');
    encode(share);
    expect({ outcome: share.outcome, written: share.written }).toEqual({
      outcome: 'in-doubt',
      written: 1,
    });
    share.beginAttempt();
    encode(share);
    expect(share.written).toBe(2);
    share.acknowledged = true;
    expect(share.outcome).toBe('sent');
  });

  it('that was refused at the first attempt is unsent, at a later one in doubt', () => {
    const share = oneShare();
    share.beginAttempt();
    encode(share);
    share.refused = true;
    expect(share.outcome).toBe('unsent');
    share.beginAttempt();
    encode(share);
    expect(share.outcome).toBe('in-doubt');
  });

  it('that was given up cannot be written any more', () => {
    const share = oneShare();
    share.beginAttempt();
    share.giveUp();
    expect(() => encode(share)).toThrow('given up');
    expect(share.outcome).toBe('unsent');
  });
});
