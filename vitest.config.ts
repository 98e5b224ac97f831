// Five suites: `unit` beside the sources (no server), `tidy` (rules of the code base), `simulation` (the
// protocol on a virtual clock), `integration` (real Kafka, real ClickHouse engine) and `e2e` (whole
// programs, as a user starts them).
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Every program that a test starts loads the same modules: Node keeps them compiled, without their types.
process.env['NODE_COMPILE_CACHE'] = join(import.meta.dirname, 'node_modules', '.cache', 'compiled');

const real = { testTimeout: 180_000, hookTimeout: 240_000 };

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          // Property tests take a second on a quiet machine and ten on a starved one.
          testTimeout: 60_000,
          include: [
            '{streams,platform,producers,consumer,processor,clickhouse_setup,live,terminal,embedded,data}/**/*.test.ts',
          ],
        },
      },
      { test: { name: 'tidy', include: ['test/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
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
          // Half of the time they wait, for flushes and sessions.
          maxWorkers: 2,
          // Projects with another number of workers run one after the other.
          sequence: { groupOrder: 1 },
          ...real,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...real,
        },
      },
    ],
  },
});
