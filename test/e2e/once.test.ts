// `npm start -- --once` as a user runs it: an exact account, again on data that a kill -9 left, and the
// commands that look at and delete the data afterwards.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  finished,
  installation,
  missing,
  npm,
  pidOf,
  processesOf,
  type Installation,
  type Variables,
} from './program.ts';

const ONCE = ['start', '--silent', '--', '--once'];

function query(sql: string, ...options: string[]): string[] {
  return ['run', '--silent', 'query', '--', ...options, sql];
}

const ROWS =
  'SELECT count(), uniqExact(kafka_source, kafka_partition, kafka_offset) FROM sensor_data';

const SECOND_ACCOUNT =
  /^Account: sent 50(?:, waiting from before (\d+))?, inserted (\d+), dead letters 0, lag 0, /m;

/** Starts it without an end and kills it with kill -9 while rows arrive. */
async function killed(here: Installation, more: Variables): Promise<void> {
  const args = ['start', '--silent', '--', '--streams', 'sensors'];
  const stack = npm(args, { ...here.env, ...more });
  await stack.says(/^First rows after/);
  process.kill(await pidOf(here, /node embedded\/main\.ts/), 'SIGKILL');
  await stack.exit;
}

// Whole stacks on a machine that may be busy with others.
vi.setConfig({ testTimeout: 400_000 });

describe.skipIf(missing !== undefined)('npm start -- --once', () => {
  it('accounts for every row, again after a kill -9, and its data can be queried and deleted', async () => {
    const here = await installation();
    const { env, home } = here;

    const first = await finished(ONCE, env);
    expect(first.text).toMatch(
      /^Account: sent 16000, inserted 16000, dead letters 0, lag 0, in [\d.]+ s \(\d+ rows\/s\)$/m,
    );
    expect(first.text).toMatch(/^Account of sensor_data: sent 12000, inserted 12000, /m);
    expect(first.text).toMatch(/^Account of traffic_events: sent 4000, inserted 4000, /m);
    expect(first.text).toMatch(/^First rows after [\d.]+ s$/m);
    expect(first.code).toBe(0);
    expect(await processesOf(home)).toEqual([]);

    await killed(here, { PRODUCER: 'C' });
    const second = await finished(ONCE, { ...env, PRODUCER: 'C', ROW_LIMIT: '50' });
    // What the kill left in Kafka lands now, and the account says so.
    const [, before = '0', inserted] = SECOND_ACCOUNT.exec(second.text) ?? [];
    expect(Number(inserted), second.text).toBe(50 + Number(before));
    expect(second.code).toBe(0);
    expect(await processesOf(home)).toEqual([]);

    const traffic = [...ONCE, '--streams', 'traffic', '--max', '300'];
    const third = await finished(traffic, env);
    expect(third.text).toMatch(/^Account: sent 300, inserted 300, dead letters 0, lag 0, /m);
    expect(third.code).toBe(0);

    const [rows = 0, distinct = 1] = (await finished(query(ROWS), env)).text
      .split('\t')
      .map(Number);
    expect(rows).toBeGreaterThan(12_050);
    expect(distinct).toBe(rows);
    const json = await finished(query('SELECT 1 AS one', '--format', 'JSONEachRow'), env);
    expect(json).toEqual({ code: 0, text: '{"one":1}' });
    const refused = await finished(query('SELECT nonsense'), env);
    expect(refused.code).toBe(1);
    expect(refused.text).toMatch(/^Code: 47\. DB::Exception: .*nonsense/);
    expect(await processesOf(home)).toEqual([]);

    const unasked = await finished(['run', '--silent', 'reset'], env);
    expect(unasked.code).toBe(2);
    expect(existsSync(join(home, 'clickhouse'))).toBe(true);
    expect((await finished(['run', '--silent', 'reset', '--', '--yes'], env)).code).toBe(0);
    expect(existsSync(join(home, 'kafka'))).toBe(false);
    expect(existsSync(join(home, 'clickhouse'))).toBe(false);
    const empty = await finished(query(ROWS), env);
    expect(empty).toMatchObject({ code: 3 });
    expect(empty.text).toContain(home);
  });

  it.each([
    [{ INTERVAL_MS: 'soon' }, /^INTERVAL_MS: "soon" is not /],
    [{ PRODUCER: 'producer_X' }, /^PRODUCER: "producer_X" is not one of producer_A, /],
    [{ KAFKA_PORT: '70000' }, /^KAFKA_PORT: "70000" is not /],
    [{ DATA_PATH: 'no-such-file.csv' }, /^DATA_PATH: .*no-such-file\.csv/],
  ])('says in one line what is wrong with %o, before it starts anything', async (wrong, line) => {
    const { env, home } = await installation();
    const { code, text } = await finished(ONCE, { ...env, ...wrong });
    expect(text).toMatch(line);
    expect(text.split('\n')).toHaveLength(1);
    expect(code).toBe(2);
    expect(existsSync(join(home, 'logs'))).toBe(false);
  });
});
