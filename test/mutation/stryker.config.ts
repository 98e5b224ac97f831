// The files that `npm run mutate` puts faults into, with the reason for each group. They hold pure code, so a
// fault that no test notices means that a test is missing. CONTRIBUTING.md says how to run it; docs/testing.md has the
// scores.
import type { PartialStrykerOptions } from '@stryker-mutator/api/core';

interface Core {
  readonly files: readonly string[];
  /** What a fault in them would do. */
  readonly why: string;
}

const core: readonly Core[] = [
  {
    files: ['decode', 'fast-path', 'scan-path', 'batch'].map((name) => `consumer/${name}.ts`),
    why: 'They turn bytes into rows and dead letters: a fault here stores a wrong value in silence.',
  },
  {
    files: ['gap', 'absent', 'audit/recorded-facts', 'audit/reckoning', 'replay/verdict'].map(
      (name) => `consumer/${name}.ts`,
    ),
    why: 'They say which offsets are accounted for: a fault here hides a loss, or invents one.',
  },
  {
    files: [
      'resume-from-table',
      'write-batch',
      'origins',
      'dead-letters/redrive',
      'flush-rule',
      'doubt',
    ].map((name) => `consumer/${name}.ts`),
    why: 'They decide where to go on, in which order to write and how much: a fault here doubles rows or loses them.',
  },
  {
    files: [
      'lane',
      'table-takeover',
      'claim',
      'assert-batch',
      'delivery',
      'checkpoint',
      'landed',
    ].map((name) => `consumer/${name}.ts`),
    why: 'They order what is asked of Kafka and the tables, on a clock that tests move: a fault here writes without the right to.',
  },
  {
    files: ['record-batch', 'record-set', 'record-pieces', 'fetch-response', 'lz4-frames', 'snappy-frames', 'zstd-frames'].map(
      (name) => `platform/kafka/${name}.ts`,
    ),
    why: 'They read what anybody may have written into a topic: a fault here passes over records or takes memory without a limit.',
  }, // prettier-ignore
  {
    files: ['continuity', 'damaged-batches', 'progress', 'key-partition', 'partition-owner', 'one-incarnation', 'batch-handler'].map(
      (name) => `platform/kafka/${name}.ts`,
    ),
    why: 'They judge what a broker hands over: a fault here skips offsets, or lets a partition stand still unseen.',
  }, // prettier-ignore
  {
    files: ['platform/clickhouse/block.ts', 'platform/clickhouse/retention.ts'],
    why: 'They write the block that becomes a part, and read the TTL that takes parts away.',
  },
  {
    files: ['validate', 'exact-number', 'instant', 'transform', 'json-number', 'json-members', 'json-message', 'origin', 'csv', 'checksum'].map(
      (name) => `streams/${name}.ts`,
    ),
    why: 'They apply the declaration on both sides of Kafka: a fault here accepts an invalid event.',
  }, // prettier-ignore
  {
    files: ['csv-records', 'json-array', 'json-lines', 'carry', 'pace', 'account'].map(
      (name) => `producers/${name}.ts`,
    ),
    why: 'They take files of any size apart and count what became of each row.',
  },
  {
    files: ['commit-takeover', 'resume-from-commits', 'delivery', 'committer'].map(
      (name) => `processor/${name}.ts`,
    ),
    why: 'They decide where a processor goes on, how what is refused is split and when to commit: order and at least once rest on them.',
  },
  {
    files: ['pipeline/judge', 'turns', 'shared-answers', 'sql/bind', 'model/time-range', 'access', 'event-stream', 'follow'].map(
      (name) => `live/${name}.ts`,
    ),
    why: 'They tell a person whether all is well, let in who may look, keep browsers from becoming load, and keep values from becoming SQL.',
  }, // prettier-ignore
];

export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'test/mutation/vitest.config.ts' },
  mutate: core.flatMap(({ files }) => files),
  // Words for a person are not tested letter by letter; what a program reads back, is.
  mutator: { excludedMutations: ['StringLiteral'] },
  ignorePatterns: ['.sensorhouse'],
  coverageAnalysis: 'perTest',
  concurrency: 1,
  timeoutMS: 8_000,
  incremental: true,
  incrementalFile: '.sensorhouse/mutation/incremental.json',
  tempDirName: '.sensorhouse/mutation/sandbox',
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: '.sensorhouse/mutation/report.json' },
  clearTextReporter: { allowColor: false, logTests: false },
  thresholds: { high: 95, low: 90, break: 90 },
} satisfies PartialStrykerOptions;
