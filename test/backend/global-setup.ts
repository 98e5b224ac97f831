// Starts ONE Kafka and ONE ClickHouse for all integration tests and gives their endpoints to them.
// TEST_BACKEND chooses: `embedded` (default) or `containers`; where it cannot run, tests are skipped.
// (testcontainers' own TESTCONTAINERS_RYUK_DISABLED=true is for engines without its clean-up image.)
import type { TestProject } from 'vitest/node';
import { oneOf, readConfig } from '../../platform/config.ts';
import type { Backend } from './context.ts';
import type { Servers } from './servers.ts';

const variables = {
  TEST_BACKEND: oneOf({ doc: 'What integration tests run on.', default: 'embedded' }, [
    'embedded',
    'containers',
  ]),
};

/** Called by vitest once before the integration tests; the result is called once after them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const kind = readConfig(variables).TEST_BACKEND;
  const startedAt = performance.now();
  const servers = await start(kind);
  const backend: Backend =
    typeof servers === 'string' ? { kind: 'none', reason: servers } : { kind };
  project.provide('backend', backend);
  project.provide('kafkaBootstrap', typeof servers === 'string' ? '' : servers.kafkaBootstrap);
  project.provide('clickhouseUrl', typeof servers === 'string' ? '' : servers.clickhouseUrl);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  if (typeof servers === 'string') {
    say(`integration tests are SKIPPED: ${servers}`);
    return () => Promise.resolve();
  }
  say(`integration backend: ${kind}, Kafka ${servers.kafkaBootstrap}, up after ${seconds} s`);
  return () => Promise.resolve(servers[Symbol.asyncDispose]());
}

/** The running servers, or why there are none. */
async function start(kind: 'embedded' | 'containers'): Promise<Servers | string> {
  // Loaded only when asked for: testcontainers is slow to load.
  if (kind === 'containers') {
    const { missingForContainers, startContainers } = await import('./containers.ts');
    return (await missingForContainers()) ?? startContainers();
  }
  const { missingForEmbedded, startEmbedded } = await import('./embedded.ts');
  return (await missingForEmbedded()) ?? startEmbedded();
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
