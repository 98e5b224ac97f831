// The files that `npm run mutate` puts faults into are there: one that was renamed would be left out in silence.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import config from './mutation/stryker.config.ts';

it('names files that exist', () => {
  expect(config.mutate.length).toBeGreaterThan(40);
  const missing = config.mutate.filter(
    (file) => !statSync(join(import.meta.dirname, '..', file), { throwIfNoEntry: false })?.isFile(),
  );
  expect(missing).toEqual([]);
});
