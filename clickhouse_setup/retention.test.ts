import { describe, expect, it } from 'vitest';
import type { ClickHouse } from '../platform/clickhouse/client.ts';
import { silentLog } from '../platform/log.ts';
import { streams } from '../streams/index.ts';
import { consumerPositions, deadLetterRedrives, tableOf } from '../streams/table.ts';
import { retentionTtl } from '../platform/clickhouse/retention.ts';
import { tablesOf } from './generate.ts';
import { applyRetention, expiring, ttlStep } from './retention.ts';

describe('RETENTION_DAYS', () => {
  it('applies to rows and dead letters, never to recorded positions', () => {
    const names = expiring(tablesOf(streams)).map(({ name }) => name);
    expect(names).toEqual([...streams.map(({ table }) => table.name), 'dead_letters']);
    expect(names).not.toContain(consumerPositions.name);
    expect(names).not.toContain(deadLetterRedrives.name);
  });

  it.each([
    ['', undefined, 'nothing'],
    ['', 0, 'nothing'],
    ['', 30, 'set'],
    [retentionTtl(30), 30, 'nothing'],
    [retentionTtl(30), 7, 'set'],
    [retentionTtl(30), 0, 'remove'],
    [retentionTtl(30), undefined, 'nothing'],
    ['ts + toIntervalYear(1)', undefined, 'nothing'],
    ['ts + toIntervalYear(1)', 30, 'conflict'],
    ['ts + toIntervalYear(1)', 0, 'conflict'],
  ] as const)('where the TTL is "%s" and it says %s: %s', (found, days, step) => {
    expect(ttlStep(found, days)).toBe(step);
  });
});

describe('retention of a database', () => {
  async function commandsFor(days: number | undefined): Promise<string[]> {
    const commands: string[] = [];
    const clickhouse = {
      rows: () => Promise.resolve([]),
      command: (sql: string) => Promise.resolve(void commands.push(sql.slice(0, 11))),
    } as unknown as ClickHouse;
    const table = tableOf(streams[0]!);
    const tables = { tables: [table], streamTables: [table] };
    await applyRetention(clickhouse, 'db', tables, days, silentLog());
    return commands;
  }

  it('records positions before anything may expire', async () => {
    expect(await commandsFor(30)).toEqual(['INSERT INTO', 'ALTER TABLE']);
  });

  it('is nothing where it is not set, or nothing expired anyway', async () => {
    expect(await commandsFor(undefined)).toEqual([]);
    expect(await commandsFor(0)).toEqual([]);
  });
});
