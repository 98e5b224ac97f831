// Reads the output of a part: pino's JSON lines become facts, other lines stay text. The message is safe to
// show: text of others stays on its line.
import { visible } from '../../platform/visible.ts';

export interface LogLine {
  /** As it was written, without the line end. */
  readonly text: string;
  /** Undefined for a line that is not one of the log's. */
  readonly level: string | undefined;
  /** The message, or the whole text. */
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Takes one line apart; never throws. */
export function readLogLine(text: string): LogLine {
  const facts = text.startsWith('{') ? parse(text) : undefined;
  const { level, msg } = facts ?? {};
  if (facts === undefined || typeof level !== 'string' || typeof msg !== 'string') {
    return { text, level: undefined, message: visible(text), facts: {} };
  }
  return { text, level, message: visible(msg), facts };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Whether a person should see it at once. */
export function isWarning({ level }: LogLine): boolean {
  return level === 'warn' || level === 'error' || level === 'fatal';
}
