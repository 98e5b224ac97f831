// The dashboard "Logs" of the compose profile `logs`: log lines of the containers by service, container,
// project and stream, and the number of warnings and errors.
import {
  labelVariable,
  lines,
  logLines,
  loki,
  profileDashboard,
  textVariable,
} from './profile-panel.ts';

/** The labels that grafana/logs/collect.alloy gives every line. */
export const LABELS = ['project', 'service', 'container', 'stream'] as const;

const CHOSEN = `{${LABELS.map((label) => `${label}=~"$${label}"`).join(', ')}}`;
const FOUND = `${CHOSEN} |~ \`(?i)$search\``;
// Lines of ClickHouse, Kafka and Grafana are no JSON: they stay, without a level.
const LEVELS = `${FOUND} | json level="level" | level=~"warn|error|fatal"`;

export const logs = profileDashboard({
  uid: 'logs',
  title: 'Logs',
  description:
    'Log lines of the containers. Needs the profile logs: docker compose --profile logs up -d',
  profile: 'logs',
  variables: [...LABELS.map(labelVariable), textVariable('search', 'Contains')],
  panels: [
    lines(
      {
        title: 'Lines per second',
        description: 'Log lines of the chosen services; a service that logs nothing has no line.',
        at: [0, 0, 12, 7],
        unit: 'cps',
        queries: { '{{service}}': `sum by (service) (rate(${FOUND} [$__auto]))` },
      },
      loki,
    ),
    lines(
      {
        title: 'Warnings and errors',
        description:
          'Log lines of level warn, error and fatal. A server that is away is one warning, not one per retry.',
        at: [12, 0, 12, 7],
        queries: {
          '{{service}} {{level}}': `sum by (service, level) (count_over_time(${LEVELS} [$__auto]))`,
        },
      },
      loki,
    ),
    logLines({
      title: 'Warnings and errors, newest first',
      description: 'Click a line for all of its fields.',
      at: [0, 7, 24, 8],
      queries: { '': LEVELS },
    }),
    logLines({
      title: 'All lines, newest first',
      description: 'Up to 500 lines of the chosen time; narrow it down with the variables above.',
      at: [0, 15, 24, 16],
      queries: { '': FOUND },
    }),
  ],
});
