import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigError } from '../../platform/errors.ts';
import { findJava, findMaven, javaMajor } from './java.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sensorhouse-java-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A program that prints its version as Java does, on stderr. */
async function fakeJava(home: string, version: string, exitCode = 0): Promise<string> {
  const path = join(home, 'bin', 'java');
  await mkdir(join(home, 'bin'));
  await writeFile(path, `#!/bin/sh\necho '${version}' >&2\nexit ${exitCode}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('javaMajor', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_392"', 8],
    ['openjdk version "25-ea" 2025-09-16', 25],
    ['openjdk version "21" 2023-09-19', 21],
  ])('reads %s', (version, major) => expect(javaMajor(version)).toBe(major));

  it('does not guess', () => expect(javaMajor('Unable to locate a Java Runtime.')).toBeUndefined());
});

describe('findJava', () => {
  it('prefers JAVA_HOME to PATH', async () => {
    const [home, other] = [await folder(), await folder()];
    const path = await fakeJava(home, 'openjdk version "21.0.4"');
    await fakeJava(other, 'openjdk version "17.0.1"');
    const found = await findJava({ JAVA_HOME: home, PATH: join(other, 'bin') });
    expect(found).toEqual({ path, major: 21, version: 'openjdk version "21.0.4"' });
  });

  it('skips programs that are too old or not Java', async () => {
    const [old, stub, good] = [await folder(), await folder(), await folder()];
    await fakeJava(old, 'java version "1.8.0_392"');
    await fakeJava(stub, 'Unable to locate a Java Runtime.', 1);
    const path = await fakeJava(good, 'openjdk version "17.0.15"');
    const env = { JAVA_HOME: old, PATH: `${join(stub, 'bin')}:/nowhere:${join(good, 'bin')}` };
    expect((await findJava(env)).path).toBe(path);
  });

  it('says in one message what to install, and what it found instead', async () => {
    const old = await folder();
    const path = await fakeJava(old, 'java version "11.0.2"');
    const failure = await findJava({ JAVA_HOME: old }).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(ConfigError);
    const { message } = failure as Error;
    expect(message).toContain(`${path} is Java 11`);
    expect(message).toContain('apt-get install -y openjdk-17-jre-headless maven');
    expect(message).toContain('brew install openjdk@21 maven');
    expect(message).toContain('docker compose up -d');
  });
});

describe('findMaven', () => {
  it('says in one message what to install', async () => {
    const failure = findMaven({ PATH: await folder() });
    await expect(failure).rejects.toThrow(ConfigError);
    await expect(failure).rejects.toThrow(/apt-get install -y openjdk-17-jre-headless maven/);
  });
});
