// The one way to write a log line: pino, JSON to stdout for machines, coloured lines on a terminal.
// Secrets are redacted here, so no caller can forget to.
import { pino, type Logger } from 'pino';

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
  if (options.to === undefined && (options.pretty ?? stream.isTTY)) {
    const target = 'pino-pretty';
    const pretty = { destination: fd, ignore: 'service', messageFormat: '{service}: {msg}' };
    return pino({ ...base, transport: { target, options: pretty } });
  }
  // pino refuses a level formatter beside a transport, hence not in `base`.
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ ...base, formatters }, options.to ?? pino.destination({ dest: fd, sync: true }));
}

/** A logger that writes nothing, for tests and one-shot commands. */
export function silentLog(): Logger {
  return pino({ level: 'silent' });
}
