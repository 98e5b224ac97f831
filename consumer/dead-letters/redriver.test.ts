// A re-drive against a model of Kafka and the book that fail at any call: whatever happens where, each letter is
// in Kafka once, or the report says that their outcome is unknown.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../platform/errors.ts';
import type { SendOutcome } from '../../platform/kafka/batch-sender.ts';
import type { BatchIdentity } from '../../platform/kafka/encoded-batch.ts';
import type { OutgoingRecord } from '../../platform/kafka/record-batch-writer.ts';
import type { Ownership } from '../fence.ts';
import type { LettersOfPartition, OpenPartition, Outcome } from './redrive-book.ts';
import type { LetterContent, OpenLetter, Redrive } from './redrive.ts';
import { LIMITS, redrive, type RedriveOrder, type RedriveParts } from './redriver.ts';

const SOURCE = 't@1';
const ORDER: RedriveOrder = {
  ...{ reasons: [], sinceMs: 0, limit: 1_000, doubtful: false },
  forecast: undefined,
};

interface Noted {
  readonly redrive: Redrive;
  outcome: Outcome | undefined;
  base: number;
}

/** Kafka and the tables; `fails` says of each call whether it fails, and whether it was carried out before. */
class World {
  readonly log: { readonly identity: BatchIdentity; readonly letter: string }[] = [];
  readonly noted: Noted[] = [];
  readonly calls: string[] = [];
  topicId = '1';
  begin = 0;
  /** Offsets of letters that were deleted. */
  readonly deleted = new Set<number>();
  refuses: (records: readonly OutgoingRecord[]) => boolean = () => false;
  fails: (call: string) => 'before' | 'after' | undefined = () => undefined;
  #producers = 0;
  readonly letters: readonly number[];

  constructor(letters: readonly number[]) {
    this.letters = letters;
  }

  async #call<T>(name: string, act: () => T): Promise<T> {
    const fault = this.fails(name);
    this.calls.push(name);
    await Promise.resolve();
    if (fault === 'before') throw new UnavailableError(name);
    const answer = act();
    if (fault === 'after') throw new UnavailableError(name);
    return answer;
  }

  #standing(): Set<number> {
    const standing = this.noted.filter(({ outcome }) => outcome !== 'void');
    return new Set(standing.flatMap((each) => each.redrive.letters.map(({ offset }) => offset)));
  }

  parts(signal = new AbortController().signal): RedriveParts {
    const book = {
      claim: () => this.#call('claim', () => ({}) as Ownership),
      interrupted: () =>
        this.#call('interrupted', () =>
          this.noted.filter((each) => each.outcome === undefined).map((each) => each.redrive),
        ),
      giveUpDoubts: () =>
        this.#call('giveUpDoubts', () => {
          for (const each of this.noted) if (each.outcome === 'doubt') each.outcome = 'void';
        }),
      openPartitions: () =>
        this.#call('openPartitions', (): OpenPartition[] => {
          const home = { source: SOURCE, partition: 0 };
          return [{ source: SOURCE, partition: 0, home, letters: this.letters.length }];
        }),
      open: (_: unknown, __: unknown, { from, limit, to }: { from: number; limit: number; to: number }) =>
        this.#call('open', (): OpenLetter[] => {
          const standing = this.#standing();
          const open = this.letters.filter((offset) => offset >= from && offset < to && !standing.has(offset));
          return open.slice(0, limit).map((offset) => ({ offset, timestampMs: 1, bytes: 60_000, attempts: 0 }));
        }),
      contents: ({ letters }: LettersOfPartition) =>
        this.#call('contents', () =>
          letters.filter(({ offset }) => !this.deleted.has(offset)).map(({ offset }) => contentOf(offset)),
        ),
      intend: (begun: Redrive) =>
        this.#call('intend', () => void this.noted.push({ redrive: begun, outcome: undefined, base: -1 })),
      conclude: ({ id }: Redrive, _: Ownership, outcome: Outcome, { base = -1 }: { base?: number }) =>
        this.#call(`conclude ${outcome}`, () => {
          const own = this.noted.find((each) => each.redrive.id === id)!;
          Object.assign(own, { outcome, base });
        }),
    }; // prettier-ignore
    const sender = {
      newIdentity: () => this.#call('newIdentity', () => ({ producerId: (this.#producers += 1), epoch: 0 })),
      send: (_: unknown, identity: BatchIdentity, records: readonly OutgoingRecord[]) =>
        this.#call('send', (): SendOutcome => {
          if (this.refuses(records)) return { kind: 'refused', reason: 'MESSAGE_TOO_LARGE' };
          const first = this.#find(identity, 0, Infinity);
          if (first !== undefined) return { kind: 'landed', offset: first };
          const offset = this.end;
          for (const { value } of records) this.log.push({ identity, letter: String(value) });
          return { kind: 'landed', offset };
        }),
      find: (_: unknown, identity: BatchIdentity, from: number, end: number) =>
        this.#call('find', () => this.#find(identity, from, end)),
    }; // prettier-ignore
    const topics = {
      exists: (topic: string) => this.#call('exists', () => topic === 't'),
      topicId: () => this.#call('topicId', () => this.topicId),
      logRanges: () =>
        this.#call('logRanges', () => new Map([[0, { begin: this.begin, end: this.end }]])),
    };
    return { book, sender, topics, signal } as unknown as RedriveParts;
  }

  /** The log holds as much before the first batch. */
  get end(): number {
    return 50 + this.log.length;
  }

  #find({ producerId }: BatchIdentity, from: number, end: number): number | undefined {
    const at = this.log.findIndex(({ identity }) => identity.producerId === producerId) + 50;
    return at >= Math.max(from, 50) && at < end ? at : undefined;
  }

  get published(): string[] {
    return this.log.map(({ letter }) => letter);
  }
}

