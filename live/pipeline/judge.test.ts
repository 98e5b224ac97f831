import { describe, expect, it } from 'vitest';
import type { Place } from '../model/protocol.ts';
import { judge, silent } from './judge.ts';
import {
  perSecond,
  readConsumer,
  type ClickHouseReading,
  type Reading,
  type RelayReading,
} from './reading.ts';

const rows: ClickHouseReading = {
  ...{ rows: 1_000, recentRows: 900, recentDevices: 3, delayP99Ms: 2_000, newestAgeMs: 500 },
  ...{ deadRecent: 0, deadTotal: 0, deadReason: '' },
};

interface Now {
  readonly end?: number;
  readonly kept?: number;
  readonly inserted?: number;
  readonly lag?: number;
  readonly ready?: boolean;
  readonly relays?: readonly RelayReading[];
  readonly rows?: Partial<ClickHouseReading>;
}

function reading(
  atMs: number,
  { end = 0, inserted = 0, kept = end, lag = 0, ready = true, relays = [], rows: more }: Now,
): Reading {
  return {
    atMs,
    kafka: { ok: true, said: { end, kept, partitions: 3, relays } },
    consumer: {
      ok: true,
      said: { ready, inserted, lag, deadLetters: 0, duplicates: 0, unreadable: 0 },
    },
    clickhouse: { ok: true, said: { ...rows, ...more } },
  };
}

/** Ten seconds in which `sent` messages came and `inserted` were ingested. */
function after(sent: number, inserted: number, now: Now = {}): Record<Place['id'], Place> {
  const readings = [
    reading(0, { end: 1_000 }),
    reading(10_000, { ...now, end: 1_000 + sent, inserted }),
  ];
  const { places } = judge(readings, sent > 0 ? 10_000 : 0);
  return Object.fromEntries(places.map((place) => [place.id, place])) as Record<Place['id'], Place>;
}

