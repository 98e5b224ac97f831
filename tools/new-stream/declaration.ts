// The text of a stream's declaration, as a person would have written it.
import { boolean, float64, instant, integer, text, type Field } from '../../streams/field.ts';
import { basename } from 'node:path';
import type { Plan } from './columns.ts';
import { literal, member, remark, type SourceNames } from './source-text.ts';

const PLAIN: Readonly<Record<string, Field>> = {
  ...{ text: text(), float64: float64(), integer: integer(), boolean: boolean() },
  instant: instant(),
};

/** The whole of `streams/<name>.ts`. */
export function declarationText(names: SourceNames, path: string, plan: Plan): string {
  const { eventTime, key, leaves } = plan;
  const kinds = [...new Set(leaves.map(({ field }) => field.kind))].toSorted();
  const name = literal(names.stream);
  return `// Declared from ${remark(basename(path))} by \`npm run new-stream\`, and yours from then on: bounds, texts and what may be
// absent are worth a look.
import { ${kinds.join(', ')} } from './field.ts';
import { defineStream } from './stream.ts';

export const ${names.declared} = defineStream({
  name: ${name},
  topic: { name: ${name}, partitions: 3, retentionMs: 7 * 86_400_000 },
  event: ${shapeText(leaves, 0)},
  key: ${literal(key)},
  eventTime: ${literal(eventTime)},
  table: { name: ${name}, orderBy: [${literal(key)}, ${literal(eventTime)}] },
});
`;
}

/** The leaves that lie under the same first `depth` names, as an object literal. */
function shapeText(leaves: Plan['leaves'], depth: number): string {
  const groups = Map.groupBy(leaves, ({ name, path }) => {
    return path.length > depth + 1 ? `object ${path[depth]!}` : `leaf ${name}`;
  });
  const members = [...groups.values()].map((group) => {
    const [{ field, name, path }] = group as [Plan['leaves'][number]];
    return path.length > depth + 1
      ? `${member(path[depth]!)}: ${shapeText(group, depth + 1)}`
      : `${member(name)}: ${fieldText(field)}`;
  });
  return `{ ${members.join(', ')} }`;
}

/** A call of the field's kind with what is not its default. */
export function fieldText(field: Field): string {
  const plain = PLAIN[field.kind] as unknown as Record<string, unknown>;
  const given = Object.entries(field).filter(([name, value]) => plain[name] !== value);
  if (given.length === 0) return `${field.kind}()`;
  return `${field.kind}({ ${given.map(([name, value]) => `${name}: ${valueText(value)}`).join(', ')} })`;
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return literal(value);
  return value === Number.MAX_SAFE_INTEGER ? 'Number.MAX_SAFE_INTEGER' : JSON.stringify(value);
}
