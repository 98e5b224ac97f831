// The order of a claim's steps, and who wins when two claim at once.
import { expect, it } from 'vitest';
import { FencedError, UnavailableError } from '../platform/errors.ts';
import { claim, type ClaimSteps } from './claim.ts';

const claimant = { database: 'd', table: { name: 't', replay: '' }, source: 's', owner: 'me' };

/** Steps that write down their order; inserts are gone at the second look. */
function steps(owners: ReadonlyMap<number, { epoch: number; owner: string }>) {
  const done: string[] = [];
  let running = 2;
  const all: ClaimSteps = {
    epochs: () => Promise.resolve(new Map([[1, 7]])),
    writeClaims: ({ claims }) => {
      done.push(...claims.map(({ epoch, partition }) => `claim ${partition} as ${epoch}`));
      return Promise.resolve();
    },
    endInserts: async () => {
      done.push('kill');
      await Promise.resolve();
      running -= 1;
    },
    runningInserts: () => {
      done.push(`${running} run`);
      return Promise.resolve(running);
    },
    owners: () => {
      done.push('owners');
      return Promise.resolve(owners);
    },
  };
  return { all, done };
}

it('claims, ends running inserts until none is left, and only then looks who won', async () => {
  const { all, done } = steps(new Map([[0, { epoch: 1, owner: 'me' }], [1, { epoch: 8, owner: 'me' }]])); // prettier-ignore
  const { claims } = await claim(all, claimant, [0, 1]);
  expect(claims).toEqual([
    { partition: 0, epoch: 1 },
    { partition: 1, epoch: 8 },
  ]);
  const order = ['claim 0 as 1', 'claim 1 as 8', 'kill', '1 run', 'kill', '0 run', 'owners'];
  expect(done).toEqual(order);
});

it.each([
  ['the same epoch and a greater owner', { epoch: 8, owner: 'other' }, FencedError],
  ['a greater epoch', { epoch: 9, owner: 'me' }, FencedError],
  ['an older claim, as if ours was never written', { epoch: 7, owner: 'me' }, UnavailableError],
  ['no claim at all', undefined, UnavailableError],
])('fails when %s is found', async (_, found, failure) => {
  const { all } = steps(new Map(found === undefined ? [] : [[1, found]]));
  await expect(claim(all, claimant, [1])).rejects.toThrow(failure);
});
