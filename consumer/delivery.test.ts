// One batch on its way: sent again only where surely nothing was sent, never under another topic's name, and
// with the rights of its own partitions alone.
import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  FencedError,
  UnavailableError,
  UnclearOutcomeError,
} from '../platform/errors.ts';
import { silentLog } from '../platform/log.ts';
import { Availability } from '../platform/retry.ts';
import { manualRuntime } from '../test/manual-runtime.ts';
import type { Batch, Span } from './batch.ts';
import { deliver } from './delivery.ts';
import type { Ownership } from './fence.ts';
import type { Sink } from './sink.ts';
import type { Taken, TopicLog } from './table-takeover.ts';

const ownership = {
  source: 't@one',
  claims: [
    { partition: 0, epoch: 4 },
    { partition: 1, epoch: 6 },
    { partition: 2, epoch: 5 },
  ],
} as unknown as Ownership;
const states = new Map([[1, { landed: 0, position: 1 }]]);
const taken = { ownership, topicId: 'one', states } as unknown as Taken;

function batch(): Batch {
  const span: Span = {
    ...{ first: 0, next: 1, rows: 1, dead: 0 },
    ...{ absent: [], duplicates: [], unreadable: [] },
  };
  const spans = new Map([[1, span]]);
  return {
    landed: 'nothing',
    block: { rows: 1 },
    deadLetters: [],
    skipped: 0,
    spans,
  } as unknown as Batch;
}

interface Given {
  /** The outcome of each insert in turn; it lands when nothing is left. */
  readonly failures?: readonly Error[];
  readonly topicId?: () => string;
  readonly isStopping?: () => boolean;
}

async function delivering({
  failures = [],
  isStopping = () => false,
  topicId = () => 'one',
}: Given) {
  const left = [...failures];
  const sent: { ownership: Ownership; ingestTimeMs: number }[] = [];
  const runtime = manualRuntime();
  const availability = new Availability('test', silentLog());
  const away: boolean[] = [];
  const sink = {
    facts: { recordFloors: () => Promise.resolve() },
    inserts: {
      deadLetters: () => Promise.reject(new Error('there are none')),
      rows: (_: Batch, of: Ownership, ingestTimeMs: number) => {
        sent.push({ ownership: of, ingestTimeMs });
        away.push(availability.away);
        const failure = left.shift();
        return failure === undefined ? Promise.resolve() : Promise.reject(failure);
      },
    },
  } as unknown as Sink;
  const log = { topic: 't', topicId: () => Promise.resolve(topicId()) } as unknown as TopicLog;
  const outcome = await deliver(
    batch(),
    taken,
    { log, runtime, sink },
    availability,
    isStopping,
  ).then(
    () => 'landed' as const,
    (error: unknown) => error,
  );
  return { availability, away, outcome, runtime, sent };
}

describe('a batch is delivered', () => {
  it('under the claims of its own partitions, at the time it is sent', async () => {
    const { outcome, runtime, sent } = await delivering({});
    expect(outcome).toBe('landed');
    expect(sent).toHaveLength(1);
    expect(sent[0]!.ownership).toMatchObject({
      source: 't@one',
      claims: [{ partition: 1, epoch: 6 }],
    });
    expect(sent[0]!.ingestTimeMs).toBe(runtime.nowMs());
  });

  it('again and again, ever more slowly, where surely nothing was sent', async () => {
    const failures = Array.from({ length: 4 }, () => new UnavailableError('away'));
    const { availability, away, outcome, runtime, sent } = await delivering({ failures });
    expect(outcome).toBe('landed');
    expect(away).toEqual([false, true, true, true, true]);
    expect(availability.away).toBe(false);
    expect(runtime.slept).toEqual([50, 100, 200, 400]);
    const times = sent.map(({ ingestTimeMs }) => ingestTimeMs);
    expect(times.map((atMs) => atMs - times[0]!)).toEqual([0, 50, 150, 350, 750]);
  });

  it.each([
    new UnclearOutcomeError('timeout'),
    new FencedError('fenced'),
    new ConfigError('refused'),
    new TypeError('mistake'),
  ])('never twice after %s', async (failure) => {
    const { outcome, runtime, sent } = await delivering({ failures: [failure] });
    expect(outcome).toBe(failure);
    expect(sent).toHaveLength(1);
    expect(runtime.slept).toEqual([]);
  });

  it('no longer once the lane stops', async () => {
    const failure = new UnavailableError('away');
    let asked = 0;
    const isStopping = () => (asked += 1) > 1;
    const given = { failures: [failure, failure, failure], isStopping };
    const { outcome, sent } = await delivering(given);
    expect(outcome).toBe(failure);
    expect(sent).toHaveLength(2);
  });

  it('never under the name of a topic that was created in the place of its own', async () => {
    const { outcome, sent } = await delivering({ topicId: () => 'two' });
    expect(outcome).toBeInstanceOf(UnclearOutcomeError);
    expect(sent).toEqual([]);
    let asked = 0;
    const topicId = () => ((asked += 1) === 1 ? 'one' : 'two');
    const later = await delivering({ failures: [new UnavailableError('away')], topicId });
    expect(later.outcome).toBeInstanceOf(UnclearOutcomeError);
    expect(later.sent).toHaveLength(1);
  });
});
