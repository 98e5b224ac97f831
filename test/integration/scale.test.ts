// Three consumers of one group on a topic of twelve partitions: they share the work evenly, and every
// message is there once after each of them has joined and left while messages arrive.
import { expect, inject, it, vi } from 'vitest';
import type { Consumer } from '../../consumer/main.ts';
import { describeBackend } from '../backend/context.ts';
import { startLoad } from '../chaos/load.ts';
import { openWorld, type World } from '../chaos/world.ts';

vi.setConfig({ testTimeout: 300_000 });

const PARTITIONS = 12;

/** How many partitions each owner has, by the claims that stand. */
async function shares(world: World): Promise<number[]> {
  const rows = await world.clickhouse.rows<{ n: string }>(
    `SELECT toString(count()) AS n
     FROM (SELECT kafka_partition, argMax(owner, (epoch, owner)) AS owner FROM consumer_positions
           WHERE reason = 'claim' AND stream_table = 'sensor_data' GROUP BY kafka_partition)
     GROUP BY owner ORDER BY count()`,
  );
  return rows.map(({ n }) => Number(n));
}

describeBackend('three consumers of one group', () => {
  it('share twelve partitions, and nothing is lost or doubled when they join and leave', async () => {
    await using world = await openWorld(
      { kafkaBootstrap: inject('kafkaBootstrap'), clickhouseUrl: inject('clickhouseUrl') },
      { partitions: PARTITIONS },
    );
    await using running = new AsyncDisposableStack();
    const all: Consumer[] = [];
    const ended = new Set<Consumer>();
    const inserted = (): number[] => all.map((consumer) => consumer.totals().inserted);
    const join = async (): Promise<void> => {
      const consumer = await world.consumer({ FLUSH_INTERVAL_SEC: '0.3' });
      all.push(consumer);
      running.defer(async () => {
        if (!ended.has(consumer)) await consumer[Symbol.asyncDispose]();
      });
    };
    const leave = async (consumer: Consumer): Promise<void> => {
      ended.add(consumer);
      await consumer[Symbol.asyncDispose]();
    };
    /** The partitions are shared so, under load, and all of it lands once. */
    const settled = async (expected: number[]): Promise<void> => {
      {
        await using load = startLoad(world, { perRound: 60, everyMs: 300 });
        await expect.poll(() => shares(world), { timeout: 90_000 }).toEqual(expected);
        await load.stop();
      }
      const before = inserted();
      await world.fill(240, 25);
      expect((await world.verified()).partitions).toHaveLength(PARTITIONS);
      const worked = inserted().filter((count, at) => count > before[at]!);
      expect(worked).toHaveLength(expected.length);
    };
    await join();
    await settled([12]);
    await join();
    await settled([6, 6]);
    await join();
    await settled([4, 4, 4]);
    await leave(all[1]!);
    await settled([6, 6]);
    await leave(all[0]!);
    await settled([12]);
    await leave(all[2]!);
    // An insert that landed and was killed by the next owner before its answer is counted by nobody.
    const counted = inserted().reduce((sum, count) => sum + count);
    expect(counted).toBeLessThanOrEqual(await world.rowCount());
    expect(counted).toBeGreaterThan(0);
  });
});
