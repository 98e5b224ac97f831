// The program behind `npm run setup`: one idempotent run, then exit.
import type { CommandLine } from '../platform/command-line.ts';
import { readConfig } from '../platform/config.ts';
import { EXIT_CODES } from '../platform/exit-codes.ts';
import { createLog } from '../platform/log.ts';
import { runProgram, type Service } from '../platform/service.ts';
import { GaveUpError } from './patience.ts';
import { setUp } from './setup.ts';
import { setupVariables, type SetupConfig } from './variables.ts';

export const setupCommand = {
  about:
    'Creates topics, tables, views and users, or upgrades them. It removes no data; run it as often as you like.',
  command: 'npm run setup',
  variables: setupVariables,
  exitCodes: {
    2: 'change a setting, a right or a table first',
    3: 'Kafka or ClickHouse stayed away',
  },
} as const satisfies CommandLine;

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
      return EXIT_CODES.away;
    },
  );
  return Promise.resolve({
    ended,
    finishes: true,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended.catch(() => undefined);
    },
  });
}

if (import.meta.main) {
  await runProgram(setupCommand, () => start(readConfig(setupVariables)));
}
