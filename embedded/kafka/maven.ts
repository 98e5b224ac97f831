// Runs `mvn` once to copy Kafka and everything it needs into a folder, and turns Maven's chatter
// into a few lines that a person can follow.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ConfigError } from '../../platform/errors.ts';
import { LOCALE_FLAGS, jvmEnvironment } from './locale.ts';
import { KAFKA_VERSION } from './version.ts';

/** Kafka logs through SLF4J but its artifacts bring no binding to the log4j-core they do bring. */
const LOG_BINDING_VERSION = '2.25.4';
const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

/** The project Maven resolves. It names no repository, so a mirror in settings.xml is honoured. */
export const POM = pomOf([
  ['org.apache.kafka', 'kafka_2.13', KAFKA_VERSION],
  ['org.apache.kafka', 'kafka-tools', KAFKA_VERSION],
  ['org.apache.logging.log4j', 'log4j-slf4j-impl', LOG_BINDING_VERSION],
]);

export type Artifact = readonly [group: string, artifact: string, version: string];

/** The project that has these artifacts. */
export function pomOf(artifacts: readonly Artifact[]): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sensorhouse</groupId>
  <artifactId>embedded-kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
${artifacts.map(dependency).join('\n')}
  </dependencies>
</project>
`;
}

function dependency([group, artifact, version]: Artifact): string {
  return `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version><scope>runtime</scope></dependency>`;
}

/**
 * Copies the runtime jars of Kafka into `folder`, or those of another pom.
 * @throws {ConfigError} with Maven's own last errors when it cannot.
 */
export async function copyDependencies(
  maven: string,
  folder: string,
  progress: (line: string) => void,
  signal?: AbortSignal,
  pom = POM,
): Promise<void> {
  const project = await mkdtemp(join(tmpdir(), 'sensorhouse-maven-'));
  try {
    await writeFile(join(project, 'pom.xml'), pom);
    const goal = [`${PLUGIN}:copy-dependencies`, `-DoutputDirectory=${folder}`];
    await runMaven(maven, ['-B', ...goal, '-DincludeScope=runtime'], project, progress, signal);
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

function mavenEnvironment(): Record<string, string | undefined> {
  const env = jvmEnvironment();
  return { ...env, MAVEN_OPTS: [env['MAVEN_OPTS'] ?? '', ...LOCALE_FLAGS].join(' ').trim() };
}

async function runMaven(
  maven: string,
  args: string[],
  cwd: string,
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const child = spawn(maven, args, {
    cwd,
    env: mavenEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  const errors: string[] = [];
  const follow = followMaven(progress);
  const read = (line: string): void => {
    if (line.startsWith('[ERROR]') && errors.length < MAX_ERROR_LINES) errors.push(line);
    follow(line);
  };
  createInterface({ input: child.stdout }).on('line', read);
  createInterface({ input: child.stderr }).on('line', read);
  const code = await ended;
  if (code === 0) return;
  throw new ConfigError(
    [
      `mvn could not fetch Apache Kafka ${KAFKA_VERSION} (exit code ${code}). Check the network and the mirrors in ~/.m2/settings.xml, or use Docker: docker compose up -d`,
      ...errors.map((line) => `  ${line}`),
    ].join('\n'),
  );
}

const MAX_ERROR_LINES = 6;

/** Between two lines of progress; a jar of megabytes is always worth one. */
const QUIET_MS = 1_000;

/** Reads Maven's output lines and reports what comes over the network, with the count so far. */
export function followMaven(
  progress: (line: string) => void,
  now: () => number = () => performance.now(),
): (line: string) => void {
  let downloaded = 0;
  let reportedAt = -Infinity;
  return (line) => {
    // "[INFO] Downloaded from central: https://…/kafka-raft-4.3.1.jar (333 kB at 1.2 MB/s)"
    const match = /Downloaded from [^:]*: \S*\/([^/\s]+\.jar) \(([^)]+?)(?: at [^)]*)?\)/.exec(
      line,
    );
    if (match === null) return;
    downloaded += 1;
    const [, name = '', size = ''] = match;
    if (now() - reportedAt < QUIET_MS && !size.endsWith('MB')) return;
    reportedAt = now();
    progress(`file ${downloaded}: ${name} (${size})`);
  };
}
