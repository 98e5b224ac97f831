// The producer without any server: dry run, command line, bad files, stops. As processes, because
// exit codes, stdout and signals are what is promised.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programEnvironment } from '../backend/program-environment.ts';
import {
  DATA_FILE,
  DEVICES,
  NO_KAFKA,
  expectedEvents,
  launchProducer,
  printedEvents,
  runProducer,
} from './producer-process.ts';

const ALONE = { KAFKA_BROKER: NO_KAFKA, KAFKA_MAX_BLOCK_MS: '300' };
/** Long enough to learn that nothing listens there, on a starved machine too. */
const REFUSED = { KAFKA_BROKER: NO_KAFKA, KAFKA_MAX_BLOCK_MS: '3000' };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensorhouse-producer-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a producer without Kafka', () => {
  it('warns once, prints every event on stdout, accounts for them and exits with 0', async () => {
    const { exit, stdout, log, account } = await runProducer({ ...REFUSED, ROW_LIMIT: '1500' });
    expect(printedEvents(stdout)).toEqual(expectedEvents(DEVICES.A, 1_500));
    expect(exit).toBe(0);
    const warnings = log.filter(({ level }) => level === 'warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]!.msg).toMatch(/nothing answers on 127\.0\.0\.1:1: .*\[DRY-RUN\]/);
    expect(account).toMatchObject({ read: 1500, sent: 0, inDoubt: 0, dryRun: 1500, failed: 0 });
  });

  it('exits with 3 and prints nothing when ON_KAFKA_DOWN is fail', async () => {
    const run = await runProducer({ ...REFUSED, ON_KAFKA_DOWN: 'fail' });
    expect(run).toMatchObject({ exit: 3, stdout: '', account: { read: 0 } });
    expect(run.log.find(({ level }) => level === 'error')!.msg).toContain('nothing answers on');
  });

  it('waits, says so once, and stops at a signal, when ON_KAFKA_DOWN is wait', async () => {
    const producer = launchProducer({ ...ALONE, ON_KAFKA_DOWN: 'wait' });
    await producer.logged(/waiting/);
    await new Promise((resolve) => setTimeout(resolve, 1_000)); // several attempts
    producer.process.kill('SIGTERM');
    const { exit, stdout, log, account } = await producer.finished;
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: '' });
    expect(log.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(account).toMatchObject({ read: 0 });
  });

  it('stops at SIGTERM in the middle, having printed all that it read', async () => {
    const producer = launchProducer({ ...ALONE, ROW_LIMIT: 'all', LOOP: 'true', INTERVAL_MS: '5' });
    await new Promise((resolve) => producer.process.stdout!.once('data', resolve));
    producer.process.kill('SIGTERM');
    const { exit, stdout, account } = await producer.finished;
    expect(exit).toBe(0);
    expect(account).toMatchObject({ dryRun: account!.read, failed: 0 });
    expect(printedEvents(stdout)).toEqual(expectedEvents(DEVICES.A, account!.read));
  });

  it('ends quietly when the reader of stdout goes away', async () => {
    const { stdout, stderr } = await runPiped('head -n 2', { LOOP: 'true' });
    expect(printedEvents(stdout)).toEqual(expectedEvents(DEVICES.A, 2));
    expect(stderr).toMatch(/"event":"account".*\nexit 0\n$/);
    expect(stderr).not.toContain('EPIPE');
  });

  it('loses no line to a slow reader', async () => {
    const { stdout, stderr } = await runPiped('(sleep 2; cat)', { ROW_LIMIT: '4000' });
    expect(printedEvents(stdout)).toEqual(expectedEvents(DEVICES.A, 4_000));
    expect(stderr).toMatch(/"dryRun":4000,"failed":0.*\nexit 0\n$/);
  });

  it('loops, and stamps the current time with USE_NOW_TS', async () => {
    const lines = (await readFile(DATA_FILE, 'utf8')).split('\n').slice(0, 30).join('\n');
    const path = join(folder, 'thirty.csv.gz');
    await writeFile(path, gzipSync(lines));
    const rows = expectedEvents(DEVICES.C, 1e6).filter((event) => lines.includes(cellOf(event)));
    const env = { ...ALONE, DATA_PATH: path, LOOP: 'true', ROW_LIMIT: String(rows.length + 3) };
    const { stdout } = await runProducer(env, ['C']);
    expect(printedEvents(stdout)).toEqual([...rows, ...rows.slice(0, 3)]);

    const beforeSec = Date.now() / 1_000;
    const live = await runProducer({ ...ALONE, USE_NOW_TS: 'true' }, ['C', '3']);
    for (const event of printedEvents(live.stdout)) {
      const { ts } = JSON.parse(event) as { ts: number };
      expect(ts).toBeGreaterThanOrEqual(beforeSec);
      expect(ts).toBeLessThanOrEqual(Date.now() / 1_000);
    }
  });
});

