// The program behind `npm run doctor`: looks at the machine, the servers and the pipeline, and says what is
// wrong and what to do about it.
import { consumerVariables } from '../../consumer/config.ts';
import type { CommandLine } from '../../platform/command-line.ts';
import { environment, readConfig } from '../../platform/config.ts';
import { oneShot, runProgram } from '../../platform/service.ts';
import { exitCodeOf, findingsOf, report } from './finding.ts';
import { checkIngestion } from './ingestion.ts';
import { checkMachine } from './machine.ts';
import { foldersOf, launchVariables, type Environment } from '../../embedded/launch/config.ts';

export const doctorCommand = {
  about:
    'Checks this machine, Kafka, ClickHouse and the pipeline, and reports each problem with its remedy. It changes nothing.',
  command: 'npm run doctor',
  exitCodes: { 0: 'nothing failed', 1: 'something failed', 3: 'a server is away' },
} as const satisfies CommandLine;
const WATCH_MS = 3_000;

/** Makes every check and prints what it found; resolves to the exit code. */
export async function examine(
  env: Environment,
  print: (text: string) => void,
  watchMs = WATCH_MS,
): Promise<number> {
  const ports = readConfig(launchVariables, env);
  const given = (name: string): boolean => (env[name]?.trim() ?? '') !== '';
  // KAFKA_PORT moves the embedded Kafka; CLICKHOUSE_PORT both servers and clients read.
  const isGiven = given('KAFKA_BROKER') || given('KAFKA_BOOTSTRAP_SERVERS');
  const broker = isGiven ? {} : { KAFKA_BROKER: `localhost:${ports.KAFKA_PORT}` };
  const config = readConfig(consumerVariables, { ...env, ...broker });
  const ingestion = await checkIngestion(config, watchMs);
  const machine = await findingsOf('machine', () => {
    return checkMachine(foldersOf(env), ports, ingestion.reachable);
  });
  const findings = [...machine, ...ingestion.findings];
  print(report(findings));
  return exitCodeOf(findings);
}

if (import.meta.main) {
  await runProgram(doctorCommand, () => {
    const ended = examine(environment(), (text) => process.stdout.write(text));
    return Promise.resolve(oneShot(ended));
  });
}
