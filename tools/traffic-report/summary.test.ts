import { describe, expect, it } from 'vitest';
import { rollingOf, type DetectorState, type RollingParts } from './snapshot.ts';
import { summary } from './summary.ts';

const NOON = Date.UTC(2026, 10, 21, 12);

function detector(id: string, status: string, events: number, minute: number): DetectorState {
  return {
    ...{ detector_id: id, detector_type: 'loop', detector_status: status, signal_id: 'S' },
    ...{ is_operational: status.startsWith('OK'), events },
    last_event: `2026-11-21T11:${String(minute).padStart(2, '0')}:00.000Z`,
    last_seen: '2026-11-21T12:00:00.000Z',
  };
}

const parts: RollingParts = {
  since: null,
  detectors: [
    detector('D-1', 'OK', 1_200, 59),
    detector('D-2', 'FAILED', 3, 10),
    detector('D-3', 'OK', 40, 5),
    detector('D-4', 'OK - low', 40, 6),
  ],
  eventsLastHour: 77,
  days: [
    {
      ...{ day: '2026-11-21', events: 1_283, hours_with_data: 12, mean_hourly_events: 106.9166 },
      ...{ peak_hour: 8, peak_events: 301 },
    },
    ...[18, 17, 16].map((day) => ({
      ...{ day: `2026-11-${day}`, events: 5, hours_with_data: 1, mean_hourly_events: 5 },
      ...{ peak_hour: 17, peak_events: 5 },
    })),
  ],
  availability: [
    { day: '2026-11-21', detector_id: 'D-1', hours_with_data: 12, availability: 50 },
    { day: '2026-11-18', detector_id: 'D-1', hours_with_data: 24, availability: 100 },
    { day: '2026-11-21', detector_id: 'D-3', hours_with_data: 1, availability: 100 / 24 },
    { day: '2026-11-21', detector_id: 'D-4', hours_with_data: 2, availability: 200 / 24 },
  ],
};

describe('rollingOf', () => {
  it('adds up, ranks, and counts the hours of all the days, of which a detector may have none', () => {
    expect(rollingOf(parts)).toMatchObject({
      ...{ events: 1_283, detectors: 4, last_event: '2026-11-21T11:59:00.000Z' },
      by_status: [
        { status: 'OK', detectors: 2 },
        { status: 'FAILED', detectors: 1 },
        { status: 'OK - low', detectors: 1 },
      ],
      lowest_availability: [
        { detector_id: 'D-2', availability: 0 },
        { detector_id: 'D-3', availability: 100 / 96 },
        { detector_id: 'D-4', availability: 200 / 96 },
        { detector_id: 'D-1', availability: 37.5 },
      ],
      most_events: [
        { detector_id: 'D-1', events: 1_200 },
        { detector_id: 'D-3', events: 40 },
        { detector_id: 'D-4', events: 40 },
        { detector_id: 'D-2', events: 3 },
      ],
    });
  });
});

describe('summary', () => {
  it('says every figure with its name', () => {
    expect(summary(rollingOf(parts), NOON)).toBe(
      [
        'Traffic at 2026-11-21 12:00:00 UTC: all stored events',
        '  events               1,283 of 4 sensors',
        '  last hour of data    77 up to 2026-11-21 11:59:00 UTC',
        '  day 2026-11-21       peak hour 08:00 with 301, mean 106.9 an hour over 12 hours with data',
        '  day 2026-11-18       peak hour 17:00 with 5, mean 5.0 an hour over 1 hour with data',
        '  day 2026-11-17       peak hour 17:00 with 5, mean 5.0 an hour over 1 hour with data',
        '  sensors by status    OK 2, FAILED 1, OK - low 1',
        '  lowest availability  D-2 0.0 %, D-3 1.0 %, D-4 2.1 %, D-1 37.5 %',
        '  most events          D-1 1,200, D-3 40, D-4 40, D-2 3',
        '',
      ].join('\n'),
    );
  });

  it('says so when nothing arrived', () => {
    const since = '2026-11-21T11:00:00.000Z';
    const none = {
      since,
      detectors: [],
      eventsLastHour: 0,
      days: [],
      availability: [],
    };
    expect(summary(rollingOf(none), NOON)).toBe(
      'Traffic at 2026-11-21 12:00:00 UTC: events that arrived since 2026-11-21 11:00:00 UTC\n  no events\n',
    );
  });

  it('lets no name start a line or colour the terminal, and cuts long lists', () => {
    const detectors = Array.from({ length: 12 }, (_, i) => {
      return detector(`D\n${i}\x1b[31m`, `status ${i}\r`, i, i);
    });
    const text = summary(rollingOf({ ...parts, detectors }), NOON);
    expect(text.split('\n')).toHaveLength(10);
    expect(text).not.toMatch(/[\x1b\r]/);
    expect(text).toContain('4 more');
  });
});
