// Puts one mutation into the code while Node loads it: nothing on disk changes.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';
import type { Mutation } from './mutations.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The file's text with the mutation. @throws {Error} when what it replaces is not there exactly once. */
export function mutated({ file, find, name, replace }: Mutation): string {
  const text = readFileSync(join(root, file), 'utf8');
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(
      `mutation "${name}": ${file} holds its text ${parts.length - 1} times, not once`,
    );
  }
  return parts.join(replace);
}

/** Everything that is imported from now on has the mutation in it. */
export function mutate(mutation: Mutation): void {
  const url = pathToFileURL(join(root, mutation.file)).href;
  const source = mutated(mutation);
  registerHooks({
    load: (asked, context, nextLoad) => {
      if (asked !== url) return nextLoad(asked, context);
      return { format: 'module-typescript', shortCircuit: true, source };
    },
  });
}
