// The tests that `npm run mutate` holds faults against: those beside the sources, without a server or an engine,
// which take milliseconds each.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    testTimeout: 60_000,
    include: ['{streams,platform,producers,consumer,processor,live}/**/*.test.ts'],
    exclude: ['consumer/{ledger,replay,redrive-book}.test.ts'],
  },
});
