// What a person is told about a value that is no instant: the unit it seems to have, the bound it
// misses, the part that is missing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instant } from './field.ts';
import { aheadFault, instantFault } from './instant-fault.ts';
import { instantMs } from './instant.ts';
import { checkField } from './validate.ts';

const field = instant();
const form = 'is not epoch seconds or an ISO-8601 instant with a zone';
const earliest = 'is before 2000-01-01, the earliest time of this stream';

describe('instantFault', () => {
  it.each([
    [1_795_161_600_000, 'looks like epoch milliseconds; this stream takes epoch seconds: divide by 1000'],
    [1_795_161_600_000_000, 'looks like epoch microseconds; this stream takes epoch seconds: divide by 1000000'],
    [1.795e18, 'looks like epoch nanoseconds; this stream takes epoch seconds: divide by 1000000000'],
    [1e300, 'is later than 2299-12-31T23:59:59.999Z, the last instant of a table'],
    ['9999-12-31T00:00:00Z', 'is later than 2299-12-31T23:59:59.999Z, the last instant of a table'],
    [16_725_225_600, 'is later than 2299-12-31T23:59:59.999Z, the last instant of a table'],
    ['1999-12-31T23:59:59Z', earliest],
    ['1958-03-01T00:00:00Z', earliest],
    [946_684_799, `(1999-12-31T23:59:59Z) ${earliest}`],
    [-1e300, `(long before our time) ${earliest}`],
    ['noon', form],
    ['1594512094385', `${form}; epoch seconds are a number without quotes, and these digits look like epoch milliseconds`],
    ['1594512094', `${form}; epoch seconds are a number without quotes`],
    ['2026-11-20', `${form}; a date alone is not an instant: write 2026-11-20T00:00:00Z`],
    ['2026-11-20 08:00:00', `${form}; the zone is missing: write 2026-11-20T08:00:00Z if it is UTC, or 2026-11-20T08:00:00+01:00`],
    ['2026-11-20T08:00', `${form}; the zone is missing: write 2026-11-20T08:00Z if it is UTC, or 2026-11-20T08:00+01:00`],
    ['2026-11-20 08:00:00+00:00', `${form}; write 2026-11-20T08:00:00+00:00`],
    ['2026-11-20 08:00:00.123456+00', `${form}; write 2026-11-20T08:00:00.123456+00:00`],
    ['2026-11-20 08:00:00 UTC', `${form}; write 2026-11-20T08:00:00Z`],
    ['2026-11-20t08:00:00z', `${form}; write 2026-11-20T08:00:00Z`],
    ['2026-11-20T08:00:00+0130', `${form}; write 2026-11-20T08:00:00+01:30`],
    ['2026-11-20T08:00:00\u221201:00', `${form}; write 2026-11-20T08:00:00-01:00`],
    ['2026-11-20T08:00:00+01:00[Europe/Berlin]', `${form}; write 2026-11-20T08:00:00+01:00`],
    ['2026-11-20T08:00:00.1234567891Z', `${form}; write 2026-11-20T08:00:00.123456789Z`],
    ['2026-11-20T08:00:00,5Z', `${form}; write 2026-11-20T08:00:00.5Z`],
    ['2026-02-30 08:00:00+00', form],
    ['20.11.2026 08:00:00', `${form}; write the year first: 2026-01-31T12:00:00Z`],
    ['11/20/2026 8:00 AM', `${form}; write the year first: 2026-01-31T12:00:00Z`],
    [46_346.5, `(1970-01-01T12:52:26.500Z) ${earliest}; if it is the day number of a spreadsheet, export the column as 2026-01-31T12:00:00Z`],
    ['2016-12-31T23:59:60Z', `${form}; a leap second has no epoch time`],
  ])('%j', (value, problem) => expect(instantFault(field, value)).toBe(problem)); // prettier-ignore

  it('accepts values in bounds, and names the bound of the field, not a fixed one', () => {
    expect(instantFault(field, 1_795_161_600)).toBeUndefined();
    expect(instantFault(field, '2000-01-01T00:00:00Z')).toBeUndefined();
    const old = instant({ minMs: Date.UTC(1950, 0, 1, 12) });
    expect(instantFault(old, '1958-03-01T00:00:00Z')).toBeUndefined();
    expect(instantFault(old, '1949-03-01T00:00:00Z')).toContain('is before 1950-01-01T12:00:00Z,');
  });

  it('finds the unit of any time from 1980 to 2199 that is written finer than in seconds', () => {
    const units = fc.constantFrom(
      [1e3, 'milliseconds'] as const,
      [1e6, 'microseconds'] as const,
      [1e9, 'nanoseconds'] as const,
    );
    const seconds = fc.integer({ min: 315_532_800, max: 7_258_118_399 });
    fc.assert(
      fc.property(seconds, units, (second, [perSecond, unit]) => {
        expect(instantFault(field, second * perSecond)).toContain(`looks like epoch ${unit};`);
      }),
    );
  });

  it('suggests only forms that it would take', () => {
    const dates = fc.constantFrom('2026-11-20', '2026-02-30', '2026-13-01', '1999-01-01');
    const times = fc.constantFrom(
      '08:00',
      '08:00:00',
      '24:00:00',
      '08:00:00,25',
      '08:00:00.1234567890',
    );
    const zones = fc.constantFrom('', 'z', ' UTC', '+01', '-0330', '+15:00', '[Europe/Berlin]');
    const apart = fc.constantFrom('T', 't', ' ', '  ');
    fc.assert(
      fc.property(dates, apart, times, zones, (date, between, time, zone) => {
        const fault = instantFault(field, `${date}${between}${time}${zone}`) ?? '';
        for (const [suggested] of fault.matchAll(/\d{4}-\d\d-\d\dT[^ ]+/g)) {
          expect(instantMs(suggested), fault).toBeDefined();
        }
      }),
    );
  });

  it('refuses exactly the values that the validator refuses', () => {
    const times = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(253e12) });
    const seconds = fc.double({ noNaN: true, noDefaultInfinity: true });
    const values = fc.oneof(
      ...[seconds, fc.double({ noNaN: true, min: 0, max: 2e10 }), fc.string()],
      times.map((time) => time.toISOString()),
    );
    fc.assert(
      fc.property(values, (value) => {
        const taken = typeof checkField(field, 'ts', value, Infinity) === 'number';
        expect(instantFault(field, value) === undefined).toBe(taken);
      }),
    );
  });
});

describe('aheadFault', () => {
  const now = Date.UTC(2026, 0, 1);
  it('is about times that a record of now would be rejected for', () => {
    expect(aheadFault(field, now + field.maxAheadMs, now)).toBeUndefined();
    expect(aheadFault(field, now + field.maxAheadMs + 1, now)).toBe(
      'is 2026-01-02T00:00:00.001Z, more than 24 hours ahead of now: the consumer would reject it',
    );
  });
});
