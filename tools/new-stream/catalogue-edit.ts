// Adds a stream and its dashboard to the files that list them, as text: an import and an entry beside the
// others, and no other change. It refuses a file that does not look as expected.
import { ConfigError } from '../../platform/errors.ts';
import { literal, member, type SourceNames } from './source-text.ts';

/** The files that list streams and dashboards, from the project's folder. */
export const LISTS = {
  streams: 'streams/index.ts',
  dashboards: 'grafana/generate.ts',
  links: 'grafana/dashboard-links.ts',
} as const;

/** @throws {ConfigError} naming the file and what was not found in it. */
export function addStream(text: string, { declared, file }: SourceNames): string {
  const imported = addImport(text, `import { ${declared} } from './${file}.ts';`);
  return addEntry(LISTS.streams, imported, 'export const streams', ['[', ']'], declared);
}

/** @throws {ConfigError} naming the file and what was not found in it. */
export function addDashboard(text: string, names: SourceNames): string {
  const { dashboard, file, stream } = names;
  const imported = addImport(text, `import { ${dashboard} } from './${file}.ts';`);
  const entry = `${literal(`${stream}.json`)}: ${dashboard}`;
  return addEntry(LISTS.dashboards, imported, 'export const dashboards', ['{', '}'], entry);
}

/** `key` is the variable that other dashboards of the family keep. @throws {ConfigError} likewise. */
export function addLinks(text: string, { file, stream, title }: SourceNames, key: string): string {
  const about = `{ title: ${literal(title)}, about: ${literal(stream)} }`;
  const entry = `${member(file)}: ${about}`.replace(/^\['(.*)'\]:/, "'$1':");
  const linked = addEntry(LISTS.links, text, 'const DASHBOARDS', ['{', '}'], entry);
  const choice = `${member(stream)}: [${literal(key)}]`;
  return addEntry(LISTS.links, linked, 'const CHOICES', ['{', '}'], choice);
}

/** After the last import: order means nothing. */
function addImport(text: string, line: string): string {
  const end = text.indexOf(';\n', text.lastIndexOf('\nimport ')) + 2;
  return `${text.slice(0, end)}${line}\n${text.slice(end)}`;
}

/** Puts an entry at the end of the list that `start` declares. */
function addEntry(
  file: string,
  text: string,
  start: string,
  [open, close]: readonly [string, string],
  entry: string,
): string {
  const from = text.indexOf(start);
  const equals = text.indexOf('= ', from);
  const opened = equals + 2;
  const end = from < 0 || text[opened] !== open ? -1 : closing(text, opened, open, close);
  if (end < 0)
    throw new ConfigError(`${file}: there is no list "${start}" to add to; add it by hand`);
  const inside = text.slice(opened + 1, end).trimEnd();
  const comma = inside === '' || inside.endsWith(',') ? '' : ',';
  const space = inside.includes('\n') ? '\n  ' : ' ';
  const last = inside.includes('\n') ? ',\n' : '';
  return `${text.slice(0, opened + 1)}${inside}${comma}${space}${entry}${last}${text.slice(end)}`;
}

/** Where the bracket closes that opens at `at`; brackets in strings would be counted, there are none. */
function closing(text: string, at: number, open: string, close: string): number {
  let depth = 0;
  for (let index = at; index < text.length; index += 1) {
    if (text[index] === open) depth += 1;
    if (text[index] === close && (depth -= 1) === 0) return index;
  }
  return -1;
}