/** Runs a producer whose stdout goes into a shell command; its exit code is the end of stderr. */
async function runPiped(
  reader: string,
  env: Record<string, string>,
): Promise<{ stdout: string; stderr: string }> {
  const main = join(import.meta.dirname, '..', '..', 'producers', 'main.ts');
  const shell = `{ "$0" "$1"; echo "exit $?" >&2; } | ${reader}`;
  const child = spawn('sh', ['-c', shell, process.execPath, main], {
    env: programEnvironment({ ...ALONE, INTERVAL_MS: '0', ...env }),
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr };
}

/** The time of an event as the file writes it. */
function cellOf(event: string): string {
  const digits = String((JSON.parse(event) as { ts: number }).ts).replace('.', '');
  return `"${digits.slice(0, 1)}.${digits.slice(1)}E9"`;
}

describe('the command line', () => {
  it.each([
    [['run', 'producer_C', '5'], DEVICES.C, 5],
    [['producer_B.py', '2'], DEVICES.B, 2],
    [['--rows', '3'], DEVICES.A, 3],
    [[], DEVICES.A, 10],
  ])('%j', async (args, device, rows) => {
    const { exit, stdout } = await runProducer(ALONE, args);
    expect(printedEvents(stdout)).toEqual(expectedEvents(device, rows));
    expect(exit).toBe(0);
  });

  it('prints help on stdout', async () => {
    const { exit, stdout, stderr } = await runProducer({}, ['--help']);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toContain('producer_B   device 1c:bf:ce:15:ec:4d');
  });

  it('warns of a ROW_LIMIT that makes no sense and sends 5', async () => {
    const { exit, stdout, log } = await runProducer({ ...ALONE, ROW_LIMIT: 'lots' });
    expect(printedEvents(stdout)).toHaveLength(5);
    expect(exit).toBe(0);
    expect(log[0]).toMatchObject({ level: 'warn' });
    expect(log[0]!.msg).toContain('ROW_LIMIT: "lots" is not an integer');
  });

  it.each([
    [
      ['D'],
      {},
      'PRODUCER: "D" is not one of producer_A, producer_B, producer_C, traffic, sensor_data',
    ],
    [[], { INTERVAL_MS: 'fast' }, 'INTERVAL_MS: "fast" is not an integer from 0 to 3600000'],
    [['--nope'], {}, 'unknown option --nope; see: npm run producer -- --help'],
  ])('%j %j is one line and exit code 2', async (args, env, line) => {
    const { exit, stderr, stdout } = await runProducer({ ...ALONE, ...env }, args);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    // One line; streams of the user may be among the producers.
    expect(stderr.startsWith(line)).toBe(true);
    expect(stderr.trimEnd()).not.toContain('\n');
  });
});

describe('a file with a mistake', () => {
  it.each([
    ['no file', undefined, /^DATA_PATH: cannot read .*1\.csv: the file does not exist\n$/],
    ['an empty file', '', /2\.csv line 1: the file is empty; it must start with .*\n$/],
    ['a missing column', '"ts","device"\n', /3\.csv line 1, column co: is missing; .*\n$/],
  ])('%s: one line, exit code 2, nothing sent', async (_name, content, message) => {
    const path = join(folder, `${/(\d)\\\.csv/.exec(message.source)![1]!}.csv`);
    if (content !== undefined) await writeFile(path, content);
    const run = await runProducer({ ...ALONE, DATA_PATH: path });
    expect(run).toMatchObject({ exit: 2, stdout: '', account: undefined });
    expect(run.stderr).toMatch(message);
    expect(run.stderr.trim()).not.toContain('\n');
  });

  it('a bad row: rows before it go out, the account counts them, exit code 2', async () => {
    const lines = (await readFile(DATA_FILE, 'utf8')).split('\n').slice(0, 8_000);
    lines[7_000] = lines[7_000]!
      .replace(/"(\d+\.\d+)"$/, '"$1°"')
      .replace(/"(..:){5}..",/, `"${DEVICES.A}",`);
    const path = join(folder, 'bad-row.csv');
    await writeFile(path, lines.join('\n'));
    const good = lines.slice(1, 7_000).filter((line) => line.includes(DEVICES.A)).length;
    const env = { ...ALONE, DATA_PATH: path, ROW_LIMIT: 'all' };
    const { exit, stdout, stderr, account } = await runProducer(env);
    expect(printedEvents(stdout)).toEqual(expectedEvents(DEVICES.A, good));
    expect(account).toMatchObject({ read: good, dryRun: good, failed: 0 });
    expect(stderr).toMatch(/bad-row\.csv line 7001, column temp: ".*°" is not a number from .*\n$/);
    expect(exit).toBe(2);
  });
});
