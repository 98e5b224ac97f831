// The command line of `npm run dead-letters`.
import { clickhouseVariables } from '../../platform/clickhouse/variables.ts';
import {
  flagOption,
  listOption,
  usageError,
  valueOption,
  type CommandLine,
  type Given,
} from '../../platform/command-line.ts';
import { integer, oneOf, readBy } from '../../platform/config.ts';
import { kafkaVariables } from '../../platform/kafka/variables.ts';
import { streamOption } from '../../platform/streams-variable.ts';
import { streams } from '../../streams/index.ts';
import { instantMs } from '../../streams/instant.ts';
import { rejectionReasons } from '../../streams/rejection.ts';
import type { Stream } from '../../streams/stream.ts';
import { consumerVariables } from '../config.ts';

const { MAX_MESSAGE_BYTES } = consumerVariables;
export const deadLetterVariables = {
  ...kafkaVariables,
  ...clickhouseVariables,
  MAX_MESSAGE_BYTES,
} as const;

const REASONS = Object.keys(rejectionReasons) as [string, ...string[]];

export const deadLettersCommand = {
  command: 'npm run dead-letters',
  about: 'Lists dead letters, and publishes them again to their topic after a fix.',
  examples: [
    ['npm run dead-letters', 'what there is, by reason'],
    ['npm run dead-letters -- --format json'],
    ['npm run dead-letters -- --redrive', 'publish again what the consumer would take now'],
    [
      'npm run dead-letters -- --redrive --reason too_large --since 2h --limit 1000 --dry-run',
      'only say what that would do',
    ],
  ],
  options: {
    stream: valueOption('NAME', streamOption({ doc: 'only this stream' })),
    reason: listOption('REASON', oneOf({ doc: 'only this reason' }, REASONS)),
    since: valueOption(
      'TIME',
      readBy(
        { doc: 'only those rejected since: 2026-11-21T10:00Z, or 30m, 2h, 7d ago' },
        readSince,
        'an instant with its zone (2026-11-21T10:00Z) or 30s, 30m, 2h, 7d',
      ),
    ),
    redrive: flagOption('publish again'),
    limit: valueOption('N', integer({ doc: 'publish at most so many' }, 1, 999_999_999_999)),
    'dry-run': flagOption('only say what would be published, and what would be rejected again'),
    'even-if-rejected': flagOption(
      'publish also those that would be rejected again; without it they stay open',
    ),
    wait: valueOption(
      'SECONDS',
      integer({ doc: 'how long to wait for their outcome; 10 by default' }, 0, 9_999),
    ),
    'in-doubt': flagOption('publish also those that may be in the topic already'),
    format: valueOption(
      'FORMAT',
      oneOf({ doc: 'text or json', default: 'text' }, ['text', 'json']),
    ),
  },
  variables: deadLetterVariables,
  notes: `This version's declarations and MAX_MESSAGE_BYTES decide what would be rejected; set the latter as the consumer has it.`,
  exitCodes: {
    1: 'some letters stay open: it says which and why',
    3: 'Kafka or ClickHouse is away or failed on the way: run it again',
  },
} as const satisfies CommandLine;

export interface LetterArguments {
  readonly streams: readonly Stream[];
  readonly reasons: readonly string[];
  readonly sinceMs: number;
  readonly json: boolean;
  readonly redrive: boolean;
  readonly dryRun: boolean;
  readonly doubtful: boolean;
  readonly evenIfRejected: boolean;
  /** For the outcome of published letters. */
  readonly waitMs: number;
  readonly limit: number;
}

const WAIT_SEC = 10;

/** @throws {ConfigError} one line for an option that goes only with another. */
export function letterArguments(
  { values }: Given<typeof deadLettersCommand>,
  nowMs = Date.now(),
): LetterArguments {
  for (const name of ['limit', 'dry-run', 'in-doubt', 'even-if-rejected', 'wait'] as const) {
    const set = values[name] !== undefined && values[name] !== false;
    if (set && !values.redrive) {
      throw usageError(deadLettersCommand, `--${name}: goes only with --redrive`);
    }
  }
  return {
    streams: values.stream === undefined ? streams : [values.stream],
    reasons: values.reason,
    sinceMs: values.since?.(nowMs) ?? 0,
    json: values.format === 'json',
    redrive: values.redrive,
    dryRun: values['dry-run'],
    doubtful: values['in-doubt'],
    evenIfRejected: values['even-if-rejected'],
    waitMs: (values.wait ?? WAIT_SEC) * 1_000,
    limit: values.limit ?? Number.MAX_SAFE_INTEGER,
  };
}

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The instant that `written` means, as a function of the current time. */
function readSince(written: string): ((nowMs: number) => number) | undefined {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(written) ?? [];
  if (amount !== undefined) {
    const agoMs = Number(amount) * UNIT_MS[unit!]!;
    return (nowMs) => Math.max(0, nowMs - agoMs);
  }
  const instant = instantMs(written);
  return instant === undefined ? undefined : () => Math.max(0, instant);
}
