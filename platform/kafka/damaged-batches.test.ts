import { expect, it } from 'vitest';
import { DamagedBatches } from './damaged-batches.ts';

const batch = (head: string) => ({ body: Buffer.from(head) });

it('a batch that came damaged three times cannot be read, and neither can its next offsets', () => {
  const damaged = new DamagedBatches();
  expect(damaged.readingsOf('t', 0)).toBe(0);
  const met = Array.from({ length: 4 }, () => damaged.isConfirmed('t', 0, batch('head')));
  expect(met).toEqual([false, false, true, true]);
  expect(damaged.readingsOf('t', 0)).toBe(4);
});

it('another batch, partition or topic is counted on its own', () => {
  const damaged = new DamagedBatches();
  for (let reading = 0; reading < 2; reading += 1) damaged.isConfirmed('t', 0, batch('head'));
  expect(damaged.isConfirmed('t', 1, batch('head'))).toBe(false);
  expect(damaged.isConfirmed('u', 0, batch('head'))).toBe(false);
  expect(damaged.isConfirmed('t', 0, batch('another'))).toBe(false);
  expect(damaged.isConfirmed('t', 0, batch('head'))).toBe(false);
  expect(damaged.readingsOf('t', 0)).toBe(1);
});

it('a batch is remembered as it was, though its buffer is used again', () => {
  const damaged = new DamagedBatches();
  const body = Buffer.from('head');
  damaged.isConfirmed('t', 0, { body });
  body.fill(0);
  damaged.isConfirmed('t', 0, batch('head'));
  expect(damaged.isConfirmed('t', 0, batch('head'))).toBe(true);
});
