// Finds every environment variable that the code declares, by loading each file that declares some. Tests
// compare .env.example, docker-compose.yml and docs/configuration.md with them.
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { sourceFolders } from '../platform/apps.ts';
import type { Variable, Variables } from '../platform/config.ts';

const ROOT = join(import.meta.dirname, '..');
const DECLARES = /^(?<exported>export )?const (?<name>\w*[vV]ariables)(: \w+)? = \{/gm;

/** The variables by name, each with all of its declarations: `file: name of the object`. */
export async function declaredVariables(): Promise<Map<string, Map<string, Variable<unknown>>>> {
  const found = new Map<string, Map<string, Variable<unknown>>>();
  for await (const file of glob(`{${sourceFolders.join(',')}}/**/*.ts`, { cwd: ROOT })) {
    if (file.endsWith('.test.ts')) continue;
    for (const { groups } of readFileSync(join(ROOT, file), 'utf8').matchAll(DECLARES)) {
      const name = groups!['name']!;
      if (groups!['exported'] === undefined) {
        throw new Error(`${file}: ${name} is not exported, so nothing can be held against it`);
      }
      const module = (await import(join(ROOT, file))) as Record<string, Variables>;
      for (const [variable, declaration] of Object.entries(module[name]!)) {
        const declarations = found.get(variable) ?? new Map<string, Variable<unknown>>();
        found.set(variable, declarations.set(`${file}: ${name}`, declaration));
      }
    }
  }
  return found;
}
