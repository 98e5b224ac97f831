// The checks on a running installation, in the order in which a user would meet what they are about.
// Each one is a name and a function that throws when it does not hold.
import assert from 'node:assert/strict';
import { PRODUCERS, type Ran } from './checks-image.ts';
import type { Check } from './check.ts';
import { account, holds, members, rowsByDevice } from './account.ts';
import { until, type Stack } from './stack.ts';

const AGAIN_EACH = 10;
const RUN_ROWS = 7;
/** Five minutes of sending, so that the restarts fall into it on a busy machine too; then they are stopped. */
const PACE = { ROW_LIMIT: '4000', INTERVAL_MS: '75', TRAFFIC_INTERVAL_MS: '250' };
const QUICK = { ROW_LIMIT: String(AGAIN_EACH), INTERVAL_MS: '0' };
const STAY = ['kafka', 'clickhouse-server', 'consumer', 'grafana', 'traffic-processor'];
/** What compose itself takes on a busy machine. */
const COMPOSE_MS = 4_000;
const RECOVER_MS = 120_000;

async function allHealthy(stack: Stack): Promise<true | string> {
  const containers = await stack.containers();
  const bad = containers.filter(({ exitCode, health, status }) => {
    return status === 'exited' ? exitCode !== 0 : health !== 'healthy' && health !== 'none';
  });
  const here = containers.map(({ service }) => service);
  const absent = [...STAY, 'setup'].filter((service) => !here.includes(service));
  if (bad.length === 0 && absent.length === 0) return true;
  return [...bad.map((c) => `${c.name} ${c.status} ${c.health}`), ...absent].join(', ');
}

/** The counts of a producer's final line. */
async function producerAccount(stack: Stack, service: string): Promise<Ran> {
  const lines = (await stack.logs(service))
    .split('\n')
    .filter((line) => line.includes('"account"'));
  return JSON.parse(lines.at(-1) ?? '{}') as Ran;
}

/** Compares with the first count: two counts 1.5 s apart, every two seconds, can fall between two flushes each time. */
async function rowsArrive(stack: Stack): Promise<void> {
  const count = async (): Promise<number> => {
    const [row] = await stack.query<{ rows: number }>(
      'SELECT toUInt32(count()) AS rows FROM sensor_data',
    );
    return row!.rows;
  };
  let before: number | undefined;
  await until('rows arrive', RECOVER_MS, async () => {
    const now = await count();
    before ??= now;
    return now > before ? true : `still ${now} rows`;
  });
}

function restart(stack: Stack, service: string): Check {
  return {
    name: `restart ${service} while rows arrive: they go on arriving`,
    run: async () => {
      const before = await stack.container('producer-a');
      assert.equal(before.status, 'running', 'the producers are done already');
      await stack.compose(['restart', service]);
      await rowsArrive(stack);
    },
  };
}

/** The engine kills after 30 s with another exit code; 10 s is what the consumer promises. */
async function stopConsumer(stack: Stack): Promise<void> {
  const startMs = performance.now();
  await stack.compose(['stop', 'consumer']);
  const tookMs = performance.now() - startMs;
  assert.equal((await stack.container('consumer')).exitCode, 0);
  assert.ok(tookMs < 10_000 + COMPOSE_MS, `${Math.round(tookMs)} ms, compose included`);
}

async function consumerAnswers(stack: Stack, path: 'healthz' | 'readyz'): Promise<true | string> {
  const url = `http://127.0.0.1:${stack.port('METRICS_HOST_PORT')}/${path}`;
  const { ok, status } = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  return ok ? true : `${path}: ${status}`;
}

async function isDone(stack: Stack, service: string): Promise<true | string> {
  const { exitCode, status } = await stack.container(service);
  return status === 'exited' && exitCode === 0 ? true : `${status} with exit code ${exitCode}`;
}

