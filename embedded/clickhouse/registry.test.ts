import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRegistry, type Entry, type Registry } from './registry.ts';

const LIMITS = { maxRequests: 8, maxRunning: 4 };
let ids = 0;

function enter(registry: Registry, reader: boolean): Entry {
  ids += 1;
  return registry.enter({
    ...{ queryId: `id-${ids}`, user: reader ? 'reads' : 'writes', reader },
    ...{ query: '', database: 'default' },
  });
}

/** Runs an entry until it must end. */
function start(registry: Registry, entry: Entry) {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const ran = registry.run(entry, () => promise).finally(() => registry.leave(entry));
  ran.catch(() => undefined);
  return { entry, ran, end: () => resolve(undefined) };
}

const settled = () => new Promise((done) => setImmediate(done));

describe('places', () => {
  it('are left for who writes, however many readers there are', () => {
    const registry = createRegistry(LIMITS, () => undefined);
    const readers = Array.from({ length: 6 }, () => enter(registry, true));
    expect(() => enter(registry, true)).toThrow(/Too many simultaneous queries. Maximum: 6/);
    const writer = enter(registry, false);
    registry.leave(readers[0]!);
    registry.leave(readers[0]!);
    enter(registry, true);
    expect(() => enter(registry, true)).toThrow(/Too many/);
    registry.leave(writer);
    expect([...registry.entries]).toHaveLength(6);
  });
});

describe('turns', () => {
  it('are left for who writes; readers wait for each other', async () => {
    const registry = createRegistry(LIMITS, () => undefined);
    const readers = Array.from({ length: 5 }, () => start(registry, enter(registry, true)));
    const writer = start(registry, enter(registry, false));
    await settled();
    expect([...readers, writer].map(({ entry }) => entry.phase)).toEqual([
      ...['running', 'running', 'running', 'queued', 'queued', 'running'],
    ]);
    writer.end();
    await settled();
    expect(readers[3]!.entry.phase).toBe('queued');
    readers[1]!.end();
    await settled();
    expect(readers.map(({ entry }) => entry.phase).slice(3)).toEqual(['running', 'queued']);
  });

  it('are given to everybody in the end, never more than there are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ reader: fc.boolean(), killed: fc.boolean() }), { maxLength: 14 }),
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat()),
        async (asked, maxRunning, choices) => {
          const registry = createRegistry({ maxRequests: 100, maxRunning }, () => undefined);
          const all = asked.map(({ killed, reader }) => {
            const started = start(registry, enter(registry, reader));
            if (killed) registry.kill(started.entry);
            return started;
          });
          for (;;) {
            await settled();
            const left = new Set(registry.entries);
            if (left.size === 0) break;
            const running = all.filter(({ entry }) => left.has(entry) && entry.phase === 'running');
            expect(running.length).toBeLessThanOrEqual(maxRunning);
            expect(running.length).toBeGreaterThan(0);
            running[(choices.next().value as number) % running.length]!.end();
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a request that is killed while it runs', () => {
  it('ends as killed, though the engine calls it a success or fails for another reason', async () => {
    for (const ending of ['resolves', 'rejects'] as const) {
      const registry = createRegistry(LIMITS, () => undefined);
      const entry = enter(registry, false);
      const ran = registry.run(entry, () => {
        registry.kill(entry);
        return ending === 'resolves' ? Promise.resolve(1) : Promise.reject(new Error('broke off'));
      });
      await expect(ran).rejects.toMatchObject({ code: 394 });
      registry.leave(entry);
    }
  });

  it('is stopped in the engine by its own tag, and only while it runs', async () => {
    const cancelled: string[] = [];
    const registry = createRegistry(LIMITS, (tag) => cancelled.push(tag));
    const uploading = enter(registry, false);
    registry.kill(uploading);
    expect(cancelled).toEqual([]);
    const { entry, end } = start(registry, enter(registry, false));
    await settled();
    registry.kill(entry);
    registry.kill(entry);
    expect(cancelled).toEqual([entry.tag]);
    end();
    await settled();
  });
});