describe('judge', () => {
  it('finds nothing wrong while everything flows', () => {
    const places = after(150, 150);
    expect(Object.values(places).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(places.producers).toMatchObject({
      figure: '15 msg/s',
      detail: '3 devices of all streams in the last minute',
    });
    expect(places.consumer).toMatchObject({ figure: '15 msg/s', detail: 'lag 0' });
  });

  it('names silent producers', () => {
    const { places } = judge([reading(0, { end: 10 }), reading(120_000, { end: 10 })], 0);
    expect(places[0]).toMatchObject({
      state: 'warn',
      reason: expect.stringMatching(/2 min ago/) as string,
    });
  });

  it('knows behind and catching up from behind and losing', () => {
    expect(after(100, 5_000, { lag: 49_000 }).consumer).toMatchObject({
      state: 'warn',
      reason: 'Behind by 49,000 messages and catching up: about 2 min to go.',
    });
    expect(after(5_000, 1_000, { lag: 20_000 }).consumer).toMatchObject({ state: 'warn' });
    expect(after(5_000, 1_000, { lag: 20_000 }).consumer.reason).toContain('npm run doctor');
    expect(after(50, 10, { lag: 20_000 }).consumer.state).toBe('bad');
    expect(after(5_000, 5_000, { lag: 400 }).consumer.state).toBe('ok');
  });

  it('names a partition that stands still, and the records behind an open transaction', () => {
    const consumerOf = (more: object): Place => {
      const now = reading(10_000, { ready: false, lag: 0 });
      if (!now.consumer.ok) throw new Error('it answers');
      const witness = { ok: true as const, said: { ...now.consumer.said, ...more } };
      return judge([reading(0, {}), { ...now, consumer: witness }], 0).places[2]!;
    };
    const standstills = ['partition 2 of t has stood at offset 5 for 42 s'];
    expect(consumerOf({ standstills })).toMatchObject({
      state: 'bad',
      reason: `It runs, but ${standstills[0]!}. Restart it; npm run doctor says more.`,
    });
    expect(consumerOf({ ready: true, hidden: 110 })).toMatchObject({
      state: 'ok',
      reason:
        'It has ingested everything. 110 messages may not be read before an open transaction ends.',
    });
  });

  it('reports rows that do not arrive, and late ones', () => {
    const stuck = after(150, 0, { lag: 150, rows: { newestAgeMs: 90_000 } });
    expect(stuck.clickhouse.state).toBe('bad');
    expect(after(150, 150, { rows: { delayP99Ms: 20_000 } }).clickhouse.state).toBe('warn');
    expect(after(0, 0, { rows: { newestAgeMs: null } }).clickhouse.state).toBe('idle');
  });

  it('says that messages come only while they do', () => {
    expect(after(150, 150).producers.reason).toBe('Messages keep coming.');
    // A page that was just opened does not know when the last one came.
    const { places } = judge([reading(0, { end: 10 }), reading(10_000, { end: 10 })], 0);
    expect(places[0]).toMatchObject({
      state: 'ok',
      figure: '0 msg/s',
      reason: 'None came in the last seconds.',
    });
  });

  it('counts the kept messages behind an open transaction', () => {
    const now = reading(0, { end: 50 });
    if (!now.kafka.ok) throw new Error('it answers');
    const open = { ...now, kafka: { ok: true as const, said: { ...now.kafka.said, hidden: 12 } } };
    expect(judge([open], 0).places[1]).toMatchObject({
      figure: '50 kept',
      reason:
        'Every message sent is still kept. 12 messages may not be read before an open transaction ends.',
    });
  });

  it('does not call aborted records messages that wait', () => {
    const old = { rows: { newestAgeMs: 90_000, delayP99Ms: null } };
    expect(after(150, 0, old).clickhouse).toMatchObject({ state: 'ok' });
    expect(after(150, 0, { ...old, lag: 1 }).clickhouse.reason).toContain('although messages wait');
    expect(after(150, 0, { ...old, ready: false }).clickhouse.state).toBe('bad');
    const relays = [{ name: 'enrich', done: 1, waiting: 1 }];
    expect(after(150, 0, { ...old, relays }).clickhouse.state).toBe('bad');
  });

  it('says that messages are rejected where no row arrives for that reason', () => {
    const dead = { deadRecent: 8, deadTotal: 8 };
    expect(
      after(150, 0, { rows: { ...dead, rows: 0, newestAgeMs: null } }).clickhouse,
    ).toMatchObject({
      state: 'warn',
      reason:
        'No message has become a row yet. npm run dead-letters shows those that were rejected.',
    });
    expect(after(150, 150, { rows: { ...dead, newestAgeMs: 90_000 } }).clickhouse.reason).toBe(
      'No row arrived for 2 min: the messages that arrive are rejected. npm run dead-letters shows why.',
    );
    const waiting = after(150, 0, { lag: 150, rows: { ...dead, newestAgeMs: 90_000 } });
    expect(waiting.clickhouse.reason).toContain('although messages wait');
  });

  it('reports a processor that stands still while messages wait for it, and no other', () => {
    const relay = (done: number, waiting: number): RelayReading[] => [
      { name: 'idle', done: 7, waiting: 0 },
      { name: 'enrich', done, waiting },
    ];
    const judged = (last: RelayReading[], newestAgeMs = 500) => {
      const readings = [0, 5_000, 12_000].map((atMs) => {
        const relays = atMs === 12_000 ? last : relay(50, 3);
        return reading(atMs, { end: 100 + atMs, relays, rows: { newestAgeMs } });
      });
      return judge(readings, 12_000).places;
    };
    expect(judged(relay(50, 9))[1]).toMatchObject({
      state: 'warn',
      reason:
        '9 messages wait for the processor enrich. Start it: npm run processor, with PROCESSOR=enrich.',
    });
    expect(judged(relay(50, 9), 90_000)[3]!.reason).toContain('Look at the processor');
    expect(judged(relay(51, 9))[1]!.state).toBe('ok');
    expect(judged(relay(50, 0))[1]!.state).toBe('ok');
    const soon = [reading(0, { relays: relay(50, 3) }), reading(2_000, { relays: relay(50, 3) })];
    expect(judge(soon, 2_000).places[1]!.state).toBe('ok');
  });

  it('reports dead letters by their share', () => {
    const few = after(150, 150, {
      rows: { deadRecent: 1, deadTotal: 5, deadReason: 'wrong_type' },
    });
    expect(few['dead-letters']).toMatchObject({
      state: 'warn',
      figure: '5 in all',
      detail: '1 in 15 minutes',
    });
    expect(few['dead-letters'].reason).toMatch(
      /^1 message rejected .* mostly wrong_type\. npm run dead-letters/,
    );
    expect(after(1, 1, { rows: { deadRecent: 900 } })['dead-letters'].state).toBe('bad');
  });

  it.each<[what: string, place: Place['id'], at: Parameters<typeof after>, beyond: Parameters<typeof after>]>([
    ['a lag of 500', 'consumer', [10, 10, { lag: 500 }], [10, 10, { lag: 501 }]],
    ['ten seconds of what arrives', 'consumer', [10_000, 10_000, { lag: 10_000 }], [10_000, 10_000, { lag: 10_001 }]],
    ['rows of a minute ago', 'clickhouse', [150, 0, { lag: 150, rows: { newestAgeMs: 60_000 } }], [150, 0, { lag: 150, rows: { newestAgeMs: 60_001 } }]],
    ['rows ten seconds late', 'clickhouse', [150, 150, { rows: { delayP99Ms: 10_000 } }], [150, 150, { rows: { delayP99Ms: 10_001 } }]],
    ['one of a hundred dead', 'dead-letters', [1, 1, { rows: { deadRecent: 15, recentRows: 99 } }], [1, 1, { rows: { deadRecent: 16, recentRows: 99 } }]],
    ['five minutes behind', 'consumer', [1_000, 10, { lag: 30_000 }], [1_000, 10, { lag: 30_001 }]],
  ])('takes %s for better than the next figure', (_, place, at, beyond) => {
    expect(after(...at)[place].state).not.toBe(after(...beyond)[place].state);
  }); // prettier-ignore

  it('takes a minute of silence for a pause, and a moment more for an end', () => {
    const silent_ = (ms: number) =>
      judge([reading(0, { end: 10 }), reading(ms, { end: 10 })], 0).places[0]!;
    expect([silent_(60_000).state, silent_(60_001).state]).toEqual(['ok', 'warn']);
  });

  it('takes ten seconds for long where a processor deals with nothing', () => {
    const relays = [{ name: 'enrich', done: 5, waiting: 1 }];
    const stands = (ms: number) =>
      judge([reading(0, { relays }), reading(ms, { relays })], ms).places[1]!.state;
    expect([stands(9_999), stands(10_000)]).toEqual(['ok', 'warn']);
  });

  it('distinguishes a pace of zero from an unknown one', () => {
    expect(perSecond({ atMs: 0, value: 5 }, { atMs: 1_000, value: 5 })).toBe(0);
    expect(judge([reading(0, { end: 3 }), reading(2_000, { end: 3 })], 0).flows).toEqual([0, 0, 0]);
  });

  it('hands on why a witness is silent, and guesses nothing from it', () => {
    const away = silent<never>('It does not answer.');
    const { flows, places } = judge(
      [{ atMs: 0, kafka: away, consumer: away, clickhouse: away }],
      undefined,
    );
    expect(places.map(({ state }) => state)).toEqual(['idle', 'bad', 'bad', 'bad', 'idle']);
    expect(places[1]!.reason).toBe('It does not answer.');
    expect(flows).toEqual([null, null, null]);
  });

  it('takes a restarted program for no negative pace', () => {
    const readings = [
      reading(0, { end: 10, inserted: 500 }),
      reading(1_000, { end: 20, inserted: 3 }),
    ];
    expect(judge(readings, 1_000).flows).toEqual([10, null, null]);
  });
});

describe('judge, word by word', () => {
  const old = { newestAgeMs: 90_000, delayP99Ms: null };
  const late = { newestAgeMs: 500, delayP99Ms: 20_000 };
  const away = silent<never>('It does not answer.');

  it.each<[what: string, place: Place['id'], given: Parameters<typeof after>, said: Partial<Place>]>([
    ['a log that is kept whole', 'kafka', [1, 1], { figure: '1,001 kept', reason: 'Every message sent is still kept.' }],
    ['what retention removed', 'kafka', [0, 0, { kept: 400 }], { figure: '400 kept', reason: 'Retention removed the 600 oldest messages.' }],
    ['all that is ingested', 'consumer', [1, 1], { reason: 'It has ingested everything.' }],
    ['a lag that is no lag', 'consumer', [1, 1, { lag: 5 }], { detail: 'lag 5', reason: 'It keeps up.' }],
    ['a consumer faster than producers', 'consumer', [100, 10_000, { lag: 9_000 }], { state: 'ok' }],
    ['a consumer as fast as producers', 'consumer', [50, 50, { lag: 9_000 }], { reason: 'Behind by 9,000 messages and not catching up. npm run doctor says what holds it back.' }],
    ['a consumer that waits', 'consumer', [1, 1, { ready: false }], { state: 'warn', reason: 'It runs, but waits for its partitions, Kafka or ClickHouse. Nothing is lost meanwhile.' }],
    ['rows that wait in Kafka', 'clickhouse', [0, 0, { lag: 5, rows: old }], { state: 'bad', reason: 'No row arrived for 2 min although messages wait. Look at the consumer.' }],
    ['a pause of producers', 'clickhouse', [0, 0, { ready: false, rows: old }], { state: 'ok', reason: 'It answers; no row came in the last minute.' }],
    ['a pause after rows', 'clickhouse', [0, 150, { rows: old }], { state: 'ok' }],
    ['processors without work', 'clickhouse', [150, 0, { rows: old, relays: [{ name: 'enrich', done: 1, waiting: 0 }] }], { state: 'ok' }],
    ['rows in time', 'clickhouse', [1, 1], { figure: '1,000 rows', reason: '99 of 100 rows take less than 2.0 s from Kafka to here.' }],
    ['rows that are late', 'clickhouse', [1, 1, { rows: late }], { state: 'warn', reason: 'Rows arrive late: 1 of 100 takes 20.0 s or more from Kafka to the table.' }],
    ['no dead letter ever', 'dead-letters', [1, 1], { state: 'ok', reason: 'The table dead_letters is empty.' }],
    ['no dead letter lately', 'dead-letters', [1, 1, { rows: { deadTotal: 4 } }], { state: 'ok', reason: 'None in the last 15 minutes.' }],
    ['dead letters of no known reason', 'dead-letters', [1, 1, { rows: { deadRecent: 2, deadTotal: 2 } }], { reason: '2 messages rejected in the last 15 minutes. npm run dead-letters shows them.' }],
    ['no device', 'producers', [150, 150, { rows: { recentDevices: 0 } }], { detail: '' }],
    ['one device', 'producers', [150, 150, { rows: { recentDevices: 1 } }], { detail: '1 device of all streams in the last minute' }],
    ['less than ten a second', 'producers', [95, 95], { figure: '9.5 msg/s' }],
    ['ten a second', 'producers', [100, 100], { figure: '10 msg/s' }],
    ['figures that are read at a glance', 'clickhouse', [1, 1, { rows: { rows: 99_999 } }], { figure: '99,999 rows' }],
    ['larger figures', 'clickhouse', [1, 1, { rows: { rows: 100_000 } }], { figure: '100.0 k rows' }],
  ])('says of %s what it means', (_, place, given, said) => {
    expect(after(...given)[place]).toMatchObject(said);
  }); // prettier-ignore

  it('says how to start where nothing was ever sent, and no pace after one look', () => {
    expect(judge([reading(0, {})], undefined).places[0]).toMatchObject({
      ...{ state: 'idle', figure: '…', detail: '' },
      reason: 'No message was sent yet. Start a producer: npm run producer.',
    });
  });

  it('counts silence from the last message', () => {
    const silence = (atMs: number) => judge([reading(atMs, { end: 10 })], 100_000).places[0]!.state;
    expect([silence(160_000), silence(160_001)]).toEqual(['ok', 'warn']);
  });

  it('counts all that the consumer dealt with', () => {
    const dealt = (atMs: number, said: object): Reading => {
      const now = reading(atMs, {});
      if (!now.consumer.ok) throw new Error('it answers');
      return { ...now, consumer: { ok: true, said: { ...now.consumer.said, ...said } } };
    };
    const more = { inserted: 1, deadLetters: 20, duplicates: 300, unreadable: 4_000 };
    expect(judge([dealt(0, {}), dealt(1_000, more)], 0).flows).toEqual([0, 4_321, 4_321]);
  });

  it('waits ten seconds, from its first look on, before a processor stands still', () => {
    const judged = (before: number, waited: number, sinceMs = 12_000) => {
      const relays = (waiting: number) => [{ name: 'enrich', done: 5, waiting }];
      const readings = [
        reading(100_000, { relays: relays(before) }),
        reading(100_000 + sinceMs, { relays: relays(waited) }),
      ];
      return judge(readings, 100_000).places[1]!;
    };
    expect(judged(1, 1).reason).toContain('1 message waits for the processor enrich.');
    expect(judged(0, 1).state).toBe('ok');
    expect(judged(1, 1, 2_000).state).toBe('ok');
  });

  it.each([
    ['Kafka', 'kafka', 'It runs, but waits for Kafka. Nothing is lost meanwhile.'],
    ['the consumer', 'consumer', 'It does not answer.'],
  ] as const)('does not take what was sent for done while %s is away', (_, who, reason) => {
    const readings = [
      reading(0, { end: 10 }),
      reading(10_000, { end: 20 }),
      { ...reading(12_000, { end: 20, ready: false, rows: old }), [who]: away },
    ];
    const { places } = judge(readings, 10_000);
    expect(places[2]!.reason).toBe(reason);
    expect(places[3]!.reason).toContain('although messages wait');
  });
});

describe('readConsumer and perSecond', () => {
  it('sum the streams of /metrics', () => {
    const text = [
      '# HELP sensorhouse_consumer_rows_inserted_total Rows',
      'sensorhouse_consumer_rows_inserted_total{stream="a",service="consumer"} 5',
      'sensorhouse_consumer_rows_inserted_total{stream="b",service="consumer"} 7',
      'sensorhouse_consumer_dead_letters_total{stream="a",reason="x"} 2',
      'sensorhouse_consumer_lag_records{stream="a"} 3',
      'sensorhouse_consumer_duplicates_total{stream="b"} 4',
      'sensorhouse_consumer_unreadable_offsets_total{stream="b"} 6',
      'process_cpu_seconds_total 9',
    ].join('\n');
    expect(readConsumer(text, true)).toEqual({
      ...{ ready: true, inserted: 12, deadLetters: 2, duplicates: 4, unreadable: 6, lag: 3 },
    });
    expect(perSecond({ atMs: 0, value: 5 }, { atMs: 2_000, value: 15 })).toBe(5);
    expect(perSecond({ atMs: 0, value: 5 }, { atMs: 0, value: 15 })).toBeUndefined();
  });
});
