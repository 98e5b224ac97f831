// The checks on the image alone: it builds, and without Kafka a producer prints its events and is done.
import assert from 'node:assert/strict';
import { attempt, run, type Outcome } from './command.ts';
import type { Check } from './check.ts';

export const PRODUCERS = ['producer-a', 'producer-b', 'producer-c'];
export const IMAGE = 'sensor-producer';

/** The final line of a producer, as JSON. */
export interface Ran {
  readonly read?: number;
  readonly sent?: number;
  readonly inDoubt?: number;
  readonly dryRun?: number;
  readonly failed?: number;
}

const BUILD_TIMEOUT_MS = 600_000;

function inImage(...args: string[]): Promise<Outcome> {
  return attempt(['docker', 'run', '--rm', ...args]);
}

/** The events that a dry run printed. @throws when it printed anything else or did not exit with 0. */
function events({ code, stderr, stdout }: Outcome): { device_id: string }[] {
  assert.equal(code, 0, stderr);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    assert.ok(line.startsWith('[DRY-RUN] '), line);
    return JSON.parse(line.slice('[DRY-RUN] '.length)) as { device_id: string };
  });
}

export function imageChecks(): Check[] {
  return [
    {
      name: `docker build -t ${IMAGE} .`,
      needed: true,
      run: () => run(['docker', 'build', '-q', '-t', IMAGE, '.'], { timeoutMs: BUILD_TIMEOUT_MS }),
    },
    {
      name: 'docker run alone prints 10 events and exits with 0',
      run: async () => assert.equal(events(await inImage(IMAGE)).length, 10),
    },
    {
      name: '--help lists producers, variables and examples',
      run: async () => {
        const { code, stdout } = await inImage(IMAGE, '--help');
        assert.equal(code, 0);
        for (const text of ['producer_C', 'ROW_LIMIT', 'docker run'])
          assert.match(stdout, new RegExp(text));
      },
    },
    {
      name: 'run producer_C 5, --rows 5 and -e PRODUCER=… choose device and rows',
      run: async () => {
        const [named, rows, environment] = await Promise.all([
          inImage(IMAGE, 'run', 'producer_C', '5'),
          inImage(IMAGE, '--rows', '5'),
          inImage('-e', 'PRODUCER=B', '-e', 'ROW_LIMIT=3', IMAGE),
        ]);
        const devices = (outcome: Outcome) => events(outcome).map((event) => event.device_id);
        assert.deepEqual(devices(named), Array(5).fill('b8:27:eb:bf:9d:51'));
        assert.deepEqual(devices(rows), Array(5).fill('00:0f:00:70:91:0a'));
        assert.deepEqual(devices(environment), Array(3).fill('1c:bf:ce:15:ec:4d'));
      },
    },
    {
      name: 'the image runs as node, on a read-only root, without the engine, with its codecs',
      run: async () => {
        const script =
          "await import('lz4-napi'); await import('snappy');" +
          "const chdb = await import('chdb').then(() => true, () => false);" +
          'console.log(JSON.stringify({ uid: process.getuid(), chdb }))';
        const rights = [
          '--read-only',
          '--tmpfs',
          '/tmp',
          '--cap-drop',
          'ALL',
          '--entrypoint',
          'node',
        ];
        const { code, stderr, stdout } = await inImage(
          ...rights, IMAGE, '--input-type=module', '-e', script,
        ); // prettier-ignore
        assert.equal(code, 0, stderr);
        assert.deepEqual(JSON.parse(stdout), { uid: 1_000, chdb: false });
      },
    },
  ];
}
