// The program behind `npm run tail`: shows what comes to a topic, one line a message.
import { styleText } from 'node:util';
import { environment, readConfig, withChanges } from '../platform/config.ts';
import { ConfigError, errorCode } from '../platform/errors.ts';
import { TopicReader } from '../platform/kafka/topic-reader.ts';
import { kafkaVariables, type KafkaConfig } from '../platform/kafka/variables.ts';
import { createLog } from '../platform/log.ts';
import { runProgram, type Service } from '../platform/service.ts';
import { visible } from '../platform/visible.ts';
import { topicStreams } from '../streams/index.ts';
import type { TopicStream } from '../streams/stream.ts';
import { tailCommand, tailOptions, type TailOptions } from './arguments.ts';
import { compileMessageLine, type Paint } from './message-line.ts';

/** Where lines go; false: nobody reads them any more. */
export type Print = (line: string) => boolean | Promise<boolean>;

export interface StartOptions extends TailOptions {
  readonly print: Print;
  /** Default: lines without colours. */
  readonly paint?: Paint;
  /** What the topic carries. Default: the stream that declares it. */
  readonly stream?: TopicStream;
}

const CLIENT = 'sensorhouse-tail';

/**
 * Starts showing a topic. `ended` settles with 0 when `max` messages were shown or nobody reads any more.
 * @throws {ConfigError} when there is no such topic, {UnavailableError} when Kafka cannot be reached.
 */
export async function start(config: KafkaConfig, options: StartOptions): Promise<Service> {
  const { fromBeginning, max, paint, print, showKeys, topic } = options;
  const log = createLog({ service: 'tail', fd: 2 });
  const reader = new TopicReader(config, topic, CLIENT, log);
  const stop = new AbortController();
  try {
    if (!(await reader.open(fromBeginning ? 'beginning' : 'end'))) {
      throw new ConfigError(`--topic: ${visible(topic)} does not exist on ${config.KAFKA_BROKER}`);
    }
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
  const stream = options.stream ?? topicStreams.find((each) => each.topic.name === topic);
  const lineOf = compileMessageLine({
    stream,
    showKeys,
    ...(paint === undefined ? {} : { paint }),
  });
  const show = async (): Promise<number> => {
    let left = max;
    for await (const records of reader.records(stop.signal)) {
      for (const record of records) {
        if (!(await print(lineOf(record)))) return 0;
        left -= 1;
        if (left === 0 || stop.signal.aborted) return 0;
      }
    }
    return 0;
  };
  const ended = show();
  return {
    ended,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended.catch(() => undefined);
      await reader[Symbol.asyncDispose]();
    },
  };
}

/** Prints to stdout, waiting for whoever reads it; NO_COLOR and what is no terminal get no colours. */
function toStdout(): { print: Print; paint: Paint } {
  const { stdout } = process;
  let isRead = true;
  let drained = Promise.withResolvers<undefined>();
  stdout.on('drain', () => drained.resolve(undefined));
  stdout.on('error', (error) => {
    if (errorCode(error) !== 'EPIPE') throw error;
    isRead = false;
    drained.resolve(undefined);
  });
  return {
    print: async (line) => {
      if (isRead && !stdout.write(`${line}\n`)) {
        drained = Promise.withResolvers();
        if (stdout.writableNeedDrain) await drained.promise;
      }
      return isRead;
    },
    paint: (style, text) => styleText(style, text, { stream: stdout }),
  };
}

if (import.meta.main) {
  await runProgram(tailCommand, (given) => {
    const config = readConfig(
      kafkaVariables,
      withChanges(environment(), given.env, kafkaVariables),
    );
    return start(config, { ...tailOptions(given), ...toStdout() });
  });
}
