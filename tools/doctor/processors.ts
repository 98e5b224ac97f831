// Checks the processors between the producers' topics and the tables: do records wait for a processor that
// does not run?
import { TopicOffsets } from '../../platform/kafka/topic-offsets.ts';
import type { KafkaConfig } from '../../platform/kafka/variables.ts';
import { silentLog } from '../../platform/log.ts';
import { transforms } from '../../streams/index.ts';
import type { Stream } from '../../streams/stream.ts';
import type { Transform } from '../../streams/transform.ts';
import { ok, warn, type Finding } from './finding.ts';

interface Standing {
  readonly committed: number;
  readonly waiting: number;
}

/** Where a processor stands; undefined: its topic does not exist, so there is nothing to process. */
type Standings = ReadonlyMap<Transform, Standing | undefined>;

/** Where the processors that make records for the tables of `streams` stand now. */
export async function processorStandings(
  config: KafkaConfig,
  streams: readonly Stream[],
): Promise<Standings> {
  await using offsets = new TopicOffsets(config, silentLog(), 'sensorhouse-doctor');
  const names = new Set(streams.map(({ name }) => name));
  const needed = transforms.filter(({ outputs }) => outputs.some(({ name }) => names.has(name)));
  const standings = new Map<Transform, Standing | undefined>();
  for (const transform of needed) standings.set(transform, await standing(offsets, transform));
  return standings;
}

async function standing(
  offsets: TopicOffsets,
  { group, input }: Transform,
): Promise<Standing | undefined> {
  const topic = input.topic.name;
  if ((await offsets.existing([topic])).length === 0) return undefined;
  // Commits before the log (see log-ranges.ts), or a processor that keeps up would be ahead of it.
  // A broker whose coordinator is still being made knows of no commit, and there is none.
  const committed = await offsets.committedBy(group, topic).catch(() => new Map<number, number>());
  const ranges = await offsets.rangesOf(topic);
  const sums = { committed: 0, waiting: 0 };
  for (const [partition, { begin, end }] of ranges) {
    const next = Math.max(begin, committed.get(partition) ?? begin);
    sums.committed += next;
    sums.waiting += Math.max(0, end - next);
  }
  return sums;
}

/** A finding for each processor, from where it stood at two moments. */
export function processorFindings(before: Standings, after: Standings): Finding[] {
  return [...after].flatMap(([transform, now]) => {
    const then = before.get(transform);
    if (now === undefined) return [];
    const said = `${transform.name}: ${now.waiting} wait in ${transform.input.topic.name}`;
    // What came in between waits for nobody yet: only what waited before and still does is held up.
    const waited = Math.min(then?.waiting ?? 0, now.waiting) > 0;
    const stands = waited && then?.committed === now.committed;
    const advice = `start it: PROCESSOR=${transform.name} npm run processor`;
    return [stands ? warn('processor', said, advice) : ok('processor', said)];
  });
}
