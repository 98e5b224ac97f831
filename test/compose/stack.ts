// One installation of docker-compose.yml, beside any other on the machine: own project name, container
// names, volumes and free ports. Asks the engine, ClickHouse and Kafka the way a user on the host does.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../embedded/kafka/ports.ts';
import { environment } from '../../platform/config.ts';
import { attempt, run, type Outcome } from './command.ts';

const PORTS = [
  'KAFKA_HOST_PORT',
  'CLICKHOUSE_HTTP_HOST_PORT',
  'CLICKHOUSE_NATIVE_HOST_PORT',
  'GRAFANA_HOST_PORT',
  'METRICS_HOST_PORT',
] as const;

/** The login that Grafana is given. */
export const GRAFANA_LOGIN = { user: 'chief', password: 'not:the/default$2' };

type Port = (typeof PORTS)[number];
type Environment = Readonly<Record<string, string>>;

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  /** `running`, `exited` … */
  readonly status: string;
  /** `healthy`, `unhealthy`, `starting`, or `none` where nothing is checked. */
  readonly health: string;
  readonly exitCode: number;
  readonly restarts: number;
}

interface Inspected {
  Id: string;
  Name: string;
  RestartCount: number;
  State: { Status: string; ExitCode: number; Health?: { Status: string } };
  Config: { Labels: Record<string, string> };
}

const UP_TIMEOUT_MS = 400_000;

export class Stack implements AsyncDisposable {
  readonly project: string;
  readonly prefix: string;
  readonly #compose: readonly string[];
  readonly #env: Environment;
  readonly #folder: string;

  private constructor(
    compose: readonly string[],
    project: string,
    env: Environment,
    folder: string,
  ) {
    const files = ['-f', 'docker-compose.yml', '-f', 'test/compose/probes.yml'];
    // Not the person's own .env: an empty one.
    this.#compose = [...compose, ...files, '-p', project, '--env-file', join(folder, 'empty.env')];
    this.project = project;
    this.prefix = env['CONTAINER_PREFIX']!;
    this.#env = env;
    this.#folder = folder;
  }

  /** Prepares an installation; nothing is started. COMPOSE_TEST_PROJECT and the ports can be given. */
  static async prepare(compose: readonly string[]): Promise<Stack> {
    const given = environment();
    const project = given['COMPOSE_TEST_PROJECT'] ?? 'sensorhouse-test';
    const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-compose-'));
    await writeFile(join(folder, 'empty.env'), '');
    const env: Record<string, string> = {
      CONTAINER_PREFIX: `${project}-`,
      CLICKHOUSE_USER: 'owner',
      CLICKHOUSE_PASSWORD: 'not:the/default$1',
      GRAFANA_ADMIN_USER: GRAFANA_LOGIN.user,
      GRAFANA_ADMIN_PASSWORD: GRAFANA_LOGIN.password,
      CLICKHOUSE_OPEN_FILES: given['CLICKHOUSE_OPEN_FILES'] ?? (await openFiles()),
    };
    for (const name of PORTS) env[name] = given[name] ?? String(await freePort('127.0.0.1'));
    return new Stack(compose, project, env, folder);
  }

  port(name: Port): number {
    return Number(this.#env[name]);
  }

  async compose(args: readonly string[], env: Environment = {}): Promise<Outcome> {
    const options = { env: { ...this.#env, ...env }, timeoutMs: UP_TIMEOUT_MS };
    return run([...this.#compose, ...args], options);
  }

  /** All containers of the installation, also those that ended. */
  async containers(): Promise<Container[]> {
    const filter = `label=com.docker.compose.project=${this.project}`;
    const ids = (await run(['docker', 'ps', '-aq', '--filter', filter])).stdout.split('\n');
    const known = ids.filter((id) => id !== '');
    if (known.length === 0) return [];
    const { stdout } = await run(['docker', 'inspect', ...known]);
    return (JSON.parse(stdout) as Inspected[]).map(({ Config, Id, Name, RestartCount, State }) => ({
      id: Id,
      name: Name.slice(1),
      service: Config.Labels['com.docker.compose.service'] ?? '',
      status: State.Status,
      health: State.Health?.Status ?? 'none',
      exitCode: State.ExitCode,
      restarts: RestartCount,
    }));
  }

  async container(service: string): Promise<Container> {
    const found = (await this.containers()).find((each) => each.service === service);
    if (found === undefined) throw new Error(`no container of ${service}`);
    return found;
  }

  /** What a container printed, both streams. */
  async logs(service: string): Promise<string> {
    const { id } = await this.container(service);
    const { stderr, stdout } = await run(['docker', 'logs', id]);
    return `${stdout}\n${stderr}`;
  }

  /** Rows of a query sent over the published HTTP port. */
  async query<T>(sql: string): Promise<T[]> {
    const response = await fetch(`http://127.0.0.1:${this.port('CLICKHOUSE_HTTP_HOST_PORT')}/`, {
      method: 'POST',
      body: `${sql} FORMAT JSONEachRow`,
      signal: AbortSignal.timeout(20_000),
      headers: {
        'X-ClickHouse-User': this.#env['CLICKHOUSE_USER']!,
        'X-ClickHouse-Key': this.#env['CLICKHOUSE_PASSWORD']!,
      },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text.trim());
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as T);
  }

  /** Removes containers, network and volumes. */
  async [Symbol.asyncDispose](): Promise<void> {
    const down = [...this.#compose, '--profile', 'scale', 'down', '-v', '--remove-orphans'];
    await attempt(down, { env: this.#env, timeoutMs: 120_000 });
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Waits until `condition` holds. @throws {Error} with what it last said, after `timeoutMs`. */
export async function until(
  what: string,
  timeoutMs: number,
  condition: () => Promise<true | string>,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last: true | string = 'never asked';
  while (performance.now() < deadline) {
    // Servers are restarted on purpose while this asks.
    last = await condition().catch((error: unknown) => String(error));
    if (last === true) return;
    await sleep(500);
  }
  throw new Error(`${what}: not within ${Math.round(timeoutMs / 1_000)} s: ${last}`);
}

// An engine that itself may not open more cannot grant what docker-compose.yml asks for.
async function openFiles(): Promise<string> {
  const limit = Number((await attempt(['sh', '-c', 'ulimit -Hn'])).stdout.trim());
  return String(Number.isInteger(limit) && limit > 0 ? Math.min(limit, 262_144) : 262_144);
}
