// The Markdown pages against the code: tables, ports, commands, links and the messages they explain exist, and
// README stays short. The queries run in test/integration/pasted-queries.test.ts.
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourceFolders } from '../platform/apps.ts';
import { launchVariables } from '../embedded/launch/config.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { compileValidator, type RowValues } from '../streams/validate.ts';
import { interpolated } from './compose-file.ts';
import { declaredVariables } from './declared-variables.ts';
import { regenerated } from './docs/generate.ts';
import {
  ROOT,
  codeBlocks,
  filesNamed,
  leadsSomewhere,
  links,
  page,
  pages,
  pastedQueries,
  section,
} from './docs/pages.ts';

const README_BYTES_MAX = 12_288;
const FOLDER_README_LINES_MAX = 40;
/** Names in capitals that are no variables of ours: of other programs, of ClickHouse's errors, of the code. */
const NAMES_OF_OTHERS = new Set(
  (
    'JAVA_HOME LC_ALL GF_SERVER_SERVE_FROM_SUB_PATH ERR_UNKNOWN_FILE_EXTENSION ' +
    'NOT_ENOUGH_SPACE UNKNOWN_STATUS_OF_INSERT CO_ALARM FAILING_SHARE'
  ).split(' '),
);

const declared = await declaredVariables();
const composed = interpolated();
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Pages about the present; decisions and the change log may name what is gone. */
const current = pages.filter(({ path }) => !/^(docs\/decisions\/|CHANGELOG)/.test(path));

