// What a person reads when a stream was declared: what to look at, in words.
import { expect, it } from 'vitest';
import { float64, instant, text } from '../../streams/field.ts';
import type { Column } from '../../streams/stream.ts';
import type { Checked } from './check.ts';
import { reportText } from './report.ts';

const request = { path: 'my pumps.csv', name: 'pumps', key: 'id', time: 'ts', without: [] };
const leaves: Column[] = [
  { name: 'id', path: ['id'], field: text({ repeats: true }) },
  { name: 'ts', path: ['ts'], field: instant() },
  ...Array.from({ length: 25 }, (_, at): Column => {
    return { name: `c${at}`, path: [`c${at}`], field: float64() };
  }),
];

function report(more: Partial<Checked>): string {
  const checked: Checked = { rows: 20, refused: 0, empty: [], almostNumbers: [], ...more };
  const plan = { leaves, key: 'id', eventTime: 'ts', leftOut: [] };
  return reportText(request, { whole: true }, plan, checked, ['streams/pumps.ts']);
}

it('says why columns are text although they hold numbers, and how many numbers have panels', () => {
  const said = report({
    almostNumbers: [
      { name: 'flow', example: 'NA', rows: 3, forPeople: false },
      { name: 'level', example: '0,5', rows: 20, forPeople: true },
      { name: 'id', example: 'a', rows: 1, forPeople: false },
    ],
  });
  expect(said).toContain(
    '- flow became text() because 3 of 20 rows hold no number there ("NA"). As float64() such rows are refused,',
  );
  expect(said).toContain(
    '- level became text() because of "0,5": write numbers with a decimal point',
  );
  expect(said).not.toContain('- id became');
  expect(said).toContain('- The dashboard has panels for 24 of 25 numbers: others can be added');
});
