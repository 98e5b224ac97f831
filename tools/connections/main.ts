// The program behind `npm run connections`: a line for each server, whether it can be reached from here.
import { listOption, type CommandLine } from '../../platform/command-line.ts';
import { oneOf, readConfig } from '../../platform/config.ts';
import { oneShot, runProgram } from '../../platform/service.ts';
import { SERVERS, checkConnections, connectionVariables } from './connections.ts';

export const connectionsCommand = {
  command: 'npm run connections',
  about:
    'Says whether Kafka and ClickHouse can be reached from here with the settings of this environment. It changes nothing.',
  examples: [
    ['npm run connections'],
    ['docker exec consumer npm run -s connections', 'from inside the container of the consumer'],
    ['docker exec traffic-processor npm run -s connections -- --only kafka'],
  ],
  options: { only: listOption('SERVER', oneOf({ doc: 'only kafka, or clickhouse' }, SERVERS)) },
  variables: connectionVariables,
  exitCodes: { 0: 'all can be reached', 1: 'one cannot be reached, or refuses the login' },
} as const satisfies CommandLine;

if (import.meta.main) {
  await runProgram(connectionsCommand, ({ values }) => {
    const servers = values.only.length === 0 ? SERVERS : SERVERS.filter((each) => values.only.includes(each)); // prettier-ignore
    const print = (line: string): void => void process.stdout.write(`${line}\n`);
    return Promise.resolve(
      oneShot(checkConnections(readConfig(connectionVariables), servers, print)),
    );
  });
}
