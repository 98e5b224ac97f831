// The rules of the code base that no compiler checks: imports between folders, the length of files, their
// opening lines, and that only platform/ reaches clients and the environment.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appFolders, imagePaths } from '../platform/apps.ts';

const root = join(import.meta.dirname, '..');
const tracked = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'],
  { cwd: root, encoding: 'utf8' },
);
const files = tracked
  .split('\n')
  .filter((path) => path !== '')
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** A limit that no file needs to be bent to: 300 led to splinters and to one-line tricks. */
const LINES_MAX = 500;
/** Files that may be longer, and why. */
const LONG: Record<string, string> = {};

function folderOf(path: string): string {
  return path.includes('/') ? path.split('/')[0]! : '';
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (['test', 'bench', ''].includes(from)) return true;
  if (from === 'streams') return false;
  if (from === 'platform') return to === 'streams';
  if (appFolders.includes(from)) return to === 'streams' || to === 'platform';
  const below = ['streams', 'platform', ...appFolders];
  if (from === 'embedded') return below.includes(to);
  return from === 'tools' && (below.includes(to) || to === 'embedded');
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

/** The files of ours that a file imports. */
function filesImported(path: string, text: string): string[] {
  const relative = importsOf(text).filter((name) => name.startsWith('.'));
  return relative.map((name) => normalize(join(dirname(path), name)));
}

const isTest = (path: string): boolean => path.endsWith('.test.ts');
const sources = files.filter(({ path }) => !isTest(path));

describe('imports', () => {
  it('follow streams ← platform ← apps ← embedded ← tools', () => {
    const wrong = sources.flatMap(({ path, text }) =>
      filesImported(path, text)
        .map(folderOf)
        .filter((to) => !mayImport(folderOf(path), to))
        .map((to) => `${path} → ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it('lead from what the image holds to what it holds', () => {
    const isHeld = (path: string): boolean =>
      imagePaths.some((held) => path === held || path.startsWith(`${held}/`));
    const held = sources.filter(({ path }) => isHeld(path));
    expect(held.map(({ path }) => path)).toContain('tools/connections/main.ts');
    const wrong = held.flatMap(({ path, text }) =>
      filesImported(path, text)
        .filter((to) => !isHeld(to))
        .map((to) => `${path} → ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it('reach client libraries only in platform/, the engine only in embedded/', () => {
    const clients =
      /^(kafkajs|@platformatic\/|@clickhouse\/|pino|prom-client|lz4-napi|snappy|mqtt)/;
    const wrong = sources.flatMap(({ path, text }) => {
      const folder = folderOf(path);
      return importsOf(text)
        .filter((name) => {
          // The doctor tries in a process of its own whether the engine loads.
          if (name === 'chdb' && path === 'tools/doctor/machine.ts') return false;
          if (name.startsWith('chdb')) return !['embedded', 'test', 'bench'].includes(folder);
          // The embedded server decodes what official clients send, hence the codec.
          if (name === 'lz4-napi' && folder === 'embedded') return false;
          return clients.test(name) && !['platform', 'test', 'bench'].includes(folder);
        })
        .map((name) => `${path} → ${name}`);
    });
    expect(wrong).toEqual([]);
  });
});

describe('files', () => {
  it('are named in kebab-case', () => {
    const wrong = files.filter(({ path }) => {
      const name = path.split('/').at(-1)!;
      return !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config))?\.ts$/.test(name);
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('hold one idea', () => {
    const long = files.filter(({ path, text }) => {
      return text.split('\n').length > LINES_MAX + 1 && LONG[path] === undefined;
    });
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('open with what they own', () => {
    const silent = sources.filter(({ text }) => !/^(#!.*\n)?(\/\/|\/\*\*)/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it('leave no work behind in comments', () => {
    const marks = new RegExp(
      `\\b(${['FIX', 'ME'].join('')}|${['TO', 'DO'].join('')}|${['X', 'XX'].join('')})\\b`,
    );
    expect(files.filter(({ text }) => marks.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

describe('the environment', () => {
  it('is read in platform/config.ts alone', () => {
    const env = ['process', 'env'].join('.');
    const readers = sources.filter(({ path, text }) => {
      const code = text.replaceAll(/\/\/.*$/gm, '').replaceAll(/process\.env\['\w+'\] = /g, '');
      return code.includes(env) && path !== 'platform/config.ts';
    });
    expect(readers.map(({ path }) => path)).toEqual([]);
  });
});

describe('the command line', () => {
  it('is read in platform/command-line.ts alone', () => {
    const argv = ['process', 'argv'].join('.');
    const readers = sources.filter(({ path, text }) => {
      // What tests and measurements start as children of their own takes words by position.
      return text.includes(argv) && !/^(test|bench)\//.test(path);
    });
    expect(readers.map(({ path }) => path)).toEqual(['platform/command-line.ts']);
    const parsers = sources.filter(({ text }) => /\bparseArgs\b|'commander'/.test(text));
    expect(parsers.map(({ path }) => path)).toEqual(['platform/command-line.ts']);
  });
});

describe('SQL literals', () => {
  it('are written in platform/clickhouse/quoted.ts alone', () => {
    // Escapes the quotes of a text: `/[\\']/g` or ("'", "\\'"). The other one writes TypeScript.
    const escapes = /\[\\\\'\]\/g, |\("'", "\\\\'"\)/;
    const writers = sources.filter(
      ({ path, text }) => escapes.test(text) && !path.startsWith('test/'),
    );
    expect(writers.map(({ path }) => path)).toEqual([
      'platform/clickhouse/quoted.ts',
      'tools/new-stream/source-text.ts',
    ]);
  });
});
