// An upgrade goes on until every part of a table is as declared, waits for what rewrites parts, and ends.
import { describe, expect, it } from 'vitest';
import type { ClickHouse } from '../platform/clickhouse/client.ts';
import { UnavailableError } from '../platform/errors.ts';
import { silentLog } from '../platform/log.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { tableOf, type Table } from '../streams/table.ts';
import { oneLine, settingsOf } from './ddl.ts';
import { unlikeDeclared, upgradeTable } from './upgrade.ts';

const declared = tableOf(sensorData);

/** A server that holds the table as declared, but for what its parts lack. */
class Server {
  /** By part: the columns and projections that it lacks. */
  parts: { readonly lacksColumn?: string; readonly lacksProjection?: string }[] = [];
  pending = 0;
  exists = true;
  /** What a statement changes; by default it fills every part. */
  carryOut: (statement: string) => void = () => (this.parts = [{}, {}]);
  readonly ran: string[] = [];
  readonly asked: string[] = [];

  client(): ClickHouse {
    return {
      rows: (sql: string) => Promise.resolve(this.#answer(sql)),
      command: (sql: string) => {
        this.ran.push(oneLine(sql));
        this.carryOut(sql);
        return Promise.resolve();
      },
    } as unknown as ClickHouse;
  }

  #answer(sql: string): object[] {
    const { columns, comment, name, projections }: Table = declared;
    if (sql.includes('AS upgradeTime')) return [{ upgradeTime: '2026-01-01 00:00:00.000' }];
    if (sql.includes('system.mutations')) {
      this.asked.push('mutations');
      const pending = this.pending;
      this.pending = Math.max(0, pending - 1);
      if (sql.includes('DISTINCT table')) return pending === 0 ? [] : [{ table: name }];
      return [{ pending: String(pending), partsToDo: '1', failure: '' }];
    }
    if (sql.includes('system.parts_columns')) {
      return this.parts.flatMap(({ lacksColumn, lacksProjection }) => [
        { kind: 'columns', table: name, names: namesOf(columns, lacksColumn) },
        { kind: 'projections', table: name, names: namesOf(projections, lacksProjection) },
      ]);
    }
    if (!this.exists) return [];
    const settings = Object.entries(settingsOf(declared)).map(
      ([key, value]) => `${key} = ${value}`,
    );
    const keys = ['toYYYYMM(ingest_time)', declared.orderBy.join(', ')];
    const described = (kind: string, found: string[]) => ({ kind, table: name, found });
    return [
      described('table', [name, 'MergeTree', settings.join(', '), ...keys, comment]),
      ...columns.map((column, index) => {
        const kindOfDefault = column.default === undefined ? '' : 'DEFAULT';
        const { codec = '', default: expression = '', name: own, type } = column;
        return described('column', [`${index}`, own, type, kindOfDefault, expression, codec]);
      }),
      ...projections.map((each) => described('projection', [each.name, each.select])),
    ];
  }
}

const namesOf = (all: readonly { name: string }[], lacking: string | undefined): string[] =>
  all.map(({ name }) => name).filter((name) => name !== lacking);

const upgrade = (server: Server, signal = new AbortController().signal): Promise<string[]> =>
  upgradeTable(server.client(), 'db', declared, silentLog(), signal);

describe('an upgrade', () => {
  it('does nothing where all is as declared', async () => {
    const server = new Server();
    server.parts = [{}, {}];
    expect(await upgrade(server)).toEqual([]);
  });

  it.each([0, 1])('stores a column that part %i alone lacks', async (at) => {
    const server = new Server();
    server.parts = [{}, {}];
    server.parts[at] = { lacksColumn: 'ingest_time' };
    const steps = await upgrade(server);
    expect(steps[0]).toContain('MODIFY COLUMN ingest_time DEFAULT');
    expect(server.ran).toHaveLength(1);
  });

  it.each([0, 1])('stores a projection that part %i alone lacks', async (at) => {
    const server = new Server();
    server.parts = [{}, {}];
    server.parts[at] = { lacksProjection: 'positions' };
    expect(await upgrade(server)).toEqual([
      'ALTER TABLE sensor_data MATERIALIZE PROJECTION positions',
    ]);
  });

  it('waits for mutations that still rewrite parts, before it looks and after each step', async () => {
    const server = new Server();
    server.pending = 3;
    server.parts = [{ lacksProjection: 'positions' }];
    let open = -1;
    server.carryOut = () => {
      open = server.pending;
      server.parts = [{}];
      server.pending = 2;
    };
    await upgrade(server);
    expect(open).toBe(0);
    expect(server.pending).toBe(0);
    expect(server.asked.length).toBeGreaterThanOrEqual(7);
  });

  it('ends where a server does not do what it confirms, and where its table is gone', async () => {
    const server = new Server();
    server.parts = [{ lacksProjection: 'positions' }];
    server.carryOut = () => undefined;
    await expect(upgrade(server)).rejects.toThrow(/still not as declared after/);
    expect(server.ran).toHaveLength(20);
    const gone = new Server();
    gone.exists = false;
    await expect(upgrade(gone)).rejects.toThrow(UnavailableError);
  });

  it('begins no step once it is to stop', async () => {
    const server = new Server();
    server.parts = [{ lacksProjection: 'positions' }];
    await expect(upgrade(server, AbortSignal.abort(new Error('stopped')))).rejects.toThrow(
      'stopped',
    );
    expect(server.ran).toEqual([]);
  });
});

describe('tables that are not as declared', () => {
  const unlike = async (change: (server: Server) => void): Promise<string[]> => {
    const server = new Server();
    server.parts = [{}, {}];
    change(server);
    const found = await unlikeDeclared(server.client(), 'db', [declared]);
    return [...found].map(({ name }) => name);
  };

  it('are those that lack something, are being rewritten, or are gone', async () => {
    expect(await unlike(() => undefined)).toEqual([]);
    const lacking = (lacks: Server['parts'][number]) => (server: Server) => {
      server.parts = [{}, lacks];
    };
    expect(await unlike(lacking({ lacksProjection: 'positions' }))).toEqual(['sensor_data']);
    expect(await unlike(lacking({ lacksColumn: 'ingest_time' }))).toEqual(['sensor_data']);
    expect(await unlike((server) => (server.pending = 1))).toEqual(['sensor_data']);
    expect(await unlike((server) => (server.exists = false))).toEqual(['sensor_data']);
  });
});
