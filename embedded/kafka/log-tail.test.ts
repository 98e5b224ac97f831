import { describe, expect, it } from 'vitest';
import { tellingLines } from './log-tail.ts';

const INFO = '2026-01-01 00:00:00.000 INFO starting (KafkaServer)';
const ERROR = '2026-01-01 00:00:01.000 ERROR Exiting due to fatal exception (Kafka)';
const CAUSE = 'org.apache.kafka.common.config.ConfigException: Invalid value x';

describe('tellingLines', () => {
  it('keeps problems with their exceptions and drops stack frames and the rest', () => {
    const lines = [INFO, ERROR, CAUSE, '\tat kafka.Kafka.main(Kafka.scala)', INFO, INFO];
    expect(tellingLines(lines)).toEqual([ERROR, CAUSE]);
  });

  it('shows the last lines where there is no problem to see', () => {
    expect(tellingLines([INFO, INFO])).toEqual([INFO, INFO]);
  });

  it('keeps the newest of many', () => {
    const many = Array.from({ length: 50 }, (_, index) => `${ERROR} ${index}`);
    expect(tellingLines(many).at(-1)).toBe(`${ERROR} 49`);
    expect(tellingLines(many).length).toBeLessThan(20);
  });
});
