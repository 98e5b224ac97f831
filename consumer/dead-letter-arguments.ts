// What `npm run dead-letters` is told on its command line.
import { parseArgs } from 'node:util';
import { ConfigError, asError } from '../platform/errors.ts';
import { streams } from '../streams/index.ts';
import { instantMs } from '../streams/instant.ts';
import { rejectionReasons } from '../streams/rejection.ts';
import type { Stream } from '../streams/stream.ts';

export const USAGE = `Lists dead letters, and publishes them again to their topic after a fix.

  npm run dead-letters                              what there is, by reason
  npm run dead-letters -- --format json
  npm run dead-letters -- --redrive                 publish again what the consumer would take now
  npm run dead-letters -- --redrive --reason too_large --since 2h --limit 1000 --dry-run

  --stream NAME     only this stream
  --reason REASON   only this reason; may be given several times
  --since TIME      only those rejected since: 2026-11-21T10:00Z, or 30m, 2h, 7d ago
  --limit N         publish at most so many
  --dry-run         only say what would be published, and what would be rejected again
  --even-if-rejected  publish also those that would be rejected again; without it they stay open
  --wait SECONDS    how long to wait for what became of them; default 10
  --in-doubt        publish also those that may be in the topic already
  --format FORMAT   text or json
  --help            show this text

What would be rejected is judged by the declarations of this version and MAX_MESSAGE_BYTES, which should be
the consumer's.

Exit codes: 0 done, 1 some letters stay open (it says which and why), 2 bad arguments or settings,
3 Kafka or ClickHouse is away or failed on the way: run it again.
`;

export interface LetterArguments {
  readonly streams: readonly Stream[];
  readonly reasons: readonly string[];
  readonly sinceMs: number;
  readonly json: boolean;
  readonly redrive: boolean;
  readonly dryRun: boolean;
  readonly doubtful: boolean;
  readonly evenIfRejected: boolean;
  /** For what became of what was published. */
  readonly waitMs: number;
  readonly limit: number;
}

const options = {
  stream: { type: 'string' },
  reason: { type: 'string', multiple: true, default: [] as string[] },
  since: { type: 'string' },
  format: { type: 'string', default: 'text' },
  limit: { type: 'string' },
  redrive: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  'in-doubt': { type: 'boolean', default: false },
  'even-if-rejected': { type: 'boolean', default: false },
  wait: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** @throws {ConfigError} that names the argument and what is allowed. */
export function readArguments(
  args: readonly string[],
  nowMs = Date.now(),
): LetterArguments | 'help' {
  const given = parse(args);
  if (given.help) return 'help';
  for (const reason of given.reason) {
    const known = Object.keys(rejectionReasons);
    if (!known.includes(reason)) throw wrong('reason', reason, `one of ${known.join(', ')}`);
  }
  if (!['text', 'json'].includes(given.format)) throw wrong('format', given.format, 'text or json');
  for (const name of ['limit', 'dry-run', 'in-doubt', 'even-if-rejected', 'wait'] as const) {
    const set = given[name] !== undefined && given[name] !== false;
    if (set && !given.redrive) throw new ConfigError(`--${name}: goes only with --redrive`);
  }
  return {
    streams: streamsOf(given.stream),
    reasons: given.reason,
    sinceMs: given.since === undefined ? 0 : since(given.since, nowMs),
    json: given.format === 'json',
    redrive: given.redrive,
    dryRun: given['dry-run'],
    doubtful: given['in-doubt'],
    evenIfRejected: given['even-if-rejected'],
    waitMs: given.wait === undefined ? WAIT_MS : waitMs(given.wait),
    limit: given.limit === undefined ? Number.MAX_SAFE_INTEGER : count(given.limit),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    throw new ConfigError(`${asError(cause).message.split('\n')[0]}\n\n${USAGE}`, { cause });
  }
}

function streamsOf(name: string | undefined): readonly Stream[] {
  if (name === undefined) return streams;
  const found = streams.filter((stream) => stream.name === name);
  if (found.length > 0) return found;
  throw wrong('stream', name, `one of ${streams.map((stream) => stream.name).join(', ')}`);
}

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function since(text: string, nowMs: number): number {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined) return Math.max(0, nowMs - Number(amount) * UNIT_MS[unit!]!);
  const instant = instantMs(text);
  if (instant !== undefined) return Math.max(0, instant);
  throw wrong('since', text, 'an instant with its zone (2026-11-21T10:00Z) or 30s, 30m, 2h, 7d');
}

function count(text: string): number {
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text);
  throw wrong('limit', text, 'a number from 1 on');
}

const WAIT_MS = 10_000;

function waitMs(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text) * 1_000;
  throw wrong('wait', text, 'a number of seconds from 0 to 9999');
}

function wrong(name: string, value: string, allowed: string): ConfigError {
  return new ConfigError(`--${name}: ${JSON.stringify(value)} is not ${allowed}`);
}
