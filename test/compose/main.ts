// The program behind `npm run test:compose`: the real docker-compose.yml on whatever Docker engine there
// is. Cleans up in every case. Exit code 1 when a check failed; 0 with the reason where it cannot run.
import { readCommandLine, type CommandLine } from '../../platform/command-line.ts';
import { checksOf } from './order.ts';
import { runAll, say } from './check.ts';
import { requirements } from './requirements.ts';
import { Stack } from './stack.ts';

async function main(): Promise<number> {
  const found = await requirements();
  if ('missing' in found) {
    say(`compose test SKIPPED: ${found.missing}`);
    return 0;
  }
  const stack = await Stack.prepare(found.compose);
  if ((await stack.containers()).length > 0) {
    say(
      `project ${stack.project} already has containers; COMPOSE_TEST_PROJECT=another chooses one`,
    );
    return 1;
  }
  const stop = new AbortController();
  const onSignal = (): void => {
    stop.abort();
    say('stopping after this check; a second Ctrl+C leaves the containers');
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
  await using running = stack;
  const { failed, passed } = await runAll(checksOf(running), stop.signal);
  if (failed > 0) await tellLogs(running);
  say(`${passed} passed, ${failed} failed`);
  if (stop.signal.aborted) return 130;
  return failed > 0 ? 1 : 0;
}

async function tellLogs(stack: Stack): Promise<void> {
  for (const service of ['setup', 'consumer', 'producer-a']) {
    const lines = (await stack.logs(service).catch(String)).trim().split('\n').slice(-15);
    say(`--- ${service}\n${lines.join('\n')}`);
  }
}

export const composeCommand = {
  about: 'Runs docker-compose.yml in a project of its own, checks it, and removes it again.',
  command: 'npm run test:compose',
  exitCodes: { 0: 'all checks passed, or Docker is missing here', 1: 'a check failed' },
} as const satisfies CommandLine;

if (import.meta.main) {
  readCommandLine(composeCommand);
  process.exitCode = await main();
}