function contentOf(offset: number): LetterContent {
  const value = Buffer.from(String(offset));
  return { offset, timestampMs: 1, reason: 'x', key: Buffer.alloc(0), value, headers: '' };
}

const run = (world: World, order: Partial<RedriveOrder> = {}) =>
  redrive(world.parts(), { ...ORDER, ...order });

describe('a re-drive', () => {
  it('claims first, and writes each batch down before it sends it and after it landed', async () => {
    const world = new World([1, 2, 3, 4, 5, 6]);
    expect(await run(world)).toMatchObject({ published: 6, finished: 0, doubtful: 0 });
    expect(world.calls[0]).toBe('claim');
    const order = world.calls.filter((call) => /^(intend|send|conclude)/.test(call));
    const batch = ['intend', 'send', 'conclude published'];
    expect(order).toEqual([...batch, ...batch]);
    expect(world.noted.map(({ base, redrive: { from, letters } }) => [from, base, letters.length])).toEqual([
      [50, 50, 4],
      [54, 54, 2],
    ]); // prettier-ignore
  });

  it('publishes each letter once, whichever calls fail before or after they were carried out', async () => {
    const faults = fc.array(fc.constantFrom('before', 'after', undefined), { minLength: 60, maxLength: 60 }); // prettier-ignore
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), faults, async (count, plan) => {
        const world = new World(Array.from({ length: count }, (_, at) => at));
        let call = 0;
        world.fails = () => (plan[(call += 1)] === undefined || call % 7 < 4 ? undefined : plan[call]);
        for (let attempt = 0; attempt < 50; attempt += 1) {
          if (await run(world).then(() => true, () => false)) break;
        }
        world.fails = () => undefined;
        await run(world);
        expect(world.published.toSorted()).toEqual(world.letters.map(String));
        expect(world.noted.every(({ outcome }) => outcome === 'published')).toBe(true);
      }),
    );
  }); // prettier-ignore

  it('judges letters one by one where the broker refuses a batch', async () => {
    const world = new World([1, 2, 3]);
    world.refuses = (records) => records.some(({ value }) => String(value) === '2');
    expect(await run(world)).toMatchObject({ published: 2, refused: 1 });
    expect(world.published).toEqual(['1', '3']);
    expect(world.noted.map(({ outcome }) => outcome)).toEqual(['void', 'published', 'void', 'published']); // prettier-ignore
  });

  it('takes no more than its limit, and nothing once it is to stop', async () => {
    const world = new World([1, 2, 3, 4, 5, 6, 7]);
    expect(await run(world, { limit: 5 })).toMatchObject({ published: 5 });
    expect(world.published).toEqual(['1', '2', '3', '4', '5']);
    expect(await run(world, { limit: 0 })).toMatchObject({ published: 0 });
    const aborted = AbortSignal.abort();
    expect(await redrive(world.parts(aborted), ORDER)).toMatchObject({ published: 0 });
    expect(world.published).toHaveLength(5);
    expect(await run(world)).toMatchObject({ published: 2 });
  });

  it('takes others for those that it keeps, and no more than its limit all the same', async () => {
    const world = new World([1, 2, 3, 4, 5, 6, 7, 8]);
    const forecast: RedriveOrder['forecast'] = ({ value }) =>
      Number(value) % 2 === 0
        ? { kind: 'rejected', reason: 'invalid_json', field: '' }
        : { kind: 'row' };
    expect(await run(world, { limit: 3, forecast })).toMatchObject({ published: 3, kept: 2 });
    expect(world.published).toEqual(['1', '3', '5']);
  });

  it('leaves letters alone that came of its own messages', async () => {
    const world = new World([1, 49, 50, 51]);
    expect(await run(world)).toMatchObject({ published: 2 });
    expect(world.published).toEqual(['1', '49']);
  });

  it('goes by bytes and letters that a broker takes', () => {
    expect(LIMITS).toEqual({ letters: 500, bytes: 262_144 });
  });
});

