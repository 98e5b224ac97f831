// The program behind `npm run new-stream`: from a file of events to a declared stream with a dashboard. It
// writes nothing until every check has passed, then generates the files that follow from the declaration.
import { execFile } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tablesOf } from '../../clickhouse_setup/generate.ts';
import { ConfigError } from '../../platform/errors.ts';
import { oneShot, runProgram } from '../../platform/service.ts';
import { allProducers } from '../../producers/catalogue.ts';
import { streams, topicStreams } from '../../streams/index.ts';
import { viewsOf } from '../../streams/table.ts';
import { newStreamCommand, newStreamRequest, type NewStreamRequest } from './arguments.ts';
import { LISTS, addDashboard, addLinks, addStream } from './catalogue-edit.ts';
import { checkSample } from './check.ts';
import { columnNames, planColumns, type Plan } from './columns.ts';
import { declarationText } from './declaration.ts';
import { infer } from './infer.ts';
import { reportText } from './report.ts';
import { readSample, type Sample } from './sample.ts';
import { sourceNames, type SourceNames } from './source-text.ts';
import { starterText } from './starter.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
/** What follows from the declarations and is committed. */
const GENERATORS = [
  'clickhouse_setup/generate.ts',
  'grafana/generate.ts',
  'test/docs/generate.ts',
] as const;
const PRETTIER = 'node_modules/prettier/bin/prettier.cjs';

async function newStream(request: NewStreamRequest): Promise<void> {
  const names = sourceNames(request.name);
  await requireFree(names);
  const sample = await readSample(request.path, request.encoding);
  const plan = await planOf(sample, request);
  const files = await filesOf(names, request, plan);
  for (const [file, text] of Object.entries(files)) await writeFile(join(PROJECT, file), text);
  await execute(PRETTIER, '--log-level', 'warn', '--write', ...Object.keys(files));
  for (const generator of GENERATORS) await execute(generator);
  const checked = checkSample(sample, plan);
  process.stdout.write(reportText(request, sample, plan, checked, Object.keys(files)));
}

/** @throws {ConfigError} when the name is one of a stream, a topic, a table, a producer or a file. */
async function requireFree({ file, stream }: SourceNames): Promise<void> {
  const taken = [
    ...topicStreams.flatMap(({ family, name, topic }) => [family, name, topic.name]),
    ...[...tablesOf(streams), ...viewsOf(streams)].map(({ name }) => name),
    ...allProducers.map(({ name }) => name),
    // `INSERT INTO function` begins another statement of ClickHouse.
    ...['all', 'streams', 'function'],
  ];
  if (taken.includes(stream)) throw new ConfigError(`--name: ${stream} is taken`);
  for (const path of [`streams/${file}.ts`, `grafana/${file}.ts`]) {
    const there = await access(join(PROJECT, path)).then(
      () => true,
      () => false,
    );
    if (there) throw new ConfigError(`--name: ${stream} is taken: there is a file ${path}`);
  }
}

async function planOf(sample: Sample, request: NewStreamRequest): Promise<Plan> {
  const { misread, types } = await infer(sample, columnNames(sample.columns));
  return planColumns(sample, types, columnNames(sample.columns, misread), request);
}

/** The text of each file that is new or changed, by its path in the project. */
async function filesOf(
  names: SourceNames,
  { path }: NewStreamRequest,
  plan: Plan,
): Promise<Record<string, string>> {
  const current = (file: string): Promise<string> => readFile(join(PROJECT, file), 'utf8');
  return {
    [`streams/${names.file}.ts`]: declarationText(names, path, plan),
    [`grafana/${names.file}.ts`]: starterText(names, plan),
    [LISTS.streams]: addStream(await current(LISTS.streams), names),
    [LISTS.dashboards]: addDashboard(await current(LISTS.dashboards), names),
    [LISTS.links]: addLinks(await current(LISTS.links), names, plan.key),
  };
}

/** Runs one of the project's programs in a process of its own, which sees the new declaration. */
async function execute(program: string, ...args: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [join(PROJECT, program), ...args], { cwd: PROJECT });
}

if (import.meta.main) {
  await runProgram(newStreamCommand, (given) => {
    const request = newStreamRequest(given);
    return Promise.resolve(oneShot(newStream(request).then(() => 0)));
  });
}
