// A log whose lines a test can look at.
import { createLog, type Logger } from '../platform/log.ts';

export interface LogLines {
  readonly log: Logger;
  readonly lines: {
    readonly level: string;
    readonly msg: string;
    readonly [field: string]: unknown;
  }[];
}

export function logLines(level = 'debug'): LogLines {
  const lines: LogLines['lines'] = [];
  const to = { write: (line: string) => void lines.push(JSON.parse(line) as LogLines['lines'][0]) };
  return { log: createLog({ service: 'test', level, to }), lines };
}
