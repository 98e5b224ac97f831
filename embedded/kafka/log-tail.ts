// Picks the lines of the broker's log that explain its failure, for an error message.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { LOG_FILE } from './settings.ts';

/** What the JVM itself printed: wrong flags, missing classes, out of memory. */
export const OUTPUT_FILE = 'kafka.out';

const TAIL_BYTES = 64 * 1024;
const MAX_LINES = 12;

/** The last telling lines of the broker's output and log, indented, oldest first. */
export async function failureLines(dataPath: string): Promise<string> {
  const output = await tail(join(dataPath, OUTPUT_FILE));
  const log = tellingLines(await tail(join(dataPath, LOG_FILE)));
  const lines = [...output.slice(-4), ...log].slice(-MAX_LINES);
  return lines.map((line) => `  ${line.slice(0, 400)}`).join('\n');
}

/** Warnings and errors with the exception that follows them, else the last lines there are. */
export function tellingLines(lines: string[]): string[] {
  const telling: string[] = [];
  let inProblem = false;
  for (const line of lines) {
    const level = /^\d{4}-\d\d-\d\d \S+ ([A-Z]+) /.exec(line)?.[1];
    if (level !== undefined) inProblem = ['WARN', 'ERROR', 'FATAL'].includes(level);
    if (inProblem && !line.startsWith('\t')) telling.push(line);
  }
  return (telling.length > 0 ? telling : lines).slice(-MAX_LINES);
}

async function tail(path: string): Promise<string[]> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(size - start),
      0,
      size - start,
      start,
    );
    const text = buffer.toString('utf8', 0, bytesRead);
    return text.split('\n').filter((line) => line.trim() !== '');
  } catch {
    return [];
  }
}
