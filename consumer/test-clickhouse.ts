// For unit tests: a ClickHouse that gives prepared answers in turn and records what it was asked.
import type { ClickHouse } from '../platform/clickhouse/client.ts';

/** Answers each query with the next element of `answers`, and with no rows after the last one. */
export function answering(answers: readonly (readonly object[])[]): {
  readonly clickhouse: ClickHouse;
  readonly questions: readonly string[];
} {
  const left = [...answers];
  const questions: string[] = [];
  const rows = (sql: string) => {
    questions.push(sql);
    return Promise.resolve(left.shift() ?? []);
  };
  return { clickhouse: { rows } as unknown as ClickHouse, questions };
}