/** Everything the programs can print, without the breaks that long texts have in the source. */
async function printedByCode(): Promise<string> {
  const texts: string[] = [];
  for await (const file of glob(`{${sourceFolders.join(',')}}/**/*.ts`, { cwd: ROOT })) {
    if (!file.endsWith('.test.ts')) texts.push(readFileSync(join(ROOT, file), 'utf8'));
  }
  return texts.join('\n').replace(/['"`] \+\n\s*['"`]/g, '');
}

describe('README.md', () => {
  it('is short: everything else has a page in docs/', () => {
    expect(Buffer.byteLength(page('README.md'))).toBeLessThanOrEqual(README_BYTES_MAX);
  });

  it('begins with the two commands', () => {
    const lines = codeBlocks(page('README.md'), 'sh')[0]!.trim().split('\n');
    expect(lines.map((line) => line.replace(/ +#.*/, ''))).toEqual([
      'npm ci && npm start',
      'npm ci && npm test',
    ]);
  });

  it('shows a message of a device that becomes a row', () => {
    const [, key, message = ''] = /^echo '([^|]+)\|(\{.*\})'/m.exec(page('README.md'))!;
    const event = JSON.parse(message) as { device_id: string; ts: string };
    expect(key).toBe(event.device_id);
    const row: RowValues = [];
    expect(compileValidator(sensorData)(event, Date.parse(event.ts), row)).toBeUndefined();
  });
});

describe('each top-level folder', () => {
  const folders = new Set(
    execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' })
      .split('\n')
      .filter((path) => path.includes('/'))
      .map((path) => path.split('/')[0]!),
  );
  // Files of the tools that run there, not of the project.
  for (const hidden of ['.github', '.ci']) folders.delete(hidden);

  it.each([...folders])('%s has a README.md of a few lines', (folder) => {
    const lines = page(`${folder}/README.md`).trimEnd().split('\n');
    expect(lines[0]).toBe(`# ${folder}`);
    expect(lines.length).toBeLessThanOrEqual(FOLDER_README_LINES_MAX);
  });

  it.each([...folders])('%s/README.md names only files that exist', (folder) => {
    const named = page(`${folder}/README.md`).matchAll(
      /`((?:[\w-]+\/)*[\w*.-]+\.(?:ts|json|csv|sql|xml))`/g,
    );
    const dead = [...named].filter(([, name = '']) => {
      return globSync(`{${folder}/**/,}${name}`, { cwd: ROOT }).length === 0;
    });
    expect(dead.map(([, name]) => name)).toEqual([]);
  });
});

describe('docs/configuration.md', () => {
  const text = page('docs/configuration.md');

  it('shows the configuration as it is declared (npm run generate:docs)', async () => {
    expect(await regenerated(text)).toBe(text);
  });

  it('lists every variable that the code or docker-compose.yml reads', () => {
    const tables = section(text, '## Variables');
    const read = [...new Set([...declared.keys(), ...composed.keys()])];
    expect(read.filter((name) => !tables.includes(`\n| \`${name}\``))).toEqual([]);
  });

  it('gives the ports that servers really have', () => {
    const cells = [...section(text, '## Ports').matchAll(/(\d+) \(`(\w+)`\)/g)];
    const shown = Object.fromEntries(cells.map(([, port, name]) => [name!, port!]));
    const launched = Object.entries(launchVariables).filter(([name]) => name.endsWith('_PORT'));
    const published = [...composed].filter(([name]) => name.endsWith('_HOST_PORT'));
    expect(shown).toEqual({
      ...Object.fromEntries(launched.map(([name, { fallback }]) => [name, fallback])),
      ...Object.fromEntries(published.map(([name, fallbacks]) => [name, [...fallbacks][0]])),
    });
  });
});

describe('all pages', () => {
  it.each(current.map(({ path, text }) => [path, text]))(
    '%s names no variable that does not exist',
    (_, text) => {
      const named = text.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?==|`)/g);
      const unknown = [...named]
        .map(([name]) => name)
        .filter((name) => !declared.has(name) && !composed.has(name) && !NAMES_OF_OTHERS.has(name));
      expect(unknown).toEqual([]);
    },
  );

  it.each(current.map(({ path, text }) => [path, text]))(
    '%s calls only npm scripts that exist',
    (_, text) => {
      const called = [...text.matchAll(/npm run (?:-s |--silent )?([a-z][a-z:-]*)/g)];
      const names = called.map((match) => match[1]!);
      expect(names.filter((name) => scripts[name] === undefined)).toEqual([]);
    },
  );

  it.each(pages.map(({ path, text }) => [path, text]))(
    '%s links to files and headings that exist',
    (path, text) => {
      expect(links(text).filter((target) => !leadsSomewhere(path, target))).toEqual([]);
    },
  );

  it('are those that code and settings name', () => {
    const naming = ['*.ts', '*.yml', '*.yaml', '.env.example', 'Dockerfile', '.ci/run']
      .flatMap((pattern) => filesNamed(pattern))
      .filter(({ path }) => path !== 'test/docs.test.ts');
    const dead = naming.flatMap(({ path, text }) =>
      [...text.matchAll(/\bdocs\/[\w./-]*\.md(?:#[\w-]+)?/g)]
        .filter(([target]) => !leadsSomewhere('README.md', target))
        .map(([target]) => `${path}: ${target}`),
    );
    expect(dead).toEqual([]);
    // Help and messages send nobody to README.md for what has a page of its own.
    const old = naming.filter(({ text }) => /see README\.md|README\.md (lists|has)/.test(text));
    expect(old.map(({ path }) => path)).toEqual([]);
  });
});

describe('docs/troubleshooting.md', () => {
  it('explains messages as the programs print them', async () => {
    const explained = [...page('docs/troubleshooting.md').matchAll(/\*\*`([^`]+)`\*\*/g)];
    const fragments = explained.flatMap(([, message]) => message!.split(/ ?… ?/));
    const printed = await printedByCode();
    expect(fragments.length).toBeGreaterThan(25);
    expect(fragments.filter((fragment) => !printed.includes(fragment))).toEqual([]);
  });
});

describe('docs/queries.md', () => {
  it('offers ten queries that a shell passes on unchanged', () => {
    const queries = pastedQueries();
    expect(new Set(queries).size).toBe(10);
    expect(queries.filter((sql) => /[$`!\\"\n]/.test(sql))).toEqual([]);
  });
});
