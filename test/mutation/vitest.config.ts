// The tests that `npm run mutate` holds faults against: those beside the sources, without a server or an engine,
// which take milliseconds each.
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: [{ find: /^fast-check$/, replacement: join(import.meta.dirname, 'few-cases.ts') }],
  },
  test: {
    testTimeout: 60_000,
    include: ['{streams,platform,producers,consumer,processor,live}/**/*.test.ts'],
    // With an engine, or with sockets and whole seconds: too slow to run once for every fault.
    exclude: [
      'consumer/{ledger,replay/replay,dead-letters/redrive-book}.test.ts',
      'platform/kafka/group-consumer.test.ts',
      'platform/clickhouse/client.test.ts',
      'live/server.test.ts',
    ],
  },
});
