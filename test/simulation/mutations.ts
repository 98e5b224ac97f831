// Faults put into the real code on purpose, one at a time: histories must find each of them. A mutation
// replaces a text that must occur exactly once in its file, so a rewrite of that code asks for a new one.

export interface Mutation {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The first history of seed 1 that finds it: the search begins there and, when the code has changed, at 1. */
  readonly foundBy: number;
  /** The programs check it themselves, and have to end with an InvariantError. */
  readonly isChecked?: true;
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
    foundBy: 3,
    file: 'consumer/table-takeover.ts',
    find: `const ownership = await facts.claim(source, partitions);
    const landed = await facts.landed(source, partitions);`,
    replace: `const landed = await facts.landed(source, partitions);
    const ownership = await facts.claim(source, partitions);`,
  },
  {
    name: 'leave the guard off',
    foundBy: 14,
    file: 'test/simulation/table-server.ts',
    find: `if (!this.owns(ownership)) return 'fenced';`,
    replace: '',
  },
  {
    name: 'read the position before the kill',
    foundBy: 28,
    file: 'consumer/claim.ts',
    find: 'await ended(steps, source, partitions);',
    replace: 'void ended(steps, source, partitions).catch(() => undefined);',
  },
  {
    name: "take the answer to a kill for the insert's end",
    foundBy: 28,
    file: 'consumer/claim.ts',
    find: 'if ((await steps.runningInserts(source, partitions)) === 0) return;',
    replace: 'return;',
  },
  {
    name: 'take a short acknowledgement for a whole one',
    foundBy: 7,
    file: 'platform/clickhouse/acknowledged.ts',
    find: 'if (written !== undefined && written > 0 && written < sent) {',
    replace: 'if (sent < 0) {',
  },
  {
    name: 'claim at once after a fence',
    foundBy: 95,
    file: 'platform/kafka/partition-owner.ts',
    find: 'this.startOver(this.#confirmed.promise);',
    replace: 'this.startOver();',
  },
  {
    name: 'go on with a batch after its ownership ended',
    foundBy: 7,
    file: 'platform/kafka/partition-owner.ts',
    find: 'return owned === this.#owned && !this.#stopping;',
    replace: 'return !this.#stopping;',
  },
  {
    name: 'go on after a refusal',
    foundBy: 17,
    file: 'platform/kafka/partition-owner.ts',
    find: `this.#stopping = true;
    this.giveUp();
    this.#parts.failed(error);`,
    replace: 'this.#parts.failed(error);',
  },
  {
    name: 'stop a consumer without its last floor',
    foundBy: 20,
    file: 'consumer/lane.ts',
    find: 'await this.#checkpoint.record(taken);',
    replace: 'return;',
  },
  {
    name: 'let what was made twice land twice',
    foundBy: 6,
    file: 'consumer/origin-reader.ts',
    find: 'if (this.offset <= greatest) return true;',
    replace: '',
  },
  {
    name: 'commit before the acknowledgement',
    foundBy: 6,
    file: 'processor/relay.ts',
    find: 'for (const [stream, batches] of parcel.batches()) {',
    replace: `state.landed = parcel.next;
    committer.landed(state.partition, parcel.next);
    for (const [stream, batches] of parcel.batches()) {`,
  },
  {
    name: 'stop a processor without its last commit',
    foundBy: 160,
    file: 'processor/relay.ts',
    find: 'await taken.committer.flushed();',
    replace: '',
  },
  {
    name: 'send two parcels of a partition at once',
    foundBy: 1,
    file: 'processor/relay.ts',
    find: '|| state.sending !== undefined) return;',
    replace: ') return;',
  },
  {
    name: 'send what was read of a topic that is gone',
    foundBy: 198,
    file: 'processor/relay.ts',
    find: 'if (!(await this.#isSameTopic(taken))) {',
    replace: 'if (this.#read < 0) {',
  },
  {
    name: 'go by what was committed for a topic that is gone',
    foundBy: 162,
    file: 'processor/resume-from-commits.ts',
    find: "const isOurs = committed?.note === topicId || committed?.note === '';",
    replace: 'const isOurs = committed !== undefined;',
  },
  {
    name: 'end with what an older assignment waited for',
    foundBy: 116,
    file: 'processor/relay.ts',
    find: 'if (taken !== this.#owner.owned) return false;',
    replace: 'if (taken !== this.#owner.owned) throw error;',
  },
  {
    name: 'write floors before their rows',
    foundBy: 1,
    file: 'consumer/write-batch.ts',
    find: `if (batch.landed === 'nothing') {`,
    replace: `if (batch.landed === 'nothing') { ${FLOORS_OF_ALL}`,
  },
  {
    name: 'write dead letters after the rows',
    foundBy: 3,
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
    foundBy: 4,
    file: 'consumer/table-takeover.ts',
    find: 'const dead = await facts.deadFrom(source, partition, position);',
    replace: 'const dead = new Set<number>();',
  },
  {
    name: 'keep what was read before starting over',
    foundBy: 2,
    file: 'consumer/lane.ts',
    find: 'this.#open.clear();',
    replace: '',
  },
  {
    name: 'land the next batch after giving one up at a stop',
    foundBy: 96,
    file: 'consumer/lane.ts',
    find: 'this.#owner.giveUp();',
    replace: '',
  },
  {
    name: 'send a batch of unclear outcome again',
    foundBy: 2,
    file: 'consumer/delivery.ts',
    find: 'if (!(error instanceof UnavailableError) || isStopping()) throw error;',
    replace: 'if (isStopping()) throw error;',
  },
  {
    name: 'do not ask whether the topic is still the same',
    foundBy: 58,
    file: 'consumer/delivery.ts',
    find: 'await assertSameTopic(taken, log);',
    replace: '',
  },
  {
    name: 'record dead letters as absent offsets',
    foundBy: 129,
    file: 'consumer/batch.ts',
    find: 'span.absent.push(...without({ first, last }, dead));',
    replace: 'span.absent.push({ first, last });',
  },
  {
    name: 'record a gap over dead letters',
    foundBy: 80,
    file: 'consumer/table-takeover.ts',
    find: 'const gaps = without(lost, await facts.deadFrom(source, partition, lost.first));',
    replace: 'const gaps = [lost];',
  },
  {
    name: 'record what had no record after the rows',
    foundBy: 8,
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
  {
    name: 'commit more than was acknowledged',
    foundBy: 1,
    isChecked: true,
    file: 'processor/relay.ts',
    find: 'for (const [stream, batches] of parcel.batches()) {',
    replace: `committer.landed(state.partition, parcel.next);
    for (const [stream, batches] of parcel.batches()) {`,
  },
  {
    name: 'count other rows than there are',
    foundBy: 1,
    isChecked: true,
    file: 'consumer/batch.ts',
    find: 'span.rows += this.block.rows - rowsBefore;',
    replace: 'span.rows += 1;',
  },
  {
    name: 'note less than has landed',
    foundBy: 1,
    isChecked: true,
    file: 'consumer/landed.ts',
    find: 'state.landed = next;',
    replace: 'state.landed = next - 1;',
  },
  {
    name: 'begin behind the position',
    foundBy: 1,
    isChecked: true,
    file: 'consumer/table-takeover.ts',
    find: 'const reached = { position, landed: position,',
    replace: 'const reached = { position, landed: position - 1,',
  },
  {
    name: 'leave a partition out of the guard',
    foundBy: 1,
    isChecked: true,
    file: 'consumer/delivery.ts',
    find: 'spans.has(partition))',
    replace: 'partition === 0)',
  },
  {
    name: 'pass over an offset without a word',
    foundBy: 1,
    isChecked: true,
    file: 'consumer/batch.ts',
    find: `next = offset + 1;
        const isDead`,
    replace: `next = offset + 1 + (offset % 7 === 3 ? 1 : 0);
        const isDead`,
  },
];
