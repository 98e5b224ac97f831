// The program behind `npm run dead-letters`: lists rejected messages and publishes them again after a fix.
// Exit code 0: done. 1: some letters could not be published; it names them. 2: bad arguments or settings. 3:
// Kafka or ClickHouse failed on the way; no letter is lost or doubled, run it again.
import { randomUUID } from 'node:crypto';
import { ClickHouse } from '../../platform/clickhouse/client.ts';
import { checkSchema } from '../../platform/clickhouse/schema.ts';
import { clickhouseTarget } from '../../platform/clickhouse/variables.ts';
import type { Given } from '../../platform/command-line.ts';
import { readConfig, type Config } from '../../platform/config.ts';
import { FencedError, UnavailableError, UnclearOutcomeError } from '../../platform/errors.ts';
import { BatchSender } from '../../platform/kafka/batch-sender.ts';
import { TopicIdentities } from '../../platform/kafka/topic-identity.ts';
import { TopicOffsets } from '../../platform/kafka/topic-offsets.ts';
import { silentLog } from '../../platform/log.ts';
import { runProgram, type Service } from '../../platform/service.ts';
import { consumerPositions, deadLetterRedrives, deadLetters } from '../../streams/table.ts';
import {
  deadLettersCommand,
  deadLetterVariables,
  letterArguments,
  type LetterArguments,
} from './arguments.ts';
import { listReasons, type ReasonSummary } from './list.ts';
import { accountLine, forecastLines, letterJson, letterList, outcomeLine } from './report.ts';
import { RedriveBook } from './redrive-book.ts';
import { compileForecast } from './redrive-forecast.ts';
import { outcomeOf, serverNowMs } from './redrive-outcome.ts';
import { survey } from './redrive-survey.ts';
import { redrive, type RedriveTopics } from './redriver.ts';

export type DeadLetterConfig = Config<typeof deadLetterVariables>;

const CLIENT = 'sensorhouse-dead-letters';

/** Does what the arguments ask for; resolves to the exit code. `signal` ends it after a batch. */
export async function handleDeadLetters(
  config: DeadLetterConfig,
  args: LetterArguments,
  print: (text: string) => void,
  signal: AbortSignal = new AbortController().signal,
): Promise<0 | 1 | 3> {
  await using clickhouse = new ClickHouse(clickhouseTarget(config), CLIENT);
  try {
    const tables = [deadLetters, deadLetterRedrives, consumerPositions];
    await checkSchema(clickhouse, config.CLICKHOUSE_DB, tables);
    if (!args.redrive) return await list(clickhouse, args, print);
    if (args.dryRun) return await preview(clickhouse, config, args, print, signal);
    return await publish(clickhouse, config, args, print, signal);
  } catch (error) {
    if (error instanceof FencedError) {
      print('another --redrive took over and finishes the work of this one\n');
    } else if (error instanceof UnavailableError || error instanceof UnclearOutcomeError) {
      const again = args.redrive ? 'Nothing is lost or doubled: run it again.\n' : '';
      print(`${error.message}\n${again}`);
    } else throw error;
    return 3;
  }
}

async function list(
  clickhouse: ClickHouse,
  args: LetterArguments,
  print: (text: string) => void,
): Promise<0> {
  const all: ReasonSummary[] = [];
  for (const { name } of args.streams) {
    const reasons = await listReasons(clickhouse, name, args);
    if (!args.json) print(letterList(name, reasons));
    all.push(...reasons);
  }
  if (args.json) print(letterJson(all));
  return 0;
}

async function preview(
  clickhouse: ClickHouse,
  { CLICKHOUSE_DB: database, MAX_MESSAGE_BYTES: maxMessageBytes }: DeadLetterConfig,
  args: LetterArguments,
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<0> {
  for (const stream of args.streams) {
    const { name } = stream;
    const book = new RedriveBook(clickhouse, database, name, randomUUID());
    const begun = (await book.interrupted()).reduce((sum, { letters }) => sum + letters.length, 0);
    if (begun > 0) print(`${name}: would first finish ${begun} of an interrupted run\n`);
    const open = await book.openPartitions(args);
    const letters = open.reduce((sum, each) => sum + each.letters, 0);
    const tally = await survey(book, open, args, compileForecast(stream, maxMessageBytes), signal);
    const kept = args.evenIfRejected ? 0 : tally.rejections + tally.filtered;
    const would = Math.min(letters - kept, args.limit);
    print(`${name}: would publish ${would} of ${letters} open letters\n`);
    print(forecastLines(name, tally, args.evenIfRejected));
    for (const each of open) {
      print(`  ${each.letters} of ${each.source}, partition ${each.partition}\n`);
    }
  }
  return 0;
}

async function publish(
  clickhouse: ClickHouse,
  config: DeadLetterConfig,
  args: LetterArguments,
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<0 | 1> {
  await using sender = new BatchSender(config, CLIENT);
  await using identities = new TopicIdentities(config, CLIENT);
  await using offsets = new TopicOffsets(config, silentLog(), CLIENT);
  const topics: RedriveTopics = {
    exists: (topic) => identities.exists(topic),
    topicId: (topic) => identities.idOf(topic),
    logRanges: (topic) => offsets.rangesOf(topic),
  };
  const { CLICKHOUSE_DB: database, MAX_MESSAGE_BYTES: maxMessageBytes } = config;
  let code: 0 | 1 = 0;
  let left = args.limit;
  for (const stream of args.streams) {
    if (left === 0) break;
    const { name } = stream;
    const book = new RedriveBook(clickhouse, database, name, randomUUID());
    const forecast = compileForecast(stream, maxMessageBytes);
    const sinceMs = await serverNowMs(clickhouse);
    const tally = await survey(book, await book.openPartitions(args), args, forecast, signal);
    print(forecastLines(name, tally, args.evenIfRejected));
    const order = { ...args, limit: left, forecast: args.evenIfRejected ? undefined : forecast };
    const account = await redrive({ book, sender, topics, signal }, order);
    print(`${accountLine(name, account)}\n`);
    const { doubtful, finished, homeless, kept, published, refused } = account;
    left -= Math.min(left, published + refused);
    if (refused + doubtful + homeless + kept > 0) code = 1;
    if (published + finished > 0 && args.waitMs > 0) {
      print(outcomeLine(name, await outcomeOf(clickhouse, stream, sinceMs, args.waitMs, signal)));
    }
  }
  return code;
}

function start(given: Given<typeof deadLettersCommand>): Promise<Service> {
  const args = letterArguments(given);
  const print = (text: string): void => void process.stdout.write(text);
  const stop = new AbortController();
  const config = readConfig(deadLetterVariables);
  const ended = handleDeadLetters(config, args, print, stop.signal);
  return Promise.resolve({
    ended,
    finishes: true,
    stoppedCode: () => 130,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended.catch(() => undefined);
    },
  });
}

if (import.meta.main) await runProgram(deadLettersCommand, start);
