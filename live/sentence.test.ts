import { expect, it } from 'vitest';
import { sentence } from './sentence.ts';

it.each(['Timeout error', 'Timeout error.', 'Timeout error. ', 'Timeout error..'])(
  'ends %j with one period',
  (text) => {
    expect(sentence(text)).toBe('Timeout error.');
  },
);
