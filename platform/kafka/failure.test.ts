// What a failure of a Kafka call means: wait, ask a person, or end the program with its stack trace.
import assert from 'node:assert';
import kafkajs from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { readFailure, writeFailure } from '../clickhouse/failure.ts';
import { ConfigError, FencedError, UnavailableError, UnclearOutcomeError } from '../errors.ts';
import { isClientFailure, kafkaFailure } from './failure.ts';

const { KafkaJSConnectionError, KafkaJSNonRetriableError, KafkaJSProtocolError } = kafkajs;

function thrownBy(act: () => unknown): Error {
  try {
    act();
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error('nothing was thrown');
}

const URL = 'http://127.0.0.1:8123';
const nothing = undefined as unknown as { x: number };
const mistakes: [string, Error][] = [
  ['undefined that is read', thrownBy(() => nothing.x)],
  ['a length that does not exist', thrownBy(() => 'x'.repeat(-1))],
  ['an assertion', thrownBy(() => assert.equal(1, 2))],
  ['a wrong argument', thrownBy(() => Buffer.from(7 as unknown as string))],
];

const failures: [string, Error][] = [
  ['a refused connection', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
  ['a failure of kafkajs', new KafkaJSConnectionError('closed')],
  ['the other client’s', Object.assign(new Error('no'), { code: 'PLT_KFK_NETWORK' })],
  ['a garbled answer', thrownBy(() => Buffer.alloc(2).readInt32BE(0))],
  ['an abort', thrownBy(() => AbortSignal.abort().throwIfAborted())],
  ['kafkajs’s own mistake', new KafkaJSNonRetriableError(thrownBy(() => nothing.x))],
];

describe.each(mistakes)('%s', (_, mistake) => {
  it('is no failure of a call: it stays what it is, with its stack', () => {
    expect(kafkaFailure(mistake, 'Kafka')).toBe(mistake);
    expect(readFailure(mistake, 'ClickHouse', URL)).toBe(mistake);
    expect(writeFailure(mistake, 'ClickHouse', URL)).toBe(mistake);
    expect(isClientFailure(mistake)).toBe(false);
  });
});

describe.each(failures)('%s', (_, failure) => {
  it('is waited for', () => {
    expect(kafkaFailure(failure, 'Kafka')).toBeInstanceOf(UnavailableError);
    expect(isClientFailure(failure)).toBe(true);
  });
});

it('a refusal is for a person, an answer that broke off is asked again', () => {
  const refused = new KafkaJSProtocolError(
    Object.assign(new Error('no'), { type: 'TOPIC_AUTHORIZATION_FAILED' }),
  );
  expect(kafkaFailure(refused, 'Kafka')).toBeInstanceOf(ConfigError);
  const brokeOff = thrownBy(() => JSON.parse('{"a":'));
  expect(readFailure(brokeOff, 'ClickHouse', URL)).toBeInstanceOf(UnavailableError);
  expect(writeFailure(brokeOff, 'ClickHouse', URL)).toBeInstanceOf(UnclearOutcomeError);
});

it('an error that is of nobody known is not a client’s', () => {
  expect(isClientFailure(new Error('by us'))).toBe(false);
  expect(isClientFailure('text')).toBe(false);
  for (const known of [ConfigError, FencedError, UnavailableError, UnclearOutcomeError]) {
    expect(isClientFailure(new known('x'))).toBe(true);
  }
});
