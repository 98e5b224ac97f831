// README.md as data: its code blocks, and the queries that it offers for pasting.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');

/** The contents of the fenced blocks in one of the given languages. */
export function codeBlocks(...languages: readonly string[]): string[] {
  return [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, language = '']) => languages.includes(language))
    .map(([, , text = '']) => text);
}

/** The part under a heading, up to the next heading of the same level. */
export function section(heading: string): string {
  const level = /^#+/.exec(heading)![0];
  const begin = readme.indexOf(`\n${heading}\n`);
  if (begin === -1) throw new Error(`README.md has no ${heading}`);
  const end = readme.indexOf(`\n${level} `, begin + heading.length);
  return readme.slice(begin, end === -1 ? undefined : end);
}

/** The statements of the section «Ten queries to paste», as a shell hands them on. */
export function pastedQueries(): string[] {
  const text = section('## Ten queries to paste');
  return [...text.matchAll(/^npm run query -- "([\s\S]*?)"$/gm)].map(([, sql = '']) => sql);
}