/** From the first `up` through restarts to the exact account. */
export function firstRun(stack: Stack): Check[] {
  return [
    {
      name: 'up -d brings everything up without another step',
      needed: true,
      run: async () => {
        await stack.compose(['up', '-d'], PACE);
        await until('everything is healthy', RECOVER_MS, () => allHealthy(stack));
      },
    },
    {
      name: 'containers have the names users look for',
      run: async () => {
        const names = (await stack.containers()).map(({ name }) => name);
        const expected = [...STAY, 'producer-a', 'producer-b', 'producer-c'];
        for (const name of expected) assert.ok(names.includes(`${stack.prefix}${name}`), name);
        assert.ok(!names.some((name) => name.includes('replica')), 'a replica runs unasked');
      },
    },
    {
      name: 'rows arrive',
      needed: true,
      run: () => rowsArrive(stack),
    },
    {
      name: 'inside the consumer, npm run connections reaches Kafka and ClickHouse',
      run: async () => {
        const asked = ['exec', '-T', 'consumer', 'npm', 'run', '-s', 'connections'];
        const { stdout } = await stack.compose(asked);
        assert.match(stdout, /^Kafka +reachable .*\nClickHouse +reachable .*\n$/);
      },
    },
    restart(stack, 'consumer'),
    restart(stack, 'clickhouse-server'),
    restart(stack, 'kafka'),
    {
      name: 'a producer that is stopped has sent every row it read and exits with 0',
      run: async () => {
        await stack.compose(['stop', ...PRODUCERS]);
        for (const service of PRODUCERS) {
          assert.equal((await stack.container(service)).exitCode, 0);
          const { read, ...outcomes } = await producerAccount(stack, service);
          const { dryRun, failed, inDoubt, sent } = outcomes;
          assert.deepEqual(
            { dryRun, failed, inDoubt, sent },
            { dryRun: 0, failed: 0, inDoubt: 0, sent: read },
          );
        }
      },
    },
    {
      name: 'there is one row for every message, no offset twice, and as many of each device as were sent',
      run: async () => {
        const accounts = PRODUCERS.map((service) => producerAccount(stack, service));
        const sent = (await Promise.all(accounts)).map((ran) => ran.sent ?? 0);
        const all = sent.reduce((sum, rows) => sum + rows, 0);
        await until('the account is exact', RECOVER_MS, holds(stack, all));
        const rows = Object.values(await rowsByDevice(stack));
        assert.deepEqual(rows.toSorted(), sent.toSorted());
        return `${all} rows`;
      },
    },
    {
      name: 'no container was restarted by the engine, everything is healthy again',
      run: async () => {
        await until('everything is healthy', RECOVER_MS, () => allHealthy(stack));
        const crashed = (await stack.containers()).filter(({ restarts }) => restarts > 0);
        assert.deepEqual(
          crashed.map(({ name }) => name),
          [],
        );
      },
    },
  ];
}

/** What happens after the first run: stops, overrides, more consumers. */
export function laterRuns(stack: Stack): Check[] {
  /** Rows that have landed before the check that comes next. */
  let landed = 0;
  const landsMore = async (rows: number): Promise<void> => {
    landed += rows;
    await until('the account is exact', RECOVER_MS, holds(stack, landed));
  };
  return [
    {
      name: 'the consumer stops within 10 s with exit code 0 and its account',
      run: async () => {
        await stopConsumer(stack);
        assert.match(
          await stack.logs('consumer'),
          /consumed \d+, inserted \d+, dead letters 0, (duplicates left out \d+, )?lag \d\b/,
        );
      },
    },
    {
      name: 'so does one that still waits for the session of its killed predecessor',
      run: async () => {
        await stack.compose(['start', 'consumer']);
        await until('the consumer is ready', RECOVER_MS, () => allHealthy(stack));
        await stack.compose(['kill', '-s', 'SIGKILL', 'consumer']);
        await stack.compose(['start', 'consumer']);
        // Before it answers, the signal could meet a process that does not listen to signals yet.
        await until('the consumer runs', RECOVER_MS, () => consumerAnswers(stack, 'healthz'));
        const waits = (await consumerAnswers(stack, 'readyz')) !== true;
        await stopConsumer(stack);
        return waits ? undefined : 'that session was over before the consumer ran';
      },
    },
    {
      name: `down and up keep the data; ROW_LIMIT=${AGAIN_EACH} adds ${AGAIN_EACH} rows a device`,
      needed: true,
      run: async () => {
        const before = await account(stack);
        assert.equal(typeof before, 'number', String(before));
        landed = Number(before);
        await stack.compose(['down']);
        assert.deepEqual(await stack.containers(), []);
        await stack.compose(['up', '-d'], QUICK);
        await landsMore(AGAIN_EACH * PRODUCERS.length);
        for (const service of PRODUCERS) await until(`${service} is done`, RECOVER_MS, () => isDone(stack, service)); // prettier-ignore
      },
    },
    {
      name: `run -e PRODUCER=producer_B -e ROW_LIMIT=${RUN_ROWS} sends rows of that device`,
      run: async () => {
        const device = '1c:bf:ce:15:ec:4d';
        const before = (await rowsByDevice(stack))[device]!;
        const overrides = ['-e', 'PRODUCER=producer_B', '-e', `ROW_LIMIT=${RUN_ROWS}`];
        await stack.compose(['run', '--rm', '-T', ...overrides, 'producer-a']);
        await landsMore(RUN_ROWS);
        assert.equal((await rowsByDevice(stack))[device], before + RUN_ROWS);
      },
    },
    {
      name: 'two replicas share the partitions with the consumer, one each',
      run: async () => {
        const scale = ['--profile', 'scale', 'up', '-d', '--scale', 'consumer-replica=2'];
        await stack.compose(scale, QUICK);
        await until('three members share the partitions', RECOVER_MS, async () => {
          const shares = (await members(stack)).map(({ partitions }) => partitions.length);
          return shares.join() === '1,1,1' ? true : `shares: ${shares.join()}`;
        });
        await landsMore(AGAIN_EACH * PRODUCERS.length);
        await until('everything is healthy', RECOVER_MS, () => allHealthy(stack));
      },
    },
    {
      name: 'the other two take over from one that is killed',
      run: async () => {
        const overrides = ['-e', 'ROW_LIMIT=600', '-e', 'INTERVAL_MS=10', '-T'];
        const sending = stack.compose(['run', '--rm', ...overrides, 'producer-a']);
        await stack.compose(['--profile', 'scale', 'kill', '-s', 'SIGKILL', 'consumer']);
        await sending;
        await landsMore(600);
      },
    },
  ];
}
