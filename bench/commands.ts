// The command lines of the measurements, apart from the programs, which begin to measure when they are loaded.
import { flagOption, valueOption, type CommandLine } from '../platform/command-line.ts';
import { integer, text } from '../platform/config.ts';
import { PARTS } from './parts.ts';

/** A whole number from `min` on; `default` undefined: the program has one that depends on other options. */
function count(doc: string, min: number, fallback?: number) {
  return integer({ doc, ...(fallback === undefined ? {} : { default: fallback }) }, min, 1e12);
}

export const benchCommand = {
  about: 'Measures the consumer beside its limits, on a Kafka and a ClickHouse of its own.',
  command: 'npm run bench',
  options: {
    quick: flagOption('fewer rows, one round'),
    rows: valueOption('N', count('messages of a round; 3000000 unless given', 1)),
    rounds: valueOption('N', count('rounds, of which medians are shown; 5 unless given', 1)),
    partitions: valueOption('N', integer({ doc: 'of the topic', default: 3 }, 1, 10_000)),
    parts: valueOption('LIST', text({ doc: `only these: ${PARTS.join(', ')}` })),
    report: flagOption('write docs/performance.md'),
  },
} as const satisfies CommandLine;

export const benchProduceCommand = {
  about: 'Measures producer and processor beside ProducerPerformance and Kafka Streams.',
  command: 'npm run bench:produce',
  options: {
    quick: flagOption('fewer rows, one round; no ratios'),
    rows: valueOption('N', count('records of a round; 2000000 unless given', 1)),
    rounds: valueOption('N', count('rounds, of which medians are shown; 3 unless given', 1)),
    only: valueOption(
      'LIST',
      text({ doc: 'only these parts; hop: through a processor into the table' }),
    ),
    report: flagOption(
      'add a round of 10,000,000 and the way into the table, and write docs/produce.md',
    ),
  },
} as const satisfies CommandLine;

export const benchTakeoverCommand = {
  about:
    'Measures what a kill -9 of a consumer and of a processor costs, on a Kafka and a ClickHouse of its own.',
  command: 'npm run bench:takeover',
  options: {
    kills: valueOption('N', integer({ doc: 'of each kind; 0: none', default: 10 }, 0, 10_000)),
    sessions: valueOption(
      'LIST',
      text({ doc: 'values of KAFKA_SESSION_TIMEOUT_MS', default: '6000,30000' }),
    ),
    loads: valueOption('LIST', text({ doc: 'loads', default: 'at rest,full load' })),
    minutes: valueOption(
      'N',
      integer({ doc: 'of full load for one consumer, and for three; 0: none', default: 5 }, 0, 1e4),
    ),
  },
  exitCodes: { 1: 'a member lost its session under load' },
} as const satisfies CommandLine;

export const benchStorageCommand = {
  about: 'Measures the bytes on disk of a sensor row.',
  command: 'npm run bench:storage',
  exitCodes: { 1: 'they are more than promised' },
} as const satisfies CommandLine;
