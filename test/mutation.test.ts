// The files that `npm run mutate` puts faults into are there: one that was renamed would be left out in silence.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scoreTable } from './mutation/score-table.ts';
import config from './mutation/stryker.config.ts';

it('names files that exist', () => {
  expect(config.mutate.length).toBeGreaterThan(40);
  const missing = config.mutate.filter(
    (file) => !statSync(join(import.meta.dirname, '..', file), { throwIfNoEntry: false })?.isFile(),
  );
  expect(missing).toEqual([]);
});

const outcomes = (...statuses: string[]) => ({ mutants: statuses.map((status) => ({ status })) });

it('the score counts what was noticed among the faults that could be', () => {
  const files = {
    'a.ts': outcomes('Killed', 'Timeout', 'Survived', 'NoCoverage', 'Ignored', 'CompileError'),
    'b.ts': outcomes('Killed', 'Killed'),
    'gone.ts': outcomes('Survived'),
  };
  expect(scoreTable(['b.ts', 'a.ts', 'new.ts'], { files }).split('\n')).toEqual([
    '| file | noticed | score |',
    '| --- | ---: | ---: |',
    '| `b.ts` | 2 of 2 | 100 % |',
    '| `a.ts` | 2 of 4 | 50 % |',
    '| `new.ts` | – | – |',
    '| all of them | 4 of 6 | 66 % |',
  ]);
});

it('99.9 % is not all of it', () => {
  const files = { 'a.ts': outcomes('Survived', ...Array.from({ length: 999 }, () => 'Killed')) };
  expect(scoreTable(['a.ts'], { files })).toContain('| 999 of 1000 | 99 % |');
});
