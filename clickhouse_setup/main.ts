// The program behind `npm run setup`: one idempotent run, then exit. 0 done, 1 a server stayed away,
// 2 a person has to change something.
import { readConfig } from '../platform/config.ts';
import { createLog } from '../platform/log.ts';
import { run, type Service } from '../platform/service.ts';
import { GaveUpError } from './patience.ts';
import { setUp } from './setup.ts';
import { setupVariables, type SetupConfig } from './variables.ts';

/** Starts the setup; it ends by itself. Disposing it early leaves a state that a next run finishes. */
export function start(config: SetupConfig): Promise<Service> {
  const log = createLog({ service: 'setup' });
  const stop = new AbortController();
  const ended = setUp(config, log, stop.signal).then(
    () => {
      log.info('Setup is done');
      return 0;
    },
    (error: unknown) => {
      if (!(error instanceof GaveUpError)) throw error;
      log.error(error.message);
      return 1;
    },
  );
  return Promise.resolve({
    ended,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended.catch(() => undefined);
    },
  });
}

if (import.meta.main) await run(() => start(readConfig(setupVariables)));
