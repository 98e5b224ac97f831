import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expand, type Viewed } from './macros.ts';

const viewed: Viewed = {
  fromMs: 1_600_000_000_123,
  toMs: 1_600_000_060_999,
  intervalMs: 5_000,
  variables: { device: ["it's", 'b'], all: 'all', clock: ['ts'] },
  options: { all: ['x', 'y'] },
};
const from = 'fromUnixTimestamp64Milli(1600000000123)';
const to = 'fromUnixTimestamp64Milli(1600000060999)';

describe('expand', () => {
  it.each([
    ['$__timeFilter(t)', 't >= toDateTime(1600000000) AND t <= toDateTime(1600000060)'],
    ['$__timeFilter_ms(t)', `t >= ${from} AND t <= ${to}`],
    ['$__dateFilter(d)', "d >= toDate('2020-09-13') AND d <= toDate('2020-09-13')"],
    ['$__fromTime_ms, $__toTime', `${from}, toDateTime(1600000060)`],
    ['$__timeInterval(f(a, b))', 'toStartOfInterval(toDateTime(f(a, b)), INTERVAL 5 second)'],
    ['$__timeInterval_ms(t)', 'toStartOfInterval(toDateTime64(t, 3), INTERVAL 5000 millisecond)'],
    ['count() / $__interval_s', 'count() / 5'],
    ['$__interval ${__from} $__range_s', '5s 1600000000123 61'],
    ['d IN (${device:singlequote})', "d IN ('it\\'s','b')"],
    ['$__conditionalAll(d IN (${device:singlequote}), $device)', "d IN ('it\\'s','b')"],
    ['$__conditionalAll(d IN (${all:singlequote}), $all)', '1=1'],
    ['d IN (${all:singlequote})', "d IN ('x','y')"],
    ['$__timeFilter_ms(${clock:raw})', `ts >= ${from} AND ts <= ${to}`],
    ["match(d, '^a$')", "match(d, '^a$')"],
  ])('makes of %s what the plugin makes', (sql, expected) => {
    expect(expand(sql, viewed)).toBe(expected);
  });

  it.each(['$__unknown(t)', '${nobody:singlequote}', '$nobody', '$__timeFilter(t'])(
    'refuses %s',
    (sql) => expect(() => expand(sql, viewed)).toThrow(Error),
  );

  it('leaves SQL without macros alone, and ends for any text', () => {
    fc.assert(
      fc.property(fc.string(), (sql) => {
        fc.pre(!sql.includes('$'));
        expect(expand(sql, viewed)).toBe(sql);
      }),
    );
  });

  it('keeps a value inside its quotes, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.string().filter((value) => !value.includes('$')),
        (value) => {
          const sql = expand('${device:singlequote}', {
            ...viewed,
            variables: { device: [value] },
          });
          const inside = sql.slice(1, -1).replace(/\\[\\']/g, '');
          expect(inside).not.toMatch(/['\\]/);
        },
      ),
    );
  });
});
