// `npm run kafka`: one embedded Kafka broker in its own process, on its usual port, until Ctrl+C.
import { join, resolve } from 'node:path';
import type { CommandLine } from '../platform/command-line.ts';
import { integer, readConfig, text } from '../platform/config.ts';
import { createLog } from '../platform/log.ts';
import { runProgram, type Service } from '../platform/service.ts';
import { startKafka } from './kafka/broker.ts';
import { KAFKA_VERSION } from './kafka/version.ts';

/** What can be set from outside. */
export const variables = {
  KAFKA_PORT: integer({ doc: 'Port of the embedded Kafka.', default: 9092 }, 1, 65_535),
  SENSORHOUSE_DIR: text({
    doc: 'Folder of the embedded servers: their data and downloads. Relative to the project.',
    default: '.sensorhouse',
  }),
};

export const kafkaCommand = {
  about: 'Starts one Kafka broker on this machine, without Docker, until Ctrl+C.',
  command: 'npm run kafka',
  variables,
  exitCodes: { 0: 'stopped' },
} as const satisfies CommandLine;

async function start(): Promise<Service> {
  const { KAFKA_PORT: port, SENSORHOUSE_DIR } = readConfig(variables);
  const home = resolve(import.meta.dirname, '..', SENSORHOUSE_DIR);
  const log = createLog({ service: 'kafka' });
  const startedAt = performance.now();
  const broker = await startKafka({
    host: '127.0.0.1',
    port,
    dataPath: join(home, 'kafka'),
    libsPath: join(home, `kafka-libs-${KAFKA_VERSION}`),
    log,
  });
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  log.info(
    `Kafka ${KAFKA_VERSION} answers on ${broker.bootstrap} after ${seconds} s; Ctrl+C stops it`,
  );
  return broker;
}

if (import.meta.main) await runProgram(kafkaCommand, start);
