// Connects an integration test with the servers that the global setup started once for all tests, and gives
// it topics and a database of its own on them.
import { randomBytes } from 'node:crypto';
import { describe, inject } from 'vitest';

/** Which servers are behind the endpoints; `none` says why there are not any. */
export type Backend = { kind: 'embedded' | 'containers' } | { kind: 'none'; reason: string };

declare module 'vitest' {
  interface ProvidedContext {
    backend: Backend;
    /** `host:port` of the shared broker; empty without a backend. */
    kafkaBootstrap: string;
    /** `http://user:password@host:port` of the shared ClickHouse; empty without a backend. */
    clickhouseUrl: string;
  }
}

/** `describe` for tests that need Kafka and ClickHouse; without a backend, skipped with its reason. */
export function describeBackend(name: string, tests: () => void): void {
  const backend = inject('backend');
  if (backend.kind === 'none') describe.skip(`${name} [skipped: ${backend.reason}]`, tests);
  else describe(name, tests);
}

/** A topic name nobody else uses. The broker creates no topic by itself. */
export function randomTopic(prefix = 'test'): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}

/** A table name nobody else uses, valid without quotes. */
export function randomTable(prefix = 'test'): string {
  return `${prefix}_${randomBytes(6).toString('hex')}`;
}

/** A consumer group nobody else uses. */
export function randomGroup(prefix = 'group'): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}
