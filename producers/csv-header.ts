// Checks the first line of a CSV file against the columns of a stream, and suggests the most likely
// correction of a missing column.
import { csvHeader, csvHeaders } from '../streams/csv.ts';
import type { TopicStream } from '../streams/stream.ts';

export interface HeaderFault {
  /** The column that it is about. */
  readonly column: string;
  readonly problem: string;
}

const OTHER_DELIMITERS = [
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'bars'],
] as const;

/** What is wrong with a header, undefined when it has each column that the stream needs once. */
export function headerFault(
  stream: TopicStream,
  header: readonly string[],
): HeaderFault | undefined {
  const wanted = csvHeaders(stream);
  for (const column of stream.leaves.map(csvHeader)) {
    const count = header.filter((given) => given === column).length;
    if (count === 1 || (count === 0 && !wanted.includes(column))) continue;
    const problem = count === 0 ? `is missing${hint(header, column)}` : `appears ${count} times`;
    return { column, problem: `${problem}; the header must have ${wanted.join(', ')}` };
  }
  return undefined;
}

/** What stands there instead of the column, as far as one can guess. */
function hint(header: readonly string[], column: string): string {
  const alike = header.find((given) => bare(given) === bare(column));
  if (alike !== undefined) return `; the header has ${JSON.stringify(alike)}: rename that column`;
  return noHeaderHint(header);
}

/** What the first line is, when it is hardly a header; '' when it may be one. */
export function noHeaderHint(header: readonly string[]): string {
  const isComment = header[0]?.startsWith('#') === true;
  if (isComment) return '; the first line looks like a comment: remove it';
  return delimiterHint(header.join(','));
}

/** What to do about a line that separates its cells by something else than commas; '' when it does not. */
export function delimiterHint(line: string): string {
  const commas = line.split(',').length;
  const [, name] = OTHER_DELIMITERS.find(([other]) => line.split(other).length > commas) ?? [];
  if (name === undefined) return '';
  return `; the file seems to separate cells by ${name}: save it with commas`;
}

/** A name without what people change in names: case, blanks and underscores. */
export function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '');
}
