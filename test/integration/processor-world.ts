// Topics of their own for a processor in tests, ways to fill and read them, and the rule that every
// output keeps: each record that was read is there, for the first time in order.
import type { KafkaMessage, Message } from 'kafkajs';
import { readConfig } from '../../platform/config.ts';
import { createLog, silentLog } from '../../platform/log.ts';
import { processorVariables } from '../../processor/config.ts';
import { start, type Processor, type StartOptions } from '../../processor/main.ts';
import { ORIGIN_HEADER, readOrigin, type Origin } from '../../streams/origin.ts';
import { countMessages, createTopic, KEPT_FOR_EVER } from '../backend/clients.ts';
import { randomGroup, randomTopic } from '../backend/context.ts';
import { readLog } from '../chaos/log-truth.ts';
import { until as untilSo } from '../until.ts';

export interface Output {
  readonly partition: number;
  readonly message: KafkaMessage;
  readonly value: string | undefined;
  readonly origin: Origin;
}

export interface ProcessorWorld {
  readonly from: string;
  readonly to: string;
  readonly group: string;
  /** The variables of a processor of this world. */
  env(overrides?: Record<string, string>): Record<string, string>;
  /** A processor in this process. Dispose it. */
  processor(options?: StartOptions, overrides?: Record<string, string>): Promise<Processor>;
  /** What the output holds, by partition in order. */
  outputs(): Promise<Output[]>;
  /** Waits until the output holds so many records. */
  holds(count: number): Promise<Output[]>;
}

/** Creates both topics. */
export async function processorWorld(
  bootstrap: string,
  partitions = 3,
  outputPartitions = partitions,
): Promise<ProcessorWorld> {
  const [from, to, group] = [randomTopic('raw'), randomTopic('processed'), randomGroup()];
  await createTopic(bootstrap, from, partitions, KEPT_FOR_EVER);
  await createTopic(bootstrap, to, outputPartitions, KEPT_FOR_EVER);
  const env = (overrides: Record<string, string> = {}): Record<string, string> => ({
    KAFKA_BROKER: bootstrap,
    PROCESSOR_FROM_TOPIC: from,
    PROCESSOR_TO_TOPIC: to,
    PROCESSOR_GROUP: group,
    ...overrides,
  });
  const outputs = async (): Promise<Output[]> => {
    const found: Output[] = [];
    await readLog(bootstrap, to, (partition, message) => {
      const header = message.headers?.[ORIGIN_HEADER]?.toString() ?? '';
      const origin = readOrigin(header);
      if (origin === undefined) throw new Error(`no origin: ${header}`);
      found.push({ partition, message, value: message.value?.toString(), origin });
    });
    return found;
  };
  return {
    from,
    to,
    group,
    env,
    processor: (options = {}, overrides = {}) =>
      start(readConfig(processorVariables, env(overrides)), { log: silentLog(), ...options }),
    outputs,
    holds: async (count) => {
      await until(async () => (await countMessages(bootstrap, to)) >= count);
      return outputs();
    },
  };
}

/** Waits for a condition, whose text says what it is. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const what = String(condition)
    .replace(/^(async )?\(\) => /, '')
    .replaceAll(/\s+/g, ' ');
  await untilSo(what, condition);
}

/** `count` reports from number `from` on, spread over the partitions by detector. */
export function reports(from: number, count: number, partitions = 3): Message[] {
  return Array.from({ length: count }, (_, index) => report(from + index, partitions));
}

export function report(number: number, partitions = 3): Message {
  const event = {
    detector_id: `d-${number % 7}`,
    detector_type: 'loop',
    detector_status: number % 5 === 0 ? 'FAILED' : 'OK',
    signal_id: 's-1',
    timestamp: 1_700_000_000 + number,
    volume: number,
  };
  return { key: event.detector_id, partition: number % partitions, value: JSON.stringify(event) };
}

/** The offsets of each origin partition in the order in which they appear for the first time. */
export function firstAppearances(outputs: readonly Output[]): Map<string, number[]> {
  const seen = new Map<string, Set<number>>();
  for (const { origin, partition } of outputs) {
    const key = `${origin.source}/${origin.partition} in ${partition}`;
    seen.set(key, (seen.get(key) ?? new Set()).add(origin.offset));
  }
  return new Map([...seen].map(([key, offsets]) => [key, [...offsets]]));
}

/** 0, 1, 2 …: no gap, and nothing before what it follows. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, offset) => offset);
}

/** A log whose messages can be looked at. */
export function lines() {
  const said: string[] = [];
  const write = (line: string): void => void said.push((JSON.parse(line) as { msg: string }).msg);
  return { said, log: createLog({ service: 'test', to: { write } }) };
}
