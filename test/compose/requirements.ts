// What the compose test needs of the machine: a Docker engine, compose, and the pinned images, here or
// from a registry. Whatever is missing is a reason to skip, not a failure.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeServices } from '../compose-file.ts';
import { attempt, findCompose, PROJECT_FOLDER } from './command.ts';

const PULL_TIMEOUT_MS = 300_000;

/** How to call compose, or why the test cannot run. */
export async function requirements(): Promise<
  { compose: readonly string[] } | { missing: string }
> {
  const engine = await attempt(['docker', 'info', '--format', '{{.ServerVersion}}']);
  if (engine.code !== 0)
    return { missing: `no Docker engine answers (${lastLine(engine.stderr)})` };
  const compose = await findCompose();
  if (compose === undefined)
    return { missing: 'neither `docker compose` nor docker-compose is here' };
  for (const image of pinnedImages()) {
    if ((await attempt(['docker', 'image', 'inspect', image])).code === 0) continue;
    const pulled = await attempt(['docker', 'pull', '-q', image], { timeoutMs: PULL_TIMEOUT_MS });
    if (pulled.code !== 0) {
      return {
        missing: `image ${image} is not here and not to be had (${lastLine(pulled.stderr)})`,
      };
    }
  }
  return { compose };
}

/** Every image that an installation without profiles runs and nobody builds, and the Dockerfile's. */
function pinnedImages(): string[] {
  const dockerfile = readFileSync(join(PROJECT_FOLDER, 'Dockerfile'), 'utf8');
  const bases = [...dockerfile.matchAll(/^FROM\s+(\S+:\S+)/gm)].map((match) => match[1]!);
  const run = Object.values(composeServices)
    .filter(({ profiles }) => profiles === undefined)
    .map(({ image }) => image.replace(/\$\{\w+:-([^}]*)\}/g, '$1'))
    .filter((image) => image.includes(':'));
  return [...new Set([...run, ...bases])];
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
