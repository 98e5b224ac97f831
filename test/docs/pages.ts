// The Markdown pages of the project as data: their links, headings and code blocks, and the queries that
// docs/queries.md offers for pasting.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface Page {
  /** From the project's folder. */
  readonly path: string;
  readonly text: string;
}

function tracked(pattern: string): string[] {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', pattern];
  const paths = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8' }).split('\n');
  return paths.filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

/** The project's files whose names match, with their text. */
export function filesNamed(pattern: string): Page[] {
  return tracked(pattern).map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

export const pages: readonly Page[] = filesNamed('*.md');

export function page(path: string): string {
  const found = pages.find((each) => each.path === path);
  if (found === undefined) throw new Error(`the project has no page ${path}`);
  return found.text;
}

/** The contents of the fenced blocks in one of the given languages. */
export function codeBlocks(text: string, ...languages: readonly string[]): string[] {
  return [...text.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)]
    .filter(([, language = '']) => languages.includes(language))
    .map(([, , block = '']) => block);
}

/** The part under a heading, up to the next heading of the same level. */
export function section(text: string, heading: string): string {
  const level = /^#+/.exec(heading)![0];
  const begin = text.indexOf(`\n${heading}\n`);
  if (begin === -1) throw new Error(`the page has no heading ${heading}`);
  const end = text.indexOf(`\n${level} `, begin + heading.length);
  return text.slice(begin, end === -1 ? undefined : end);
}

/** The statements of docs/queries.md, as a shell passes them on. */
export function pastedQueries(): string[] {
  const text = page('docs/queries.md');
  return [...text.matchAll(/^npm run query -- "([\s\S]*?)"$/gm)].map(([, sql = '']) => sql);
}

/** The anchors that GitHub gives the headings of a page. */
export function anchors(text: string): Set<string> {
  const prose = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
  const slugs = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(slugs);
}

/** Targets of links and pictures, without addresses of the web. */
export function links(text: string): string[] {
  const prose = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** Whether a link on a page leads to a file of the project and, if it names a heading, to that one. */
export function leadsSomewhere(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : normalize(join(dirname(from), file));
  if (!existsSync(join(ROOT, path))) return false;
  return anchor === undefined || anchors(page(path)).has(anchor);
}
