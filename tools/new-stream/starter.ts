// The text of a starter dashboard for a new stream: events over time, the newest values of each key, and
// a panel for every number.
import type { Plan } from './columns.ts';
import { literal, type SourceNames } from './source-text.ts';

/** More panels would each be asked for at every refresh. */
export const MAX_NUMBER_PANELS = 24;

/** The columns that a panel could be drawn of. */
export function numbersOf({ key, leaves }: Plan): Plan['leaves'] {
  return leaves.filter(({ field, name }) => {
    return name !== key && (field.kind === 'float64' || field.kind === 'integer');
  });
}

/** The whole of `grafana/<name>.ts`. */
export function starterText(names: SourceNames, plan: Plan): string {
  const { eventTime, key, leaves } = plan;
  const all = numbersOf(plan);
  const numbers = all.slice(0, MAX_NUMBER_PANELS);
  const which = all.length > numbers.length ? `: ${numbers.length} of ${all.length} numbers` : '';
  const rest = leaves.map(({ name }) => name).filter((name) => name !== key && name !== eventTime);
  const moments = leaves.filter(({ field }) => field.kind === 'instant').map(({ name }) => name);
  const { dashboard, declared, file, title } = names;
  const list = (all: readonly string[]): string => `[${all.map(literal).join(', ')}]`;
  const lines = `
    ...numbers.map((name, index) =>
      timeSeries({
        title: name,
        description: \`Mean \${name} of the events of each interval, by ${key}.\`,
        place: at((index % 2) * 12, 16 + Math.floor(index / 2) * 8, 12, 8),
        sql: overTime(chosen, \`avg(\${name}) AS \${name}\`),
        interval: '5s',
        shown: byKey,
      }),
    ),`;
  return `// The dashboard "${title}": a start that \`npm run new-stream\` wrote, yours to change. Generate the committed
// JSON from it by \`npm run generate:grafana\`.
import { ${declared} } from '../streams/${file}.ts';
import type { ColumnName } from '../streams/stream.ts';
import { dashboard } from './dashboard.ts';
import { siblings, windows } from './dashboard-links.ts';
import type { Column } from './field.ts';
import { at, table, timeSeries } from './panel.ts';
import { latest, ${numbers.length > 0 ? 'overTime, ' : ''}perMinute } from './readings.ts';
import { byClock, clockVariable, deviceVariable, eventRangeVariables } from './window.ts';

type Name = ColumnName<typeof ${declared}.event>;

const chosen = byClock(${declared});
const NOTHING = 'No rows in this window: choose "What arrives now" or "Replayed range" above';
const byKey = { displayName: \`\\\${__field.labels.\${chosen.device}}\`, noValue: NOTHING };

/** In the order in which the table shows them. */
const columns = ${list([eventTime, ...rest])} as const satisfies readonly Name[];
const moments: readonly Column[] = (${list(moments)} as const satisfies readonly Name[]).map((name) => {
  return { name, unit: 'time:YYYY-MM-DD HH:mm:ss.SSS', width: 170 };
});
${numbers.length > 0 ? `/** Each gets a panel${which}. */\nconst numbers = ${list(numbers.map(({ name }) => name))} as const satisfies readonly Name[];\n` : ''}
export const ${dashboard} = dashboard({
  uid: ${literal(file)},
  title: ${literal(title)},
  description: 'Events of the stream ${names.stream}. The window is one of arrival, or of the time of the events.',
  tags: ['sensorhouse', 'starter'],
  from: 'now-15m',
  links: [...windows(${literal(file)}), ...siblings(${literal(file)})],
  variables: [
    deviceVariable(${declared}, ${literal(key)}),
    clockVariable,
    ...eventRangeVariables(${declared}),
  ],
  panels: [
    timeSeries({
      title: 'Events per minute',
      description: 'Events that became rows, by ${key}; the running interval by its time so far.',
      place: at(0, 0, 24, 8),
      sql: perMinute(chosen, chosen.device),
      interval: '60s',
      shown: { unit: 'short', min: 0, ...byKey },
    }),
    table({
      title: 'Latest values',
      description: 'The newest row of each ${key} in the window.',
      place: at(0, 8, 24, 8),
      sql: latest(chosen, columns),
      shown: { noValue: NOTHING },
      columns: moments,
    }),${numbers.length > 0 ? lines : ''}
  ],
});
`;
}
