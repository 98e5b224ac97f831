// The order in which a position and its log are read, and what makes both void.
import { expect, it } from 'vitest';
import { UnavailableError } from '../errors.ts';
import { ofOneIncarnation } from './one-incarnation.ts';

const RANGES = new Map([[0, { begin: 2, end: 9 }]]);

/** A log whose id is each of `ids` in turn. */
function logOf(...ids: string[]) {
  const asked: string[] = [];
  const log = {
    topic: 't',
    topicId: () => {
      asked.push('id');
      return Promise.resolve(ids.shift() ?? 'none');
    },
    logRanges: () => {
      asked.push('log');
      return Promise.resolve(RANGES);
    },
  };
  const read = (id: string): Promise<string> => {
    asked.push(`read ${id}`);
    return Promise.resolve('known');
  };
  return { asked, log, read };
}

it('names the topic, reads what is known, then the log, and names the topic again', async () => {
  const { asked, log, read } = logOf('one', 'one');
  const found = await ofOneIncarnation(log, [0], read);
  expect(found).toEqual({ topicId: 'one', ranges: RANGES, known: 'known' });
  expect(asked).toEqual(['id', 'read one', 'log', 'id']);
});

it.each([
  ['the topic was created again meanwhile', ['one', 'two'], [0], 'was just created again'],
  ['a partition is not there yet', ['one', 'one'], [0, 1], 'partition 1 of t is not there yet'],
])('is tried again when %s', async (_, ids, partitions, text) => {
  const { log, read } = logOf(...ids);
  const failure = await ofOneIncarnation(log, partitions, read).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UnavailableError);
  expect((failure as Error).message).toContain(text);
});
