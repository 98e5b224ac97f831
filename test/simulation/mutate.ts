// Puts mutations into the code while Node loads it: nothing on disk changes, and one process may load the
// simulator as often as there are mutations.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { mutations, type Mutation } from './mutations.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const ROOT = pathToFileURL(root).href;
const LIBRARIES = `${ROOT}node_modules/`;

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

/**
 * The simulator with the mutation in it: `history.ts` and all that it imports of this repository are loaded again,
 * under addresses that end with the mutation's number; libraries are shared.
 */
export async function mutatedHistory(mutation: Mutation): Promise<typeof import('./history.ts')> {
  const ending = `?mutation=${mutations.indexOf(mutation)}`;
  const changed = `${ROOT}${mutation.file}${ending}`;
  const source = mutated(mutation);
  const hooks = registerHooks({
    resolve: (specifier, context, nextResolve) => {
      const resolved = nextResolve(specifier, context);
      const { url } = resolved;
      const isOurs = url.startsWith(ROOT) && !url.startsWith(LIBRARIES);
      if (context.parentURL?.endsWith(ending) !== true || !isOurs) return resolved;
      return { ...resolved, url: url + ending };
    },
    load: (url, context, nextLoad) => {
      if (url !== changed) return nextLoad(url, context);
      return { format: 'module-typescript', shortCircuit: true, source };
    },
  });
  try {
    const entry = new URL(`history.ts${ending}`, import.meta.url).href;
    return (await import(entry)) as typeof import('./history.ts');
  } finally {
    hooks.deregister();
  }
}
