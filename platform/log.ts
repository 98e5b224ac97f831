// The one way to write a log line: pino, JSON to stdout for machines, coloured lines on a terminal. It
// redacts secrets, so that no caller can forget to, and keeps text of others (a device's name, a cell of a
// CSV file, a query) from starting a line of its own or controlling the terminal.
import { createRequire } from 'node:module';
import { pino, type Logger } from 'pino';
import type { prettyFactory } from 'pino-pretty';
import { noteClosedPipe } from './closed-pipe.ts';
import { visibleDeep, visibleJson } from './visible.ts';

export type { Logger };

export interface LogOptions {
  /** Which part writes: `consumer`, `producer_A`, `clickhouse` … */
  service: string;
  level?: string;
  /** 1 is stdout, 2 is stderr. Producers log to stderr: their stdout is for dry-run events. */
  fd?: 1 | 2;
  /** Pretty lines instead of JSON. Default: when the stream is a terminal. */
  pretty?: boolean;
  /** Gets every JSON line instead of stdout or stderr. */
  to?: { write(line: string): void };
}

const SECRETS = [
  'password',
  '*.password',
  '*.*.password',
  '*.sasl',
  '*.*.sasl',
  'token',
  '*.token',
];

/** A logger whose lines carry `service`. Level from `level`, else info. */
export function createLog(options: LogOptions): Logger {
  const fd = options.fd ?? 1;
  const stream = fd === 1 ? process.stdout : process.stderr;
  const base = {
    level: options.level ?? 'info',
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRETS, censor: '***' },
  };
  if (options.pretty ?? (options.to === undefined && stream.isTTY)) {
    return pino(base, prettyLines(options.to ?? stream));
  }
  const formatters = { level: (label: string) => ({ level: label }) };
  // JSON escapes line feeds itself, but neither U+2028, where some readers end a line, nor C1 controls.
  const hooks = { streamWrite: visibleJson };
  if (options.to !== undefined) return pino({ ...base, formatters, hooks }, options.to);
  const to = pino.destination({ dest: fd, sync: true });
  // pino writes past process.stdout: without this nobody would learn that its reader is gone.
  to.on('error', noteClosedPipe);
  return pino({ ...base, formatters, hooks }, to);
}

/** Takes pino's lines and writes them coloured, with nothing in them but what can be seen. */
function prettyLines(to: { write(text: string): unknown }): { write(line: string): void } {
  // Loaded only for a terminal: every other start would pay for it.
  const load = createRequire(import.meta.url);
  const pretty = load('pino-pretty') as { prettyFactory: typeof prettyFactory };
  const format = pretty.prettyFactory({
    ignore: 'service',
    messageFormat: '{service}: {msg}',
  });
  return {
    write: (line) => {
      to.write(format(visibleDeep(JSON.parse(line))));
    },
  };
}

/** A logger that writes nothing, for tests and one-shot commands. */
export function silentLog(): Logger {
  return pino({ level: 'silent' });
}
