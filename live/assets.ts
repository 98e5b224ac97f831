// The files of the page: the browser's modules with their types stripped, styles, and uPlot. The server reads
// them once at the start and serves them from memory; no other file of the disk can be requested.
import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { extname, join } from 'node:path';

export interface Asset {
  readonly type: string;
  readonly body: string;
  readonly etag: string;
}

export interface Assets {
  /** By path, such as `/app/browser/main.ts`. */
  readonly files: ReadonlyMap<string, Asset>;
  readonly page: Asset;
  readonly signIn: Asset;
  /** Of the import map, for the policy of what may run. */
  readonly inlineHashes: readonly string[];
}

const TYPES: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Reads everything. */
export async function loadAssets(): Promise<Assets> {
  const files = new Map<string, Asset>();
  for await (const path of glob('{model,browser}/**/*.{ts,css,svg}', {
    cwd: import.meta.dirname,
  })) {
    if (path.endsWith('.test.ts')) continue;
    files.set(`/app/${path.replaceAll('\\', '/')}`, await read(join(import.meta.dirname, path)));
  }
  const uplot = createRequire(import.meta.url)
    .resolve('uplot/package.json')
    .replace('package.json', 'dist/');
  files.set('/app/vendor/uplot.js', await read(`${uplot}uPlot.esm.js`));
  files.set('/app/vendor/uplot.css', await read(`${uplot}uPlot.min.css`));
  const page = await read(join(import.meta.dirname, 'browser', 'index.html'));
  const signIn = await read(join(import.meta.dirname, 'browser', 'sign-in.html'));
  const maps = [...page.body.matchAll(/<script type="importmap">([^<]*)<\/script>/g)];
  const inlineHashes = maps.map(([, text]) => createHash('sha256').update(text!).digest('base64'));
  return { files, page, signIn, inlineHashes };
}

async function read(path: string): Promise<Asset> {
  const type = TYPES[extname(path)]!;
  const text = await readFile(path, 'utf8');
  const body = path.endsWith('.ts') ? strip(text) : text;
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { type, body, etag };
}

/** Node runs our own sources the same way; only calling it by hand is announced as an experiment. */
function strip(text: string): string {
  const emit = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emit;
  }
}
