// Checks that .env.example lists exactly the variables that the code or docker-compose.yml reads, each with
// its default.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { interpolated } from './compose-file.ts';
import { declaredVariables } from './declared-variables.ts';

const lines = readFileSync(join(import.meta.dirname, '..', '.env.example'), 'utf8').split('\n');
const entries = lines.flatMap((line, index) => {
  const match = /^(?<off>#?)(?<name>[A-Z][A-Z0-9_]*)=(?<value>.*)$/.exec(line);
  if (match === null) return [];
  const { name, off, value } = match.groups!;
  return { name: name!, value: value!, on: off === '', above: lines[index - 1] ?? '' };
});
const declared = await declaredVariables();
const composed = interpolated();

/** The values a variable has when it is not set, in the code and in compose. */
function fallbacks(name: string): Set<string> {
  const inCode = [...(declared.get(name)?.values() ?? [])].map(({ fallback }) => fallback);
  const all = [...inCode, ...(composed.get(name) ?? [])];
  return new Set(all.filter((value): value is string => value !== undefined && value !== ''));
}

describe('.env.example', () => {
  it('lists exactly the variables that are read, each once', () => {
    const read = new Set([...declared.keys(), ...composed.keys()]);
    expect(entries.map(({ name }) => name).toSorted()).toEqual([...read].toSorted());
  });

  it('gives each its default, and comments out those that have none', () => {
    const wrong = entries.filter(({ name, on, value }) => {
      const values = fallbacks(name);
      return on ? !values.has(value) : values.size > 0;
    });
    expect(wrong).toEqual([]);
  });

  it('marks every password that has a default', () => {
    const secret = (name: string): boolean =>
      /PASSWORD/.test(name) || [...(declared.get(name)?.values() ?? [])].some((v) => v.secret);
    const unmarked = entries.filter(({ above, name, on }) => {
      return on && secret(name) && above !== '# CHANGE ME';
    });
    expect(unmarked).toEqual([]);
  });

  it('consists of comments, empty lines and variables', () => {
    const odd = lines.filter((line) => line !== '' && !/^(# |#?[A-Z][A-Z0-9_]*=)/.test(line));
    expect(odd).toEqual([]);
  });
});
