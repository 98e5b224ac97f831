// Retention on real servers: rows expire, positions do not: the consumer continues where it was, ingests
// nothing again, and the audit counts expired rows as expired, not as lost.
import { expect, inject, it, vi } from 'vitest';
import { auditReport } from '../../consumer/audit/report.ts';
import { Ledger } from '../../consumer/ledger.ts';
import { setUp } from '../../clickhouse_setup/setup.ts';
import { setupVariables } from '../../clickhouse_setup/variables.ts';
import { retentionDays } from '../../platform/clickhouse/retention.ts';
import { readConfig } from '../../platform/config.ts';
import { ConfigError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { describeBackend } from '../backend/context.ts';
import { openWorld, type World } from '../chaos/world.ts';

const endpoints = () => ({
  kafkaBootstrap: inject('kafkaBootstrap'),
  clickhouseUrl: inject('clickhouseUrl'),
});

async function retain(world: World, days: string): Promise<void> {
  const config = readConfig(setupVariables, world.env({ RETENTION_DAYS: days }));
  await setUp(config, silentLog());
}

async function daysOf(world: World, table: string): Promise<number | undefined> {
  const [found] = await world.clickhouse.rows<{ e: string }>(
    `SELECT engine_full AS e FROM system.tables WHERE database = currentDatabase() AND name = '${table}'`,
  );
  return retentionDays(found!.e);
}

/** Makes everything look as if it had been ingested so many days ago, positions included. */
async function age(world: World, days: number, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    const copy = `INSERT INTO ${table} SELECT * REPLACE (ingest_time - INTERVAL ${days} DAY AS ingest_time)`;
    await world.clickhouse.command(`CREATE TABLE old_rows AS ${table}`);
    await world.clickhouse.command(`INSERT INTO old_rows SELECT * FROM ${table}`);
    await world.clickhouse.command(`TRUNCATE TABLE ${table}`);
    await world.clickhouse.command(`${copy} FROM old_rows`);
    await world.clickhouse.command('DROP TABLE old_rows SYNC');
  }
  await world.clickhouse.command(
    `ALTER TABLE consumer_positions UPDATE written_at = written_at - INTERVAL ${days} DAY WHERE 1
     SETTINGS mutations_sync = 1`,
  );
}

async function expire(world: World): Promise<void> {
  await world.clickhouse.command('OPTIMIZE TABLE sensor_data FINAL');
  await world.clickhouse.command('OPTIMIZE TABLE dead_letters FINAL');
}

const AGED = ['sensor_data', 'dead_letters'];

describeBackend('RETENTION_DAYS', () => {
  it('is applied to new and to existing tables, changed, removed, and left alone when unset', async () => {
    await using world = await openWorld(endpoints());
    for (const [days, then] of [['30', 30], ['7', 7], ['', 7], ['0', undefined]] as const) {
      await retain(world, days);
      expect(await daysOf(world, 'sensor_data'), days).toBe(then);
      expect(await daysOf(world, 'dead_letters'), days).toBe(then);
      expect(await daysOf(world, 'consumer_positions')).toBeUndefined();
    }
  }); // prettier-ignore

  it('leaves a TTL of another author alone and says so', async () => {
    await using world = await openWorld(endpoints());
    await world.clickhouse.command(
      'ALTER TABLE sensor_data MODIFY TTL toDateTime(ingest_time) + INTERVAL 10 YEAR',
    );
    await expect(retain(world, '30')).rejects.toThrow(ConfigError);
    await expect(retain(world, '30')).rejects.toThrow(/sensor_data: RETENTION_DAYS and its TTL/);
    await expect(world.setUp()).resolves.toBeUndefined();
  });

  it('set on old rows takes them and not the position: a consumer goes on, nothing comes back', async () => {
    await using world = await openWorld(endpoints());
    await using killed = world.consumerProcess();
    await world.fill(300, 50);
    await world.ingested();
    // Killed hard: no checkpoint covers the rows.
    killed.kill('SIGKILL');
    await killed.exited;
    await age(world, 40, AGED);
    expect((await world.audit()).exact).toBe(true);
    await retain(world, '30');
    await expire(world);
    expect(await world.rowCount()).toBe(0);
    expect(await world.rowCount('dead_letters')).toBe(0);
    const emptied = await world.audit();
    expect(emptied, auditReport(emptied)).toMatchObject({
      exact: true,
      behind: 0,
      retentionDays: 30,
    });
    await world.fill(120, 50);
    // Another group, so as not to wait until the killed member's session is over.
    await using consumer = await world.consumer({ KAFKA_GROUP: `after-${world.topic}` });
    await world.ingested();
    expect(consumer.totals().inserted).toBeLessThan(120);
    const after = await world.audit();
    expect(after).toMatchObject({ exact: true, behind: 0 });
    expect((await world.rowCount()) + (await world.rowCount('dead_letters'))).toBe(120);
  });

  it('takes parts in no order: holes below what may have expired are none, above they are', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    await world.fill(300);
    await world.ingestAll();
    await age(world, 40, AGED);
    await world.fill(100);
    await world.ingestAll();
    await world.clickhouse.command(
      'DELETE FROM sensor_data WHERE kafka_offset BETWEEN 100 AND 199',
    );
    expect((await world.audit()).exact).toBe(false);
    await world.clickhouse.command('SYSTEM STOP TTL MERGES sensor_data');
    try {
      await retainWithoutRewriting(world);
      const audit = await world.audit();
      expect(audit).toMatchObject({ exact: true, behind: 0 });
      expect(audit.partitions[0]).toMatchObject({ expired: 300, good: 100 });
      await world.clickhouse.command('DELETE FROM sensor_data WHERE kafka_offset = 350');
      expect((await world.audit()).partitions[0]).toMatchObject({ missing: 1 });
    } finally {
      await world.clickhouse.command('SYSTEM START TTL MERGES sensor_data');
    }
  });

  it('finds positions recorded by a consumer that has nothing to do', async () => {
    await using world = await openWorld(endpoints());
    await using consumer = await world.consumer();
    await world.fill(60, 20);
    await world.ingested();
    const recorded = async (): Promise<number> => {
      const [row] = await world.clickhouse.rows<{ n: string }>(
        `SELECT toString(uniqExact(kafka_partition)) AS n FROM consumer_positions
         WHERE reason = 'checkpoint'`,
      );
      return Number(row!.n);
    };
    expect(await recorded()).toBe(0);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 16 * 60_000 });
    try {
      await expect.poll(recorded, { timeout: 40_000, interval: 500 }).toBe(3);
    } finally {
      vi.useRealTimers();
    }
    expect(consumer.totals().consumed).toBe(60);
  });

  it('leaves the projection, from which the position is read, in step with the rows', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    await world.fill(200);
    await world.ingestAll();
    await age(world, 40, AGED);
    await world.fill(50);
    await world.ingestAll();
    await retain(world, '30');
    await expire(world);
    const { source } = await world.audit();
    const ledger = new Ledger(world.clickhouse, world.database, 'sensor_data', 'test');
    const landed = await ledger.landed(source, [0]);
    expect(landed.get(0)?.rows).toEqual({ max: 249, min: 200, count: 50 });
  });
});

/** The TTL as metadata only, so that rows that are due are still there. */
async function retainWithoutRewriting(world: World): Promise<void> {
  await world.clickhouse.command(
    `ALTER TABLE sensor_data MODIFY TTL toDateTime(ingest_time) + toIntervalDay(30)
     SETTINGS materialize_ttl_after_modify = 0`,
  );
}
