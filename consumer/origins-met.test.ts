// Which records of its origin a stream has met: all that its rows say, and of other tables what lies below the
// position, the greatest of each.
import { expect, it } from 'vitest';
import { metOrigins } from './origins-met.ts';
import { answering } from './test-clickhouse.ts';

it('is the greatest of all tables, by partition and by partition of the origin', async () => {
  const row = (p: number, sp: number, so: number) => {
    return { p: String(p), s: 'raw@1', sp: String(sp), so: String(so) };
  };
  const answers = [
    [row(0, 0, 5), row(0, 1, 9), row(4, 0, 1)],
    [row(0, 0, 7), row(0, 1, 3), row(2, 0, 0)],
  ];
  const { clickhouse, questions: asked } = answering(answers);
  const positions = new Map([
    [0, 100],
    [2, 40],
    [3, 0],
  ]);
  const met = await metOrigins(clickhouse, ['own', 'letters'], 'own', "t'@1", positions);
  expect([...met].map(([at, origins]) => [at, Object.fromEntries(origins)])).toEqual([
    [0, { 'raw@1/0': 7, 'raw@1/1': 9 }],
    [2, { 'raw@1/0': 0 }],
    [3, {}],
  ]);
  expect(asked[0]).toContain(
    `FROM own WHERE kafka_source = 't\\'@1' AND kafka_partition IN (0, 2, 3)`,
  );
  // Rows of its own table are all below the position; a letter beyond it may be of a batch that never landed.
  expect(asked[0]).not.toContain('kafka_offset <');
  expect(asked[1]).toContain('(kafka_partition = 0 AND kafka_offset < 100)');
  expect(asked[1]).toContain('(kafka_partition = 2 AND kafka_offset < 40)');
  expect(asked[1]).toContain(`AND origin_source != ''`);
});
