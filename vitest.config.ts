// Five suites: `unit` beside the sources (no server), `tidy` (rules of the code base), `simulation` (the
// protocol on a virtual clock), `integration` (real Kafka, real ClickHouse engine) and `e2e` (whole
// programs, as a user starts them). They share one pool of workers; docs/testing.md says why.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { sourceFolders } from './platform/apps.ts';
import { FileOrder } from './test/backend/file-order.ts';

// Every program that a test starts loads the same modules: Node keeps them compiled, without their types.
process.env['NODE_COMPILE_CACHE'] = join(import.meta.dirname, 'node_modules', '.cache', 'compiled');

// Loading the same modules again for each file would cost as much as the tests of pure code, and a second for each
// file on real servers. So files share a process: what a test replaces or starts, it puts back and stops.
const shared = { isolate: false };
const real = { ...shared, testTimeout: 180_000, hookTimeout: 240_000 };

export default defineConfig({
  test: {
    reporters: ['default'],
    // Tests on real servers wait half of their time, so two to a core. One number for all projects: files with
    // another one would form a group that starts when the others are done.
    maxWorkers: Math.min(8, 2 * Math.max(2, availableParallelism())),
    sequence: { sequencer: FileOrder },
    projects: [
      {
        test: {
          name: 'unit',
          // Property tests take a second on a quiet machine and ten on a starved one.
          testTimeout: 60_000,
          ...shared,
          include: [`{${sourceFolders.join(',')}}/**/*.test.ts`],
        },
      },
      { test: { ...shared, name: 'tidy', include: ['test/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          ...shared,
          // The real protocol code on a simulated Kafka and sink; no server.
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts'],
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/backend/global-setup.ts'],
          ...real,
        },
      },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...real } },
    ],
  },
});