describe('a re-drive that was interrupted', () => {
  /** One batch was sent, and nobody heard of it. */
  async function interrupted(carriedOut: 'before' | 'after') {
    const world = new World([1, 2]);
    world.fails = (call) => (call === 'send' ? carriedOut : undefined);
    await expect(run(world)).rejects.toThrow(UnavailableError);
    world.fails = () => undefined;
    return world;
  }

  it('is found in the log, or sent under the same identity', async () => {
    for (const carriedOut of ['before', 'after'] as const) {
      const world = await interrupted(carriedOut);
      expect(await run(world)).toMatchObject({ finished: 2, published: 0 });
      expect(world.published).toEqual(['1', '2']);
      expect(world.noted).toHaveLength(1);
      expect(world.noted[0]).toMatchObject({ outcome: 'published', base: 50 });
      // A broker forgets an identity after a day: what is in the log must not be sent to find that out.
      const sends = world.calls.filter((call) => call === 'send').length;
      expect(sends).toBe(carriedOut === 'after' ? 1 : 2);
    }
  });

  it('is in doubt when the log no longer holds where it would be, and only then', async () => {
    const world = await interrupted('before');
    world.begin = 50;
    expect(await run(world)).toMatchObject({ finished: 2, doubtful: 0 });
    const late = await interrupted('before');
    late.begin = 51;
    expect(await run(late)).toMatchObject({ finished: 0, doubtful: 2 });
    expect(late.published).toEqual([]);
    expect(await run(late, { doubtful: true })).toMatchObject({ published: 2 });
  });

  it('is not looked for below the start of the log, where a broker refuses to read', async () => {
    const world = await interrupted('after');
    world.begin = 60;
    expect(await run(world)).toMatchObject({ finished: 0, doubtful: 2 });
  });

  it('is in doubt when its topic was replaced', async () => {
    const world = await interrupted('after');
    world.topicId = '2';
    expect(await run(world)).toMatchObject({ doubtful: 2, finished: 0 });
    expect(world.calls.filter((call) => call === 'send')).toHaveLength(1);
  });

  it('is finished first, and not once it is to stop', async () => {
    const world = await interrupted('before');
    await redrive(world.parts(AbortSignal.abort()), ORDER);
    expect(world.published).toEqual([]);
    expect(world.noted[0]!.outcome).toBeUndefined();
  });
});

it('is in doubt where letters of an interrupted batch were deleted: another number of records is another batch', async () => {
  const world = new World([1, 2]);
  world.fails = (call) => (call === 'send' ? 'before' : undefined);
  await expect(run(world)).rejects.toThrow(UnavailableError);
  world.fails = () => undefined;
  world.deleted.add(2);
  expect(await run(world)).toMatchObject({ finished: 0, doubtful: 2 });
  expect(world.published).toEqual([]);
});

it('counts the try that it makes', async () => {
  const world = new World([1]);
  await run(world);
  expect(world.noted[0]!.redrive.letters).toEqual([{ offset: 1, attempt: 1 }]);
});

it('concludes nothing by an offset of a topic that was replaced meanwhile', async () => {
  const world = new World([1]);
  world.fails = (call) => {
    if (call === 'send') world.topicId = '2';
    return undefined;
  };
  await expect(run(world)).rejects.toThrow(/was replaced meanwhile/);
  expect(world.noted[0]!.outcome).toBeUndefined();
});

it('counts letters whose topic does not exist any more', async () => {
  const world = new World([1, 2]);
  const parts = world.parts();
  const gone = { ...parts, topics: { ...parts.topics, exists: () => Promise.resolve(false) } };
  expect(await redrive(gone, ORDER)).toMatchObject({ homeless: 2, published: 0 });
  expect(world.published).toEqual([]);
});
