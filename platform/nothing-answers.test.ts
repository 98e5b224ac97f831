import { describe, expect, it } from 'vitest';
import { nothingAnswers } from './nothing-answers.ts';

describe('a server that is away', () => {
  it.each([
    ['Kafka', 'localhost:9092', 'npm start, or npm run kafka'],
    ['Kafka', '[::1]:9092', 'npm start, or npm run kafka'],
    ['ClickHouse', '127.0.0.1:8123', 'npm start, or npm run clickhouse'],
    ['ClickHouse', 'clickhouse-server:8123', 'docker compose up -d clickhouse-server'],
    ['Kafka', 'kafka:9092', 'docker compose up -d kafka'],
    ['Kafka', 'broker.example:9093', 'start Kafka there, or set KAFKA_BROKER'],
  ] as const)('%s on %s: says where and what starts it', (server, address, remedy) => {
    expect(nothingAnswers(server, address)).toBe(
      `${server}: nothing answers on ${address}: ${remedy}`,
    );
  });
});
