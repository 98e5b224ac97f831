// What the list of dead letters advises.
import { expect, it } from 'vitest';
import type { ReasonSummary } from './list.ts';
import { letterList } from './report.ts';

const summary = (open: number): ReasonSummary => ({
  ...{ stream: 's', reason: 'invalid_json', letters: 2, open, published: 2 - open, doubtful: 0 },
  ...{ attempts: 0, first: '2026-01-01T00:00:00Z', last: '2026-01-01T00:00:00Z' },
  example: {
    ...{ source: 't@1', partition: 0, offset: 0, field: '', detail: '' },
    ...{ key: '', value: '', bytes: 0 },
  },
});

it.each([
  [0, '0 open; there is nothing to publish again'],
  [1, '1 open; publish it again with: npm run dead-letters -- --redrive'],
  [2, '2 open; publish them again with: npm run dead-letters -- --redrive'],
])('advises for %i open letters what can be done', (open, said) => {
  expect(letterList('s', [summary(open)]).split('\n')).toContain(said);
});
