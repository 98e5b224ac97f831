// docs/your-own-stream.md, followed literally in a copy of the project: from a file to rows, a file error, a
// dead letter and a dashboard whose queries answer.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Dashboard } from '../../grafana/dashboard.ts';
import type { Target } from '../../grafana/target.ts';
import { expand } from '../../live/sql/macros.ts';
import { installation, missing, pressCtrlC, shell, type Variables } from './program.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(PROJECT, 'docs', 'your-own-stream.md'), 'utf8');
const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);

/** The project as it is committed, or will be, without what is only looked at. */
async function copyOfProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-own-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const listing = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', listing, { cwd: PROJECT, encoding: 'utf8' }).split('\n');
  for (const file of files) {
    const from = join(PROJECT, file);
    if (file === '' || file.startsWith('docs/images/') || !existsSync(from)) continue;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(from, join(folder, file));
  }
  await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

async function typed(script: string, env: Variables, folder: string) {
  const program = shell(script, env, folder);
  const code = await program.exit;
  return { code, text: program.text() };
}

async function answerOf(sql: string, { CLICKHOUSE_PORT }: Variables): Promise<unknown[][]> {
  const url = `http://127.0.0.1:${CLICKHOUSE_PORT!}/?default_format=JSONCompact`;
  const headers = { 'X-ClickHouse-User': 'sensor', 'X-ClickHouse-Key': 'sensorpass' };
  const response = await fetch(url, { method: 'POST', headers, body: sql });
  const text = await response.text();
  if (!response.ok) throw new Error(`${text}\n${sql}`);
  return (JSON.parse(text) as { data: unknown[][] }).data;
}

/** Each look starts a program, on a machine that may be busy with others. */
const PATIENCE = { timeout: 150_000, interval: 500 };

/** Whole stacks on a machine that may be busy with others. */
vi.setConfig({ testTimeout: 400_000 });

describe.skipIf(missing !== undefined)('docs/your-own-stream.md', () => {
  it('leads from a file to rows, a dead letter and a dashboard', async () => {
    const [file, declare, badLine, start, query, deadLetter, ...more] = blocks;
    expect(more).toEqual([]);
    const folder = await copyOfProject();
    const { env: servers } = await installation();
    const env = {
      ...{ ...servers, KAFKA_BROKER: `127.0.0.1:${servers['KAFKA_PORT']!}` },
      ...{ INTERVAL_MS: '50', npm_config_loglevel: 'error' },
    };
    expect(await typed(file!, env, folder)).toEqual({ code: 0, text: '' });

    const declared = await typed(declare!, env, folder);
    expect(declared.text).toContain('None of 3 rows would be refused.');
    expect(declared.code).toBe(0);
    const stale = ['clickhouse_setup/generate.ts', 'grafana/generate.ts'].map((program) =>
      typed(`node ${program} --check`, env, folder),
    );
    expect((await Promise.all(stale)).map(({ code }) => code)).toEqual([0, 0]);
    const own = { extends: './tsconfig.json', include: ['streams/*.ts', 'grafana/pumps.ts'] };
    await writeFile(join(folder, 'tsconfig.own.json'), JSON.stringify(own));
    const types = 'node node_modules/typescript/bin/tsc -p tsconfig.own.json';
    expect(await typed(types, env, folder)).toEqual({ code: 0, text: '' });

    // Nothing runs yet: the producer need not wait long for Kafka.
    const refused = await typed(badLine!, { ...env, KAFKA_MAX_BLOCK_MS: '500' }, folder);
    for (const line of ['[DRY-RUN] {"pump_id":"north-1"', 'with-bad-line.csv line 5, column']) {
      expect(refused.text).toContain(line);
      expect(page).toContain(line);
    }
    expect(refused.text.match(/^\[DRY-RUN\]/gm)).toHaveLength(3);
    expect(refused.code).toBe(2);

    const stack = shell(`exec ${start!}`, env, folder);
    await stack.says(/^First rows after/);
    await vi.waitUntil(async () => (await typed(query!, env, folder)).text.includes('south-1'), {
      ...PATIENCE,
    });
    const rows = await typed(query!, env, folder);
    const table = rows.text.split('\n').filter((line) => /^(north|south)-/.test(line));
    expect(table).toEqual([
      'north-1\t2026-11-20 08:00:00.000\t12.5\t3.1\t1',
      'north-2\t2026-11-20 08:00:02.000\t9.75\t2.9\t1',
      'south-1\t2026-11-20 08:00:05.000\t0\t0.4\t0',
    ]);

    const [send, list, ...others] = deadLetter!.trim().split('\n');
    expect(others).toEqual([]);
    // Once: the account at the end counts what was sent.
    expect((await typed(send!, env, folder)).code).toBe(0);
    const letters = async (): Promise<string> => (await typed(list!, env, folder)).text;
    await vi.waitUntil(async () => /missing_field/.test(await letters()), PATIENCE);
    const [dead] = await answerOf('SELECT stream, field FROM dead_letters LIMIT 1', env);
    expect(dead).toEqual(['pumps', 'pump_id']);

    const json = await readFile(join(folder, 'grafana', 'dashboards', 'pumps.json'), 'utf8');
    const dashboard = JSON.parse(json) as Dashboard;
    expect(dashboard.panels.map(({ title }) => title)).toEqual([
      ...['Events per minute', 'Latest values', 'flow_l_min', 'pressure'],
    ]);
    for (const clock of ['arrival', 'event']) {
      const viewed = {
        ...{ fromMs: Date.UTC(2026, 10, 20), toMs: Date.now() + 3_600_000, intervalMs: 60_000 },
        variables: { pump_id: 'all', clock: [clock] } as const,
      };
      for (const { rawSql } of dashboard.panels.flatMap(({ targets = [] }) => targets)) {
        // A pace is drawn once there are five seconds to draw it from.
        const hasRows = async () => (await answerOf(expand(rawSql, viewed), env)).length > 0;
        await vi.waitUntil(hasRows, PATIENCE);
      }
    }
    for (const { query: sql, type } of dashboard.templating.list) {
      if (type !== 'query') continue;
      expect(await answerOf(expand((sql as Target).rawSql, noVariables), env)).not.toEqual([]);
    }

    pressCtrlC(stack);
    expect(await stack.exit).toBe(0);
    expect(stack.text()).toMatch(
      /^Account: sent (\d+), of other producers 1, inserted \1, dead letters 1, lag 0/m,
    );
  });

  it('names only npm scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...page.matchAll(/npm run ([a-z][a-z:-]*)/g)].map((match) => match[1]!);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

const noVariables = { fromMs: 0, toMs: Date.now(), intervalMs: 60_000, variables: {} };
