// Checks this machine: programs, engine, ports, disk. A missing program that only the embedded servers need
// is a warning when other servers answer.
import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { asError } from '../../platform/errors.ts';
import { haveKafkaLibs } from '../../embedded/kafka/artifacts.ts';
import { folderHolder } from '../../embedded/kafka/claim.ts';
import { findJava, findMaven } from '../../embedded/kafka/java.ts';
import { portInUse } from '../../embedded/kafka/ports.ts';
import { HOST, PROJECT, type Folders } from '../../embedded/launch/config.ts';
import { fail, findingsOf, ok, warn, type Finding } from './finding.ts';

export interface Ports {
  readonly KAFKA_PORT: number;
  readonly CLICKHOUSE_PORT: number;
  readonly METRICS_PORT: number;
}

const GIB = 1024 ** 3;
const ENGINE_LOADS_WITHIN_MS = 120_000;

/** `elsewhere`: Kafka and ClickHouse answer, so the embedded ones are not needed. */
export async function checkMachine(
  folders: Folders,
  ports: Ports,
  elsewhere: boolean,
): Promise<Finding[]> {
  const needed = (findings: readonly Finding[]): Finding[] => findings.map((finding) => {
    if (finding.level !== 'FAIL' || !elsewhere) return finding;
    return { ...finding, level: 'warn', said: `${finding.said} (only npm start needs it)` };
  }); // prettier-ignore
  return [
    ok('Node', process.version),
    ...needed(await findingsOf('Java', java)),
    ...needed(await findingsOf('Maven', () => maven(folders))),
    ...needed(await findingsOf('ClickHouse engine', engine)),
    ...needed(await findingsOf('ports', () => checkPorts(folders, ports))),
    ...(await findingsOf('disk', () => disk(PROJECT))),
  ];
}

async function java(): Promise<Finding> {
  const { path, version } = await findJava();
  return ok('Java', `${version} (${path})`);
}

async function maven({ kafkaLibs }: Folders): Promise<Finding> {
  if (await haveKafkaLibs(kafkaLibs)) return ok('Maven', 'not needed, Kafka is here');
  return ok('Maven', await findMaven());
}

/** In a process of its own: an engine that does not fit this machine can take its process down. */
async function engine(): Promise<Finding> {
  const load = ['--input-type=module', '--eval', "await import('chdb')"];
  try {
    await promisify(execFile)(process.execPath, load, {
      cwd: PROJECT,
      timeout: ENGINE_LOADS_WITHIN_MS,
    });
    return ok('ClickHouse engine', 'loads');
  } catch (thrown) {
    const [why] = asError(thrown).message.split('\n').slice(1);
    const advice = 'run `npm ci` again (Linux with glibc or macOS), or use docker compose up -d';
    return fail('ClickHouse engine', `does not load: ${why ?? asError(thrown).message}`, advice);
  }
}

/** Each port is free, or held by the part that belongs there. */
export async function checkPorts(folders: Folders, ports: Ports): Promise<Finding[]> {
  const owners: Record<keyof Ports, () => Promise<string | undefined>> = {
    KAFKA_PORT: async () => {
      return (await folderHolder(folders.kafka)) === undefined ? undefined : 'our Kafka';
    },
    CLICKHOUSE_PORT: () => answering(ports.CLICKHOUSE_PORT, '/ping', /^Ok\./, 'a ClickHouse'),
    METRICS_PORT: () =>
      answering(ports.METRICS_PORT, '/metrics', /sensorhouse_consumer_/, 'our consumer'),
  };
  const findings: Finding[] = [];
  for (const [name, owner] of Object.entries(owners)) {
    const port = ports[name as keyof Ports];
    const what = `port ${port}`;
    if (port === 0) continue;
    if (!(await portInUse(HOST, port))) findings.push(ok(what, `free (${name})`));
    else {
      const held = await owner();
      const advice = `stop that program, or set ${name} to a free port`;
      if (held === undefined) findings.push(fail(what, `in use by another program (${name})`, advice));
      else findings.push(ok(what, `in use by ${held} (${name})`));
    } // prettier-ignore
  }
  return findings;
}

async function answering(
  port: number,
  path: string,
  pattern: RegExp,
  name: string,
): Promise<string | undefined> {
  try {
    const asked = { signal: AbortSignal.timeout(3_000) };
    const response = await fetch(`http://${HOST}:${port}${path}`, asked);
    return pattern.test(await response.text()) ? name : undefined;
  } catch {
    return undefined;
  }
}

async function disk(path: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(path);
  const free = (bavail * bsize) / GIB;
  const said = `${free.toFixed(1)} GiB free`;
  const advice = 'free some; ClickHouse stops inserting with less than 0.25 GiB';
  if (free < 1) return fail('disk', said, advice);
  return free < 5 ? warn('disk', said, advice) : ok('disk', said);
}
