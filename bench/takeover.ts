// `npm run bench:takeover`: what a kill -9 of the only consumer, or of the only processor, costs until the
// next one has its first row, at rest and under full load, for each session timeout asked for; then whether
// such a session survives minutes of full load. Exit code 1 when a member lost its session under load.
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { startEmbedded } from '../test/backend/embedded.ts';
import { createTopic } from '../test/backend/clients.ts';
import { startConsumerProcess, type ConsumerProcess } from '../test/chaos/consumer-process.ts';
import { openWorld, type World } from '../test/chaos/world.ts';
import { freePort } from '../embedded/kafka/ports.ts';
import { readCommandLine } from '../platform/command-line.ts';
import { runChild } from './child.ts';
import { benchTakeoverCommand } from './commands.ts';
import { median } from './usage.ts';

const { values } = readCommandLine(benchTakeoverCommand);
const { kills } = values;
const sessions = values.sessions.split(',');
const loadMs = values.minutes * 60_000;
const PROCESSOR = join(import.meta.dirname, '..', 'processor', 'main.ts');
const FILL = 500_000;
/** A session of any length that is tried has ended by then. */
const PATIENCE_MS = 120_000;
const SETTLE_MS = 15_000;

interface Takeover {
  /** From the kill to the line that says that the next process took over. */
  readonly ownedMs: number;
  /** From the kill to its first row. */
  readonly rowMs: number;
}

/** Repeats `work` until disposed. */
function repeating(work: () => Promise<unknown>): AsyncDisposable {
  const stop = new AbortController();
  const done = (async () => {
    while (!stop.signal.aborted) await work();
  })();
  done.catch((error: unknown) => say(String(error)));
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await done.catch(() => undefined);
    },
  };
}

const trickle = (world: World) => repeating(() => world.fill(3).then(() => sleep(100)));

function flood(world: World): AsyncDisposable {
  const env = { KAFKA_BROKER: world.endpoints.kafkaBootstrap };
  return repeating(() => runChild('fill', [world.topic, FILL], env));
}

/** Kills each of the processes that `begin` starts once it works; `worked` says when the next one has. */
async function killed(
  begin: () => ConsumerProcess,
  worked: (next: ConsumerProcess) => Promise<unknown>,
): Promise<Takeover[]> {
  const found: Takeover[] = [];
  let running = begin();
  try {
    await running.logged(/took over/, PATIENCE_MS);
    await worked(running);
    for (let strike = 0; strike < kills; strike += 1) {
      // Heartbeats go out every two seconds: the kill comes anywhere in between.
      await sleep(500 + Math.random() * 2_500);
      const atMs = performance.now();
      running.kill('SIGKILL');
      await running.exited;
      running = begin();
      const rowed = worked(running);
      await running.logged(/took over/, PATIENCE_MS);
      const ownedMs = performance.now() - atMs;
      await rowed;
      found.push({ ownedMs, rowMs: performance.now() - atMs });
    }
  } finally {
    await running[Symbol.asyncDispose]();
  }
  return found;
}

async function ofConsumer(world: World, session: string): Promise<Takeover[]> {
  const env = { KAFKA_SESSION_TIMEOUT_MS: session, FLUSH_INTERVAL_SEC: '2.0' };
  return killed(
    () => world.consumerProcess(env),
    (next) => next.logged(/^Inserted/, PATIENCE_MS),
  );
}

/** From the world's topic into one of its own. */
async function ofProcessor(world: World, session: string): Promise<Takeover[]> {
  const { kafkaBootstrap: KAFKA_BROKER } = world.endpoints;
  const to = `${world.topic}-out`;
  await createTopic(KAFKA_BROKER, to, 3);
  const end = async (): Promise<number> => {
    const ends = await world.admin.fetchTopicOffsets(to);
    return ends.reduce((sum, { high }) => sum + Number(high), 0);
  };
  const env = {
    KAFKA_BROKER,
    PROCESSOR: 'traffic-forward',
    PROCESSOR_FROM_TOPIC: world.topic,
    PROCESSOR_TO_TOPIC: to,
    PROCESSOR_GROUP: `group-${to}`,
    KAFKA_SESSION_TIMEOUT_MS: session,
  };
  return killed(
    () => startConsumerProcess(env, PROCESSOR),
    async () => {
      const before = await end();
      while ((await end()) === before) await sleep(50);
    },
  );
}

/** How often one of `count` consumers took over again under full load, and their longest loop block. */
async function underLoad(world: World, session: string, count: number): Promise<string> {
  await using opened = new AsyncDisposableStack();
  opened.use(flood(world));
  const ports = await Promise.all(Array.from({ length: count }, () => freePort('127.0.0.1')));
  const members = ports.map((port) => {
    const METRICS_PORT = String(port);
    return opened.use(
      world.consumerProcess({
        KAFKA_SESSION_TIMEOUT_MS: session,
        METRICS_PORT,
        FLUSH_INTERVAL_SEC: '2.0',
      }),
    );
  });
  await Promise.all(members.map((member) => member.logged(/took over/, PATIENCE_MS)));
  await sleep(SETTLE_MS);
  const takeovers = (): number =>
    members.flatMap(({ lines }) => lines).filter(({ msg }) => msg.startsWith('took over')).length;
  const before = takeovers();
  let blockedMs = 0;
  const until = performance.now() + loadMs;
  while (performance.now() < until) {
    await sleep(1_000);
    for (const port of ports) blockedMs = Math.max(blockedMs, await loopBlockMs(port));
  }
  const again = takeovers() - before;
  if (again > 0) process.exitCode = 1;
  const rows = await world.rowCount();
  return `${count} consumers, session ${session} ms, ${values.minutes} min of full load, ${rows} rows: ${again} takeovers, event loop blocked ${Math.round(blockedMs)} ms at most`;
}

/** The longest since it was last asked. */
async function loopBlockMs(port: number): Promise<number> {
  const asked = fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text());
  const text = await asked.catch(() => '');
  return Number(/^nodejs_eventloop_lag_max_seconds\S* (\S+)/m.exec(text)?.[1] ?? 0) * 1_000;
}

function line(what: string, session: string, found: readonly Takeover[]): string {
  const figures = (of: readonly number[]): string =>
    [Math.min(...of), median(of), Math.max(...of)].map((ms) => (ms / 1_000).toFixed(1)).join(' / ');
  const rows = figures(found.map(({ rowMs }) => rowMs));
  const owned = figures(found.map(({ ownedMs }) => ownedMs));
  return `| ${what} | ${session} | ${found.length} | ${owned} | ${rows} |`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await using servers = await startEmbedded();
say(
  '| killed | session, ms | kills | took over after, s (min / median / max) | first row after, s |',
);
say('| --- | --- | --- | --- | --- |');
for (const session of kills > 0 ? sessions : []) {
  for (const load of values.loads.split(',')) {
    for (const [what, measure] of [
      ['consumer', ofConsumer],
      ['processor', ofProcessor],
    ] as const) {
      await using opened = new AsyncDisposableStack();
      const world = opened.use(await openWorld(servers));
      opened.use(load === 'at rest' ? trickle(world) : flood(world));
      say(line(`${what}, ${load}`, session, await measure(world, session)));
    }
  }
}
if (loadMs > 0) {
  for (const count of [1, 3]) {
    await using world = await openWorld(servers);
    say(await underLoad(world, sessions[0]!, count));
  }
}
