// Faults put into the real code on purpose, one at a time: histories must find each of them. A mutation
// replaces a text that must occur exactly once in its file, so a rewrite of that code asks for a new one.

export interface Mutation {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const FLOORS_OF_ALL = `await facts.recordFloors(
    ownership,
    [...batch.spans].map(([partition, { next }]) => {
      return { partition, offset: next, reason: 'dead-letters', detail: '' };
    }),
  );`;

export const mutations: readonly Mutation[] = [
  {
    name: 'read the position before the claim',
    file: 'consumer/takeover.ts',
    find: `const ownership = await facts.claim(source, partitions);
  const landed = await facts.landed(source, partitions);`,
    replace: `const landed = await facts.landed(source, partitions);
  const ownership = await facts.claim(source, partitions);`,
  },
  {
    name: 'leave the guard off',
    file: 'test/simulation/table-server.ts',
    find: `if (!this.owns(ownership)) return 'fenced';`,
    replace: '',
  },
  {
    name: 'do not end the inserts of the owner before',
    file: 'test/simulation/simulated-sink.ts',
    find: 'await ask(() => server.endInserts(source, partitions));',
    replace: '',
  },
  {
    name: 'write floors before their rows',
    file: 'consumer/write-batch.ts',
    find: `if (batch.landed === 'nothing') {`,
    replace: `if (batch.landed === 'nothing') { ${FLOORS_OF_ALL}`,
  },
  {
    name: 'write dead letters after the rows',
    file: 'consumer/write-batch.ts',
    find: `if (batch.deadLetters.length > 0) await inserts.deadLetters(batch, ownership, ingestTimeMs);
    batch.landed = 'dead-letters';
  }
  if (batch.landed === 'dead-letters') {
    if (batch.block.rows > 0) await inserts.rows(batch, ownership, ingestTimeMs);`,
    replace: `batch.landed = 'dead-letters';
  }
  if (batch.landed === 'dead-letters') {
    if (batch.block.rows > 0) await inserts.rows(batch, ownership, ingestTimeMs);
    if (batch.deadLetters.length > 0) await inserts.deadLetters(batch, ownership, ingestTimeMs);`,
  },
  {
    name: 'forget which offsets are dead already',
    file: 'consumer/takeover.ts',
    find: 'const dead = await facts.deadFrom(source, partition, position);',
    replace: 'const dead = new Set<number>();',
  },
  {
    name: 'keep what was read before starting over',
    file: 'consumer/lane.ts',
    find: `this.#taken = undefined;
    this.#open.clear();`,
    replace: 'this.#taken = undefined;',
  },
  {
    name: 'land the next batch after giving one up at a stop',
    file: 'consumer/lane.ts',
    find: `this.#taken = undefined;
      this.#open.clear();`,
    replace: '',
  },
  {
    name: 'send a batch of unclear outcome again',
    file: 'consumer/delivery.ts',
    find: 'if (!(error instanceof UnavailableError) || isStopping()) throw error;',
    replace: 'if (isStopping()) throw error;',
  },
  {
    name: 'do not ask whether the topic is still the same',
    file: 'consumer/delivery.ts',
    find: 'await assertSameTopic(taken, log);',
    replace: '',
  },
  {
    name: 'record dead letters as absent offsets',
    file: 'consumer/batch.ts',
    find: 'span.absent.push(...without({ first, last }, dead));',
    replace: 'span.absent.push({ first, last });',
  },
  {
    name: 'record a gap over dead letters',
    file: 'consumer/lost.ts',
    find: 'const gaps = without(lost, await facts.deadFrom(source, partition, lost.first));',
    replace: 'const gaps = [lost];',
  },
  {
    name: 'record what had no record after the rows',
    file: 'consumer/write-batch.ts',
    find: `await facts.recordFloors(ownership, absentFacts(batch.spans));
    if (batch.deadLetters.length > 0) await inserts.deadLetters(batch, ownership, ingestTimeMs);
    batch.landed = 'dead-letters';
  }
  if (batch.landed === 'dead-letters') {
    if (batch.block.rows > 0) await inserts.rows(batch, ownership, ingestTimeMs);`,
    replace: `if (batch.deadLetters.length > 0) await inserts.deadLetters(batch, ownership, ingestTimeMs);
    batch.landed = 'dead-letters';
  }
  if (batch.landed === 'dead-letters') {
    if (batch.block.rows > 0) await inserts.rows(batch, ownership, ingestTimeMs);
    await facts.recordFloors(ownership, absentFacts(batch.spans));`,
  },
];
