// An audit of the topic before a topic: what has no record is not missing, and what has one is.
import { describe, expect, it } from 'vitest';
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { UnavailableError } from '../../platform/errors.ts';
import { streams } from '../../streams/index.ts';
import type { OffsetRange } from '../gap.ts';
import { auditOrigin, originReport, type OriginLog } from './origin-audit.ts';

const stream = streams.find(({ origin }) => origin !== undefined)!;

/** One partition: the offsets of which rows were made, and those with a record that may be read. */
function world(made: readonly number[], records: readonly number[], end: number) {
  const asked: OffsetRange[] = [];
  let ids = 0;
  const log: OriginLog & { replacedAt?: number } = {
    topic: 'raw',
    topicId: () => Promise.resolve(ids++ === log.replacedAt ? 'two' : 'one'),
    logRanges: () => Promise.resolve(new Map([[0, { begin: 0, end }]])),
    present: (_, ranges) => {
      asked.push(...ranges);
      const has = ({ first, last }: OffsetRange) => records.filter((at) => at >= first && at <= last);
      return Promise.resolve(ranges.flatMap(has).length);
    },
  }; // prettier-ignore
  const next = Math.max(-1, ...made) + 1;
  const answer = (sql: string): Record<string, string>[] => {
    if (sql.includes('AS greatest')) {
      return made.length === 0 ? [] : [{ p: '0', lowest: '0', greatest: String(next - 1) }];
    }
    if (sql.includes('AS surplus'))
      return [{ made: String(made.length), ahead: '0', surplus: '0' }];
    if (!sql.includes('lagInFrame')) return [];
    const last = Number(/origin_offset <= (\d+)/.exec(sql)![1]);
    const at = [...made.filter((offset) => offset <= last), last + 1];
    const gaps = at.map((each, index) => ({ first: (at[index - 1] ?? -1) + 1, last: each - 1 }));
    return gaps.filter(({ first, last }) => first <= last).map(({ first, last }) => ({ first: `${first}`, last: `${last}` })); // prettier-ignore
  };
  const clickhouse = { rows: (sql: string) => Promise.resolve(answer(sql)) };
  return { asked, log, audit: () => auditOrigin(clickhouse as unknown as ClickHouse, log, stream) };
}

describe('auditOrigin', () => {
  it('calls aborted records and markers absent, before the last record that was made and behind it', async () => {
    // 0 and 1 were made, 2 to 4 were aborted, 5 is their marker, 6 was made, 7 is its marker.
    const { audit } = world([0, 1, 6], [0, 1, 6], 8);
    const found = await audit();
    expect(found).toMatchObject({ exact: true, behind: 0 });
    expect(found.partitions).toMatchObject([{ made: 3, absent: 4, missing: 0, behind: 0 }]);
    expect(originReport(found, stream)).toContain(
      'EXACT: 3 of 8 records are rows or dead letters, 4 absent',
    );
  });

  it('still finds a record of which nothing was made, and those that are still to be made', async () => {
    const { audit, asked } = world([0, 1, 6], [0, 1, 4, 6, 8], 9);
    const found = await audit();
    expect(found).toMatchObject({ exact: false, behind: 1 });
    expect(found.partitions).toMatchObject([{ made: 3, absent: 3, missing: 1, behind: 1 }]);
    expect(asked).toEqual([
      { first: 2, last: 5 },
      { first: 7, last: 8 },
    ]);
  });

  it('asks for no record where everything was made', async () => {
    const { asked, audit } = world([0, 1, 2], [0, 1, 2], 3);
    expect(await audit()).toMatchObject({ exact: true, behind: 0 });
    expect(asked).toEqual([]);
  });

  it('does not read a long way that is to be gone yet', async () => {
    const { asked, audit } = world([0], [0], 1_000_000);
    expect(await audit()).toMatchObject({ exact: true, behind: 999_999 });
    expect(asked).toEqual([]);
  });

  it('does not judge a topic that was replaced meanwhile', async () => {
    const { audit, log } = world([0], [0], 1);
    Object.assign(log, { replacedAt: 1 });
    await expect(audit()).rejects.toThrow(UnavailableError);
  });
});
