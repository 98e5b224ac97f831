// The records of a file's rows: an event under its key as it is, a row that does not fit under its key with
// headers that say where it is from.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readProducerConfig } from './config.ts';
import { openSelection } from './selection.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensorhouse-selection-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('sends a row that does not fit with its file, line and problem, and never stamps it', async () => {
  const event = { detector_id: 'Dü', detector_type: 'LOOP', detector_status: 'OK', signal_id: 'S' };
  const lines = [event, { ...event, signal_id: 7, timestamp: 'noon' }].map((each) => {
    return JSON.stringify(each);
  });
  const path = join(folder, 'reports.ndjson');
  await writeFile(path, Buffer.from(lines.join('\n'), 'latin1'));
  const config = readProducerConfig({
    ...{ PRODUCER: 'traffic', DATA_PATH: path, DATA_ENCODING: 'latin1' },
    ...{ ON_BAD_ROW: 'dead-letter', USE_NOW_TS: 'true' },
  });
  const { records, source } = await openSelection(config);
  const rows = (await source.take(5)).flatMap(({ from, page, to }) => {
    return Array.from({ length: to - from }, (_, at) => records.keyedValue(page, from + at));
  });
  const [good, bad] = rows;
  expect(rows).toHaveLength(2);
  await source[Symbol.asyncDispose]();
  expect(good).toMatchObject({ key: 'Dü' });
  expect(good).not.toHaveProperty('headers');
  expect(bad).toEqual({
    key: 'Dü',
    value: lines[1],
    headers: {
      source_file: path,
      source_line: '2',
      source_problem: 'member signal_id: 7 is not a text of 1 to 256 bytes',
    },
  });
});
