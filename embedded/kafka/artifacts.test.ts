import { chmod, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigError } from '../../platform/errors.ts';
import { ensureKafkaLibs } from './artifacts.ts';

/** Stands in for `mvn`: writes jars where it is told to and one line per run into `calls`. */
const MAVEN = `#!/bin/sh
here=$(dirname "$0")
echo call >> "$here/calls"
for arg in "$@"; do case "$arg" in -DoutputDirectory=*) out=\${arg#-DoutputDirectory=} ;; esac; done
echo "[INFO] Downloaded from central: https://example.invalid/a/kafka-clients-4.3.1.jar (10 MB at 9 MB/s)"
sleep 0.3
for jar in kafka_2.13 kafka-clients kafka-tools; do
  [ "$jar" = "$(cat "$here/leave-out" 2>/dev/null)" ] || echo "bytes of $jar" > "$out/$jar-4.3.1.jar"
done
[ ! -e "$here/fail" ] || { echo "[ERROR] Could not transfer artifact"; exit 1; }
`;

async function machine() {
  const root = await mkdtemp(join(tmpdir(), 'sensorhouse-libs-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const maven = join(root, 'mvn');
  await writeFile(maven, MAVEN);
  await chmod(maven, 0o755);
  const lines: string[] = [];
  const libsPath = join(root, 'home', 'libs');
  const ensure = () => ensureKafkaLibs({ libsPath, maven, progress: (line) => lines.push(line) });
  const calls = async () => (await readFile(join(root, 'calls'), 'utf8')).split('\n').length - 1;
  return { root, libsPath, lines, ensure, calls };
}

describe('ensureKafkaLibs', () => {
  it('fetches once and says what it does', async () => {
    const { libsPath, lines, ensure, calls } = await machine();
    await ensure();
    await ensure();
    expect(await calls()).toBe(1);
    expect(await readdir(libsPath)).toContain('kafka_2.13-4.3.1.jar');
    expect(lines.join('\n')).toMatch(
      /90 files, 55 MB[^]*kafka-clients-4.3.1.jar \(10 MB\)[^]*3 files/,
    );
    expect(lines.join('\n')).not.toContain('example.invalid');
  });

  it('fetches once for two callers at the same time', async () => {
    const { root, ensure, calls } = await machine();
    await Promise.all([ensure(), ensure(), ensure()]);
    expect(await calls()).toBe(1);
    expect(await readdir(join(root, 'home'))).toEqual(['libs']);
  });

  it('fetches damaged or deleted files again', async () => {
    const { libsPath, ensure, calls } = await machine();
    await ensure();
    const jar = join(libsPath, 'kafka-clients-4.3.1.jar');
    await truncate(jar, 3);
    await ensure();
    expect((await stat(jar)).size).toBeGreaterThan(3);
    await rm(jar);
    await ensure();
    expect(await calls()).toBe(3);
  });

  it('leaves nothing behind when Maven fails, quotes it, and can be tried again', async () => {
    const { root, ensure } = await machine();
    await writeFile(join(root, 'fail'), '');
    const failure = await ensure().catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as Error).message).toContain('Could not transfer artifact');
    expect(await readdir(join(root, 'home'))).toEqual([]);
    await rm(join(root, 'fail'));
    await ensure();
  });

  it('does not accept a folder without the broker', async () => {
    const { root, libsPath, ensure } = await machine();
    await writeFile(join(root, 'leave-out'), 'kafka_2.13');
    await expect(ensure()).rejects.toThrow('kafka_2.13-4.3.1.jar');
    await expect(stat(libsPath)).rejects.toThrow();
  });
});
