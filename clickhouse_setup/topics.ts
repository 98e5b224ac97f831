// The topics that the streams declare, and their differences from the existing ones, as text for a person.
import { differences, type DeclaredTopic, type FoundTopic } from '../platform/kafka/topics.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { topicStreams } from '../streams/index.ts';

/** Every declared topic. `sensorTopic` is the name of the sensors' where it is not their own. */
export function declaredTopics(sensorTopic: string | undefined): DeclaredTopic[] {
  return topicStreams.map(({ name, topic }) =>
    name === sensorData.name && sensorTopic !== undefined ? { ...topic, name: sensorTopic } : topic,
  );
}

export interface TopicsReport {
  /** Ends in a line break. */
  readonly text: string;
  /** Every topic exists and is as declared. */
  readonly agrees: boolean;
}

const HEAD = ['topic', 'partitions', 'retention', 'state'];

/** A line a topic, then each difference with the command that removes it. */
export function topicsReport(
  declared: readonly DeclaredTopic[],
  found: ReadonlyMap<string, FoundTopic>,
  created: ReadonlySet<string>,
): TopicsReport {
  const rows = [HEAD];
  const said: string[] = [];
  for (const topic of declared) {
    const existing = found.get(topic.name);
    const wrong = existing === undefined ? [] : differences(topic, existing);
    said.push(...wrong);
    if (existing === undefined) {
      said.push(`topic ${topic.name} does not exist; to create it: npm run topics`);
    }
    const partitions = String(existing?.partitions ?? topic.partitions);
    const retention = inWords(existing?.retentionMs ?? topic.retentionMs);
    rows.push([
      topic.name,
      partitions,
      retention,
      stateOf(existing, wrong, created.has(topic.name)),
    ]);
  }
  const widths = HEAD.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, at) => (at === 1 ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd(),
  );
  const notes = said.length === 0 ? [] : ['', ...said];
  return { text: `${[...lines, ...notes].join('\n')}\n`, agrees: said.length === 0 };
}

function stateOf(
  existing: FoundTopic | undefined,
  wrong: readonly string[],
  isNew: boolean,
): string {
  if (existing === undefined) return 'missing';
  if (isNew) return 'created';
  return wrong.length === 0 ? 'as declared' : 'differs';
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

function inWords(milliseconds: number | string): string {
  const ms = Number(milliseconds);
  if (ms < 0) return 'for ever';
  const [unit, size] = UNITS.find(([, each]) => ms >= each && ms % each === 0) ?? ['ms', 1];
  return `${ms / size} ${unit}`;
}
