// Finds the Java that runs the embedded Kafka and the Maven that fetches it. A missing or too old program
// becomes one ConfigError that names what to install; this file installs nothing.
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { environment } from '../../platform/config.ts';
import { ConfigError } from '../../platform/errors.ts';
import { jvmEnvironment } from './locale.ts';

/** Kafka 4's brokers run on this and later. */
export const JAVA_FLOOR = 17;

export interface Java {
  /** Absolute path of the `java` program. */
  path: string;
  major: number;
  /** The first line of `java -version`: what tells one installation from another. */
  version: string;
}

type Environment = Record<string, string | undefined>;

/**
 * The first Java of at least `JAVA_FLOOR`: `JAVA_HOME`'s, then those on `PATH`.
 * @throws {ConfigError} with the install lines when there is none.
 */
export async function findJava(env: Environment = environment()): Promise<Java> {
  const home = env['JAVA_HOME'];
  const candidates = home ? [join(home, 'bin', 'java')] : [];
  candidates.push(...onPath('java', env));
  const rejected: string[] = [];
  for (const path of candidates) {
    if (!(await executable(path))) continue;
    const version = await versionOf(path, env);
    const major = version === undefined ? undefined : javaMajor(version);
    if (version === undefined || major === undefined) continue;
    if (major >= JAVA_FLOOR) return { path, major, version };
    rejected.push(`${path} is Java ${major}`);
  }
  const found = rejected.length > 0 ? ` (${rejected.join(', ')})` : '';
  throw new ConfigError(
    installMessage(
      `Kafka needs Java ${JAVA_FLOOR} or later; none found through JAVA_HOME or PATH${found}`,
    ),
  );
}

/**
 * The path of `mvn`.
 * @throws {ConfigError} with the install lines when it is not on `PATH`.
 */
export async function findMaven(env: Environment = environment()): Promise<string> {
  for (const path of onPath('mvn', env)) if (await executable(path)) return path;
  throw new ConfigError(
    installMessage('Kafka is fetched through Maven the first time; no mvn found on PATH'),
  );
}

/** The major version in the output of `java -version`: 8 for `1.8.0_392`, 21 for `21.0.4`. */
export function javaMajor(version: string): number | undefined {
  const match = /version "(\d+)(?:\.(\d+))?/.exec(version);
  if (match === null) return undefined;
  const [, first, second] = match;
  return Number(first === '1' && second !== undefined ? second : first);
}

function installMessage(missing: string): string {
  return [
    `${missing}.`,
    '  Debian/Ubuntu: apt-get install -y openjdk-17-jre-headless maven',
    '  macOS:         brew install openjdk@21 maven',
    '  or use Docker: docker compose up -d',
  ].join('\n');
}

function onPath(program: string, env: Environment): string[] {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, program));
}

async function executable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The line that names the version, or undefined where it is no Java (macOS ships a stub). */
async function versionOf(path: string, env: Environment): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(path, ['-version'], {
      env: jvmEnvironment(env),
      timeout: 30_000,
    });
    return `${stderr}\n${stdout}`.split('\n').find((line) => / version "/.test(line));
  } catch {
    return undefined;
  }
}
