// The program behind `npm run audit`: does every message of a topic have its one row or dead letter? Records
// that wait for ingestion are a state, not a failure: the audit counts them, and fails because of them only
// with --to-end. A check that could not run is never a pass.
import { ClickHouse } from '../../platform/clickhouse/client.ts';
import { assertClickHouse } from '../../platform/clickhouse/speaks-clickhouse.ts';
import { clickhouseTarget, clickhouseVariables } from '../../platform/clickhouse/variables.ts';
import {
  flagOption,
  usageError,
  valueOption,
  type CommandLine,
  type Given,
} from '../../platform/command-line.ts';
import { matching, readConfig, type Config } from '../../platform/config.ts';
import { asError } from '../../platform/errors.ts';
import { describeOpen, OpenTransactions } from '../../platform/kafka/open-transactions.ts';
import { TopicIdentities } from '../../platform/kafka/topic-identity.ts';
import { TopicReader } from '../../platform/kafka/topic-reader.ts';
import { TopicOffsets } from '../../platform/kafka/topic-offsets.ts';
import { kafkaVariables } from '../../platform/kafka/variables.ts';
import { silentLog } from '../../platform/log.ts';
import { oneShot, runProgram } from '../../platform/service.ts';
import { streams } from '../../streams/index.ts';
import type { Stream } from '../../streams/stream.ts';
import { streamOption, topicsOf } from '../../platform/streams-variable.ts';
import { auditReport } from './report.ts';
import { consumerVariables } from '../config.ts';
import { auditTopic, type AuditedLog } from './audit.ts';
import { auditOrigin, originReport, type OriginLog } from './origin-audit.ts';

export const auditVariables = {
  ...kafkaVariables,
  ...clickhouseVariables,
  STREAMS: consumerVariables.STREAMS,
  KAFKA_TOPIC: consumerVariables.KAFKA_TOPIC,
  ORIGIN_TOPIC: matching(
    { doc: 'Topic that the stream is made from, if it is not the declared one.' },
    /^[A-Za-z0-9._-]{1,249}$/,
    'a topic name',
  ),
} as const;

export type AuditConfig = Config<typeof auditVariables>;

export const auditCommand = {
  command: 'npm run audit',
  about:
    'Counts whether every message of a topic has its one row or dead letter. It changes nothing.',
  options: {
    stream: valueOption(
      'NAME',
      streamOption({
        doc: `the stream: ${streams.map(({ name }) => name).join(', ')}`,
        default: streams[0]!.name,
      }),
    ),
    'to-end': flagOption('fail while readable records are not ingested yet'),
    'allow-lag': flagOption('accepted for old scripts: lag alone does not fail the audit'),
  },
  variables: auditVariables,
  exitCodes: {
    0: 'every message is accounted for as far as the table stands, with --to-end up to the end of the topic',
    1: 'messages are missing or doubled, or with --to-end still to be ingested',
    3: 'it could not be checked: a server is away, or a topic or table is missing',
  },
} as const satisfies CommandLine;

export interface AuditArguments {
  readonly stream: Stream;
  /** Records that are still to be ingested are a failure. */
  readonly toEnd: boolean;
}

/** @throws {ConfigError} one line for options that contradict each other. */
export function auditArguments({ values }: Given<typeof auditCommand>): AuditArguments {
  if (values['to-end'] && values['allow-lag']) {
    const problem = '--to-end and --allow-lag contradict each other: leave one out';
    throw usageError(auditCommand, problem);
  }
  return { stream: values.stream, toEnd: values['to-end'] };
}

/** Audits every topic of the stream and hands each report to `print`; resolves to the exit code. */
export async function audit(
  config: AuditConfig,
  { stream, toEnd }: AuditArguments,
  print: (text: string) => void,
): Promise<0 | 1 | 3> {
  await using opened = new AsyncDisposableStack();
  const clickhouse = opened.use(new ClickHouse(clickhouseTarget(config), 'sensorhouse-audit'));
  const identities = opened.use(new TopicIdentities(config, 'sensorhouse-audit'));
  const offsets = opened.use(new TopicOffsets(config, silentLog(), 'sensorhouse-audit'));
  const transactions = opened.use(new OpenTransactions(config, 'sensorhouse-audit'));
  let code: 0 | 1 = 0;
  const check = async (
    topic: string,
    ask: (log: AuditedLog) => Promise<{ readonly exact: boolean; readonly behind: number }>,
  ): Promise<void> => {
    const topicId = (): Promise<string> => identities.idOf(topic);
    const { behind, exact } = await ask({
      topic,
      topicId,
      logRanges: () => offsets.rangesOf(topic),
    });
    if (!exact || (behind > 0 && toEnd)) code = 1;
  };
  const hidden = async (topic: string): Promise<string> =>
    describeOpen(await transactions.of(topic), Date.now());
  const own = topicsOf(stream, config);
  const origin =
    stream.origin === undefined ? [] : [config.ORIGIN_TOPIC ?? stream.origin.topic.name];
  for (const topic of [...own, ...origin]) {
    try {
      await assertClickHouse(clickhouseTarget(config));
      await check(topic, async (log) => {
        if (own.includes(topic)) {
          const result = await auditTopic(clickhouse, log, stream);
          print(auditReport(result, await hidden(topic)));
          return result;
        }
        await using reader = new TopicReader(config, topic, 'sensorhouse-audit', silentLog());
        const present: OriginLog['present'] = async (partition, ranges) => {
          await reader.open('end');
          return reader.present(partition, ranges);
        };
        const result = await auditOrigin(clickhouse, { ...log, present }, stream);
        print(originReport(result, stream, await hidden(topic)));
        return result;
      });
    } catch (error) {
      print(`COULD NOT BE CHECKED: ${topic}: ${asError(error).message}\n`);
      return 3;
    }
  }
  return code;
}

if (import.meta.main) {
  await runProgram(auditCommand, (given) => {
    const args = auditArguments(given);
    const ended = audit(readConfig(auditVariables), args, (text) => process.stdout.write(text));
    return Promise.resolve(oneShot(ended));
  });
}
