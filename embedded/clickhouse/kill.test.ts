// What a KILL QUERY ends and when it answers, without an engine: the engine only says which requests match.
import { expect, it } from 'vitest';
import type { Engine } from './engine.ts';
import { killQuery } from './kill.ts';
import { createRegistry } from './registry.ts';
import type { RequestHead } from './request.ts';
import { readStatement } from './statement.ts';

const writer = { name: 'writer', password: '', readonly: false };
const reader = { name: 'reader', password: '', readonly: true };

/** A request of the writer's that runs until it is told to end, and an engine for which it always matches. */
function world() {
  const cancelled: string[] = [];
  const registry = createRegistry({ maxRequests: 8, maxRunning: 4 }, (tag) => cancelled.push(tag));
  const own = { queryId: 'own', user: 'writer', reader: false, query: '', database: 'default' };
  const entry = registry.enter(own);
  const ending = Promise.withResolvers<undefined>();
  const ran = registry.run(entry, () => ending.promise).finally(() => registry.leave(entry));
  ran.catch(() => undefined);
  const engine = {
    control: () => JSON.stringify([entry.tag]),
    connect: () => ({
      run: () => Promise.resolve({ bytes: Buffer.alloc(0) }),
      close: () => undefined,
    }),
  } as unknown as Engine;
  const head = { params: new Map(), defaultFormat: undefined } as unknown as RequestHead;
  const kill = (mode: string, user = writer) => {
    const statement = readStatement(`KILL QUERY WHERE query_id = 'own' ${mode}`);
    return killQuery({ engine, registry }, statement, head, user);
  };
  return { cancelled, end: () => ending.resolve(undefined), kill, ran };
}

const settled = () => new Promise((done) => setImmediate(done));

it('answers a SYNC only when what it ended is gone', async () => {
  const { cancelled, end, kill, ran } = world();
  await settled();
  let isAnswered = false;
  const answered = kill('SYNC').then(() => (isAnswered = true));
  await settled();
  expect([isAnswered, cancelled]).toEqual([false, ['request-1']]);
  end();
  await answered;
  await expect(ran).rejects.toMatchObject({ code: 394 });
});

it('answers an ASYNC at once, and ends nothing for a TEST', async () => {
  const { cancelled, end, kill, ran } = world();
  await settled();
  await kill('TEST');
  expect(cancelled).toEqual([]);
  await kill('ASYNC');
  expect(cancelled).toEqual(['request-1']);
  end();
  await expect(ran).rejects.toMatchObject({ code: 394 });
});

it('lets a user who only reads end no request of another', async () => {
  const { cancelled, end, kill, ran } = world();
  await settled();
  await kill('SYNC', reader);
  expect(cancelled).toEqual([]);
  end();
  await ran;
});
