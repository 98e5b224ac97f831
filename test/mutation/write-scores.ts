// `node test/mutation/write-scores.ts` writes the table of mutation scores into docs/testing.md from the report of
// `npm run mutate`. Runs of single files add up in that report.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { scoreTable, type MutationReport } from './score-table.ts';
import stryker from './stryker.config.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = join(ROOT, 'docs', 'testing.md');
const BEGIN = '<!-- written by node test/mutation/write-scores.ts -->';
const END = '<!-- end of the scores -->';

const text = await readFile(join(ROOT, stryker.jsonReporter.fileName), 'utf8');
const table = scoreTable(stryker.mutate, JSON.parse(text) as MutationReport);
const page = await readFile(PAGE, 'utf8');
const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
if (begin === -1 || end < begin) throw new Error(`docs/testing.md lacks ${BEGIN} … ${END}`);
const fresh = [page.slice(0, begin + BEGIN.length), table, page.slice(end)].join('\n\n');
await writeFile(PAGE, await format(fresh, { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
process.stdout.write('Wrote docs/testing.md\n');
