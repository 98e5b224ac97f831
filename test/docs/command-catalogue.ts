// Every program that an npm script or Docker starts, by what it is for: what docs/commands.md shows and
// the test of `--help` goes through.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchCommand, benchProduceCommand, benchStorageCommand, benchTakeoverCommand } from '../../bench/commands.ts'; // prettier-ignore
import { generateCommand } from '../../clickhouse_setup/generate.ts';
import { setupCommand } from '../../clickhouse_setup/main.ts';
import { preflightCommand } from '../../clickhouse_setup/preflight.ts';
import { topicsCommand } from '../../clickhouse_setup/topics-main.ts';
import { consumerCommand } from '../../consumer/arguments.ts';
import { auditCommand } from '../../consumer/audit/main.ts';
import { deadLettersCommand } from '../../consumer/dead-letters/arguments.ts';
import { dataCommand } from '../../data/generate-options.ts';
import { clickhouseCommand } from '../../embedded/clickhouse-main.ts';
import { doctorCommand } from '../../tools/doctor/main.ts';
import { kafkaCommand } from '../../embedded/kafka-main.ts';
import { startCommand } from '../../embedded/launch/arguments.ts';
import { newStreamCommand } from '../../tools/new-stream/arguments.ts';
import { queryCommand } from '../../tools/query/main.ts';
import { resetCommand } from '../../tools/reset.ts';
import { generateGrafanaCommand } from '../../grafana/generate.ts';
import { liveCommand } from '../../live/main.ts';
import type { CommandLine } from '../../platform/command-line.ts';
import { processorCommand } from '../../processor/arguments.ts';
import { producerCommand } from '../../producers/arguments.ts';
import { connectionsCommand } from '../../tools/connections/main.ts';
import { tailCommand } from '../../tail/arguments.ts';
import { metricsCommand } from '../../tools/traffic-report/arguments.ts';
import { chaosCommand } from '../chaos/command.ts';
import { composeCommand } from '../compose/main.ts';
import { screenshotsCommand } from '../live/screenshots.ts';
import { simulateCommand } from '../simulation/command.ts';
import { generateDocsCommand } from './commands-page.ts';

/** Programs by purpose, the ones that a new user needs first. */
export const commandGroups: readonly (readonly [purpose: string, readonly CommandLine[]])[] = [
  [
    'Run',
    [startCommand, producerCommand, processorCommand, consumerCommand, liveCommand, kafkaCommand, clickhouseCommand, preflightCommand, setupCommand, topicsCommand], // prettier-ignore
  ],
  [
    'Look',
    [queryCommand, tailCommand, metricsCommand, doctorCommand, connectionsCommand, auditCommand],
  ],
  ['Change', [deadLettersCommand, newStreamCommand, resetCommand]],
  [
    'Generate files of the repository',
    [dataCommand, generateCommand, generateGrafanaCommand, generateDocsCommand, screenshotsCommand], // prettier-ignore
  ],
  [
    'Test and measure',
    [chaosCommand, simulateCommand, composeCommand, benchCommand, benchProduceCommand, benchTakeoverCommand, benchStorageCommand], // prettier-ignore
  ],
];

export const commands: readonly CommandLine[] = commandGroups.flatMap(([, group]) => group);

const { scripts } = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'),
) as { scripts: Record<string, string> };

/** The program that each npm script starts; Stryker is not ours, it only reads a file of ours. */
export const programs = Object.entries(scripts).flatMap(([script, command]) => {
  if (script === 'mutate') return [];
  const started = [...command.matchAll(/\bnode (?:-\S+ )*(\S+\.ts)/g)];
  return started.map(([, program]) => ({ script, program: program! }));
});

/** Scripts that start what another script starts: with an option of its own, or under the name it had before. */
export const secondNames: readonly string[] = ['forwarder', 'metrics'];

/** How a script is typed. */
export function typed(script: string): string {
  return script === 'start' ? 'npm start' : `npm run ${script}`;
}

/** The declared command line of a program, by its path. */
export function commandOf(program: string): CommandLine | undefined {
  const scripted = programs.filter((each) => each.program === program);
  const names = [`node ${program}`, ...scripted.map(({ script }) => typed(script))];
  return commands.find(({ command }) => names.includes(command));
}
