// An audit of a pipeline that goes on between any two of its questions.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { UnavailableError } from '../../platform/errors.ts';
import { sensorData } from '../../streams/sensor-data.ts';
import { auditReport } from './report.ts';
import { auditTopic } from './audit.ts';
import { describeGap, NOT_IN_LOG } from '../gap.ts';

type Row = Record<string, string>;

/** One partition. Before every answer a batch arrives and lands: a transaction's marker, a row, a dead letter. */
class BusyTables {
  readonly rowsAt: number[] = [];
  readonly deadAt: number[] = [];
  readonly facts: Row[] = [];
  end = 0;
  /** Dead letters that were published more than once. */
  twice = '0';
  readonly #steps: readonly number[];
  #asked = 0;

  constructor(steps: readonly number[]) {
    this.#steps = steps;
  }

  #step(batches: number): void {
    for (let left = batches; left > 0; left -= 1) {
      const first = this.end;
      const detail = describeGap([{ first, last: first }], 'had no record');
      this.facts.push({ p: '0', o: String(first), reason: NOT_IN_LOG, detail });
      this.deadAt.push(first + 1);
      this.rowsAt.push(first + 2);
      this.end += 3;
    }
  }

  moves(): void {
    this.#step(this.#steps[this.#asked % this.#steps.length]!);
    this.#asked += 1;
  }

  rows(sql: string): Promise<Row[]> {
    this.moves();
    return Promise.resolve(this.#answer(sql));
  }

  #answer(sql: string): Row[] {
    if (sql.includes('AS last')) {
      return this.rowsAt.length === 0 ? [] : [{ p: '0', last: String(this.rowsAt.at(-1)) }];
    }
    if (sql.includes('SELECT DISTINCT toString(kafka_partition)')) return [...this.facts];
    if (sql.includes('AS checksum')) {
      return this.#counted(sql, sql.includes('FROM dead_letters') ? this.deadAt : this.rowsAt);
    }
    if (sql.includes('AS engineFull')) return [{ engineFull: 'MergeTree' }];
    if (sql.includes('FROM dead_letter_redrives') && !sql.includes('AS deadAgain'))
      return [{ n: '1' }];
    const none = { published: '0', rows: '0', deadAgain: '0', twice: this.twice };
    return sql.includes('AS deadAgain') ? [{ ...none, interrupted: '0', doubtful: '0' }] : [];
  }

  #counted(sql: string, offsets: readonly number[]): Row[] {
    const figures = [...sql.matchAll(/\[toUInt64\((\d+)\)\]/g)].map(([, figure]) => Number(figure));
    const [, position = 0, logEnd = Infinity] = figures;
    if (offsets.length === 0) return [];
    const below = String(offsets.filter((offset) => offset < position).length);
    const ahead = offsets.filter((offset) => offset >= position && offset < logEnd).length;
    const found = { n: below, offsets: below, inLog: below, ahead: String(ahead) };
    return [{ p: '0', ...found, lowest: String(offsets[0]), checksum: '0' }];
  }
}

it('adds up while batches land between any two questions, and never counts more than the log holds', async () => {
  const steps = fc.array(fc.nat(3), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(steps, async (arrivals) => {
      const tables = new BusyTables(arrivals);
      const log = {
        topic: 't',
        topicId: () => Promise.resolve('one'),
        logRanges: () => {
          tables.moves();
          return Promise.resolve(new Map([[0, { begin: 0, end: tables.end }]]));
        },
      };
      const audit = await auditTopic(tables as unknown as ClickHouse, log, sensorData);
      expect(audit.exact, auditReport(audit)).toBe(true);
      const { absent, behind, dead, end, good } = audit.partitions[0] ?? NONE;
      expect(good + dead + absent + behind).toBe(end);
    }),
  );
});

const NONE = { absent: 0, behind: 0, dead: 0, end: 0, good: 0 };

describe('an audit', () => {
  const audited = (tables: BusyTables, ids = ['one', 'one']) => {
    const log = {
      topic: 't',
      topicId: () => Promise.resolve(ids.shift()!),
      logRanges: () => Promise.resolve(new Map([[0, { begin: 0, end: tables.end }]])),
    };
    return auditTopic(tables as unknown as ClickHouse, log, sensorData);
  };

  it('does not add up where a dead letter was published again twice', async () => {
    const tables = new BusyTables([0]);
    expect((await audited(tables)).exact).toBe(true);
    tables.twice = '1';
    expect(await audited(tables)).toMatchObject({ exact: false, redrives: { twice: 1 } });
  });

  it('is void where the topic was replaced meanwhile', async () => {
    const void_ = audited(new BusyTables([0]), ['one', 'two']);
    await expect(void_).rejects.toThrow(UnavailableError);
  });
});
