// What a takeover says about the rows that are there: offsets in no table and rows too many are told at
// once, by partition, and nothing is said when all is well.
import { randomBytes } from 'node:crypto';
import { expect, inject, it } from 'vitest';
import { describeBackend } from '../backend/context.ts';
import { openWorld, type World } from '../chaos/world.ts';

/** A world with 300 messages in it, some of them bad, all ingested. */
async function ingestedWorld(): Promise<World> {
  const world = await openWorld({
    kafkaBootstrap: inject('kafkaBootstrap'),
    clickhouseUrl: inject('clickhouseUrl'),
  });
  await world.fill(300, 20);
  await world.ingestAll();
  await world.verified();
  return world;
}

/** The warnings of a consumer that takes over. A group of its own: nobody's session has to end first. */
async function warningsOf(world: World): Promise<string[]> {
  const KAFKA_GROUP = `holes-${randomBytes(6).toString('hex')}`;
  await using consumer = world.consumerProcess({ KAFKA_GROUP });
  await consumer.logged(/took over 3 partitions/, 60_000);
  return consumer.lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
}

describeBackend('a takeover', () => {
  it('says nothing about rows that add up with the dead letters between them', async () => {
    await using world = await ingestedWorld();
    expect(await warningsOf(world)).toEqual([]);
  });

  it('warns of offsets that are in no table', async () => {
    await using world = await ingestedWorld();
    await world.clickhouse.command(
      'DELETE FROM sensor_data WHERE kafka_partition = 1 AND kafka_offset IN (40, 42)',
    );
    expect(await warningsOf(world)).toEqual([
      'partition 1: of offsets 0 to 99 2 are in no table; npm run audit tells more',
    ]);
  });

  it('warns of rows that are there twice', async () => {
    await using world = await ingestedWorld();
    await world.clickhouse.command(
      `INSERT INTO sensor_data SELECT * FROM sensor_data
       WHERE kafka_partition = 2 AND kafka_offset BETWEEN 10 AND 12`,
    );
    const [warning, ...others] = await warningsOf(world);
    expect(warning).toMatch(/^partition 2: of offsets 0 to \d+ 3 rows are too many/);
    expect(others).toEqual([]);
  });
});
