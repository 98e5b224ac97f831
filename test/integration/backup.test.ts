// Backup and restore as docs/operations.md describes them: a backup while a consumer writes, a restore after
// everything is lost, and a consumer that continues exactly once. The test proves the order of the tables.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { auditReport } from '../../consumer/audit/report.ts';
import { tablesOf } from '../../clickhouse_setup/generate.ts';
import { streams } from '../../streams/index.ts';
import { describeBackend } from '../backend/context.ts';
import { openWorld, type World } from '../chaos/world.ts';

const endpoints = () => ({
  kafkaBootstrap: inject('kafkaBootstrap'),
  clickhouseUrl: inject('clickhouseUrl'),
});

const OPERATIONS = join(import.meta.dirname, '..', '..', 'docs', 'operations.md');

/** The statements of a kind in the page, in its order, for the backup of this world. */
function statements(kind: 'BACKUP' | 'RESTORE', world: World): string[] {
  const page = readFileSync(OPERATIONS, 'utf8');
  const found = page.match(new RegExp(`${kind} TABLE \\w+ (TO|FROM) File\\('[^']+'\\)`, 'g')) ?? [];
  return found.map((statement) => statement.replaceAll('2026-11-21', world.database));
}

const tableOf = (statement: string): string => /TABLE (\w+)/.exec(statement)![1]!;
const everyTable = tablesOf(streams).map(({ name }) => name);

describeBackend('a backup', () => {
  it('is documented in the order that keeps it true: positions, rows, dead letters, re-drives', async () => {
    await using world = await openWorld(endpoints(), { tables: false });
    const backedUp = statements('BACKUP', world).map(tableOf);
    expect(backedUp[0]).toBe('consumer_positions');
    expect(backedUp.slice(-2)).toEqual(['dead_letters', 'dead_letter_redrives']);
    expect(backedUp.toSorted()).toEqual(everyTable.toSorted());
    expect(statements('RESTORE', world).map(tableOf).toSorted()).toEqual(everyTable.toSorted());
  });

  it('taken while a consumer writes, and restored after a loss, is continued exactly once', async () => {
    await using world = await openWorld(endpoints());
    {
      await using consumer = await world.consumer();
      await world.fill(2_000, 20);
      await world.ingested();
      const writing = world.fill(6_000, 20);
      for (const statement of statements('BACKUP', world))
        await world.clickhouse.command(statement);
      await writing;
      await world.fill(500, 20);
      await world.ingested();
      expect(consumer.totals().lag).toBe(0);
    }
    const before = await world.rowCount();
    for (const table of everyTable) await world.clickhouse.command(`DROP TABLE ${table} SYNC`);
    for (const statement of statements('RESTORE', world)) await world.clickhouse.command(statement);
    const restored = await world.audit();
    expect(restored.exact, auditReport(restored)).toBe(true);
    expect(restored.behind).toBeGreaterThanOrEqual(500);
    expect(await world.rowCount()).toBeLessThan(before);
    await using again = await world.consumer({ KAFKA_GROUP: `again-${world.topic}` });
    await world.verified();
    expect(again.totals().inserted).toBeGreaterThan(0);
    expect(await world.rowCount()).toBe(before);
  });

  it('restored into the empty tables of a new installation is continued exactly once', async () => {
    await using world = await openWorld(endpoints());
    await world.fill(600, 20);
    await world.ingestAll();
    for (const statement of statements('BACKUP', world)) await world.clickhouse.command(statement);
    for (const table of everyTable) await world.clickhouse.command(`DROP TABLE ${table} SYNC`);
    await world.setUp();
    for (const statement of statements('RESTORE', world)) await world.clickhouse.command(statement);
    await world.setUp();
    await world.fill(100, 20);
    await using again = await world.consumer({ KAFKA_GROUP: `again-${world.topic}` });
    await world.verified();
    expect(again.totals().consumed).toBe(100);
  });

  it('taken in another order is not true: the control of this test', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    await world.fill(200, 20);
    await world.ingestAll();
    const [positions, ...others] = statements('BACKUP', world);
    for (const statement of others) await world.clickhouse.command(statement);
    await world.fill(200, 20);
    await world.ingestAll();
    await world.clickhouse.command(positions!);
    for (const table of everyTable) await world.clickhouse.command(`DROP TABLE ${table} SYNC`);
    for (const statement of statements('RESTORE', world)) await world.clickhouse.command(statement);
    expect((await world.audit()).partitions[0]!.missing).toBeGreaterThan(0);
  });
});
