// README.md against the code: tables, ports, commands, files and the messages it explains are those that
// exist. The queries are run in test/integration/readme-queries.test.ts.
import { existsSync, readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launchVariables } from '../embedded/launch/config.ts';
import { interpolated } from './compose-file.ts';
import { declaredVariables } from './declared-variables.ts';
import { codeBlocks, pastedQueries, readme, section } from './readme/blocks.ts';
import { regenerated } from './readme/generate.ts';

const ROOT = join(import.meta.dirname, '..');
const declared = await declaredVariables();
const composed = interpolated();
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Everything the programs can print, without the breaks that long texts have in the source. */
async function printedByCode(): Promise<string> {
  const folders =
    'streams,platform,producers,consumer,processor,clickhouse_setup,live,terminal,embedded,data';
  const texts: string[] = [];
  for await (const file of glob(`{${folders}}/**/*.ts`, { cwd: ROOT })) {
    if (!file.endsWith('.test.ts')) texts.push(readFileSync(join(ROOT, file), 'utf8'));
  }
  return texts.join('\n').replace(/['"`] \+\n\s*['"`]/g, '');
}

describe('README.md', () => {
  it('shows the configuration as it is declared (npm run generate:readme)', async () => {
    expect(await regenerated(readme)).toBe(readme);
  });

  it('lists every variable that the code or docker-compose.yml reads', () => {
    const tables = section('## Configuration');
    const read = [...new Set([...declared.keys(), ...composed.keys()])];
    expect(read.filter((name) => !tables.includes(`\n| \`${name}\``))).toEqual([]);
  });

  it('names no variable that does not exist', () => {
    const named = readme.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?==|`)/g);
    const ofOthers = ['JAVA_HOME', 'ERR_UNKNOWN_FILE_EXTENSION', 'NOT_ENOUGH_SPACE'];
    const unknown = [...named]
      .map(([name]) => name)
      .filter((name) => !declared.has(name) && !composed.has(name) && !ofOthers.includes(name));
    expect(unknown).toEqual([]);
  });

  it('gives the ports that servers really have', () => {
    const cells = [...section('## Ports').matchAll(/(\d+) \(`(\w+)`\)/g)];
    const shown = Object.fromEntries(cells.map(([, port, name]) => [name!, port!]));
    const launched = Object.entries(launchVariables).filter(([name]) => name.endsWith('_PORT'));
    const published = [...composed].filter(([name]) => name.endsWith('_HOST_PORT'));
    expect(shown).toEqual({
      ...Object.fromEntries(launched.map(([name, { fallback }]) => [name, fallback])),
      ...Object.fromEntries(published.map(([name, fallbacks]) => [name, [...fallbacks][0]])),
    });
  });

  it('begins with the two commands', () => {
    const lines = codeBlocks('sh')[0]!.trim().split('\n');
    expect(lines.map((line) => line.replace(/ +#.*/, ''))).toEqual([
      'npm ci && npm start',
      'npm ci && npm test',
    ]);
  });

  it('calls only npm scripts that exist', () => {
    const called = [...readme.matchAll(/npm run ([a-z][a-z:-]*)/g)].map((match) => match[1]!);
    expect(called.length).toBeGreaterThan(10);
    expect(called.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it('links to files and headings that exist', () => {
    const anchors = [...readme.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => {
      return `#${heading!
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .replaceAll(' ', '-')}`;
    });
    const targets = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
    const dead = targets.filter((target) => {
      return target.startsWith('#') ? !anchors.includes(target) : !existsSync(join(ROOT, target));
    });
    expect(targets.length).toBeGreaterThan(5);
    expect(dead).toEqual([]);
  });

  it('explains messages as the programs print them', async () => {
    const explained = [...section('## Troubleshooting').matchAll(/\*\*`([^`]+)`\*\*/g)];
    const fragments = explained.flatMap(([, message]) => message!.split(/ ?… ?/));
    const printed = await printedByCode();
    expect(fragments.length).toBeGreaterThan(25);
    expect(fragments.filter((fragment) => !printed.includes(fragment))).toEqual([]);
  });

  it('offers ten queries that a shell hands on unchanged', () => {
    const queries = pastedQueries();
    expect(new Set(queries).size).toBe(10);
    expect(queries.filter((sql) => /[$`!\\"\n]/.test(sql))).toEqual([]);
  });
});
