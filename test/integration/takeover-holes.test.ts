// What a takeover says about the rows that are there: offsets in no table and rows too many are named at
// once, by partition, and nothing is said when all is well.
import { randomBytes } from 'node:crypto';
import { expect, inject, it } from 'vitest';
import { createLog } from '../../platform/log.ts';
import { describeBackend } from '../backend/context.ts';
import { openWorld, type World } from '../chaos/world.ts';
import { until } from './processor-world.ts';

/** The warnings of a consumer that takes over. A group of its own: nobody's session has to end first. */
async function warningsOf(world: World): Promise<string[]> {
  const KAFKA_GROUP = `holes-${randomBytes(6).toString('hex')}`;
  const lines: { level: string; msg: string }[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as (typeof lines)[0]);
  const log = createLog({ service: 'test', to: { write } });
  await using running = new AsyncDisposableStack();
  running.use(await world.consumer({ KAFKA_GROUP }, log));
  await until(() => lines.some(({ msg }) => msg.startsWith('took over 3 partitions')));
  return lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
}

describeBackend('a takeover', () => {
  it('warns of offsets that are in no table and of rows that are there twice, and else says nothing', async () => {
    await using world = await openWorld({
      kafkaBootstrap: inject('kafkaBootstrap'),
      clickhouseUrl: inject('clickhouseUrl'),
    });
    await world.fill(300, 20);
    await world.ingestAll();
    await world.verified();
    // They add up with the dead letters between them.
    expect(await warningsOf(world)).toEqual([]);

    await world.clickhouse.command(
      'DELETE FROM sensor_data WHERE kafka_partition = 1 AND kafka_offset IN (40, 42)',
    );
    const missing =
      'partition 1: of offsets 0 to 99 2 are in no table; run npm run audit for details';
    expect(await warningsOf(world)).toEqual([missing]);

    await world.clickhouse.command(
      `INSERT INTO sensor_data SELECT * FROM sensor_data
       WHERE kafka_partition = 2 AND kafka_offset BETWEEN 10 AND 12`,
    );
    const [first, second, ...others] = (await warningsOf(world)).toSorted();
    expect(first).toBe(missing);
    expect(second).toMatch(/^partition 2: of offsets 0 to \d+ 3 rows are too many/);
    expect(others).toEqual([]);
  });
});
