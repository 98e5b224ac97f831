// docker-compose.yml as data: its services with every anchor and merge resolved, and the variables it
// takes from the environment with their defaults.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..');

export interface ComposeService {
  readonly image: string;
  readonly build?: string;
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly container_name?: string;
  readonly healthcheck?: object;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly mem_limit?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export const composeText = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');

/** The services by name; `${NAME:-default}` stands as it is written. */
export const composeServices = (
  parse(composeText, { merge: true }) as { services: Record<string, ComposeService> }
).services;

/** What `${NAME:-default}` in the file takes from .env, with the defaults given for it. */
export function interpolated(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, name, fallback] of composeText.matchAll(/\$\{(\w+):-([^}]*)\}/g)) {
    found.set(name!, (found.get(name!) ?? new Set()).add(fallback!));
  }
  return found;
}

/** The program that a service of ours starts, as `folder/file.ts`. */
export function programOf({ entrypoint }: ComposeService): string {
  if (entrypoint !== undefined) return entrypoint.at(-1)!;
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  const written = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)![1]!;
  return (JSON.parse(written) as string[]).at(-1)!;
}
