// Faults that end a process without asking: kill -9 of the consumer at random moments and in each window
// around the INSERT, and ClickHouse away for a while.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerProcess } from '../consumer-process.ts';
import { assert, assertStruck, type Fault, type Lab, type Struck } from '../fault.ts';
import { startFaultProxy, type Fate } from '../fault-proxy.ts';
import { startLoad } from '../load.ts';
import { openWorld } from '../world.ts';

type Window = 'before' | 'middle' | 'after';

export const crashFaults: readonly Fault[] = [
  {
    name: 'kill-consumer-before-insert',
    about: 'kill -9 of the consumer when it has sent an INSERT that ClickHouse never sees',
    quick: false,
    strike: (lab) => killInWindow(lab, 'before'),
  },
  {
    name: 'kill-consumer-mid-insert',
    about: 'kill -9 of the consumer when half of the INSERT has reached ClickHouse',
    quick: true,
    strike: (lab) => killInWindow(lab, 'middle'),
  },
  {
    name: 'kill-consumer-before-commit',
    about: 'kill -9 of the consumer after the INSERT is in the table, before it knows or commits',
    quick: false,
    strike: (lab) => killInWindow(lab, 'after'),
  },
  {
    name: 'kill-consumer-random',
    about: 'kill -9 of the consumer at random moments under load',
    quick: false,
    strike: killAtRandom,
  },
  {
    name: 'sigterm',
    about:
      'SIGTERM under load: it lands what it holds and ends with exit code 0; a restart goes on',
    quick: false,
    strike: sigterm,
  },
  {
    name: 'refused',
    about:
      'ClickHouse refuses connections for 5 s, for 60 s from intensity 2 on: nothing is skipped',
    quick: false,
    strike: refused,
  },
];

async function killInWindow({ endpoints, intensity }: Lab, window: Window): Promise<Struck> {
  await using world = await openWorld(endpoints);
  const tables = ['sensor_data', 'dead_letters'];
  let times = 0;
  for (const [strike, table] of Array.from({ length: intensity }, () => tables)
    .flat()
    .entries()) {
    await using proxy = await startFaultProxy(endpoints.clickhouseUrl);
    const victims: ConsumerProcess[] = [];
    const kill = (): void => victims[0]!.kill('SIGKILL');
    proxy.decide = ({ insertInto }) =>
      insertInto === table && proxy.struck === 0 ? fateOf(window, kill) : undefined;
    // A group of its own: the dead one's would wait out its session before anybody gets partitions.
    await using dying = world.consumerProcess({
      CLICKHOUSE_URL: proxy.url,
      KAFKA_GROUP: `victim-${world.topic}-${strike}`,
    });
    victims.push(dying);
    await world.fill(600, 20);
    const exit = await dying.exited;
    assert(exit === 'SIGKILL', `the consumer ended with ${exit}: ${dying.stderr()}`);
    times += proxy.struck;
  }
  assertStruck(times, 2 * intensity);
  await world.runs();
  const audit = await world.verified();
  return { times, audit };
}

function fateOf(window: Window, kill: () => void): Fate {
  switch (window) {
    case 'before':
      return { kind: 'cut', share: 0, cut: kill };
    case 'middle':
      return { kind: 'cut', share: 0.5, cut: kill };
    case 'after':
      return { kind: 'lose-reply', landed: kill };
  }
}

async function killAtRandom({ endpoints, full, intensity, random }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await using load = startLoad(world, { perRound: 100, everyMs: 100 });
  const times = full ? 50 : 5 * intensity;
  let working = 0;
  for (let strike = 0; strike < times; strike += 1) {
    await using consumer = world.consumerProcess({
      KAFKA_GROUP: `victim-${world.topic}-${strike}`,
    });
    await consumer.logged(/took over/);
    await sleep(random.next() * 1_500);
    consumer.kill('SIGKILL');
    await consumer.exited;
    if (consumer.lines.some(({ msg }) => msg.startsWith('Inserted'))) working += 1;
  }
  await load.stop();
  await world.runs();
  const audit = await world.verified();
  return { times, audit, note: `${working} of them had inserted something` };
}

async function sigterm({ endpoints, intensity, random }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await using load = startLoad(world, { perRound: 100, everyMs: 100 });
  let slowestMs = 0;
  for (let strike = 0; strike < intensity; strike += 1) {
    await using consumer = world.consumerProcess();
    await consumer.logged(/Inserted/);
    await sleep(random.next() * 1_000);
    const startedAt = performance.now();
    consumer.kill('SIGTERM');
    const exit = await consumer.exited;
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    assert(exit === 0, `the consumer ended with ${exit}: ${consumer.stderr()}`);
  }
  await load.stop();
  await world.runs();
  const audit = await world.verified();
  return { times: intensity, audit, note: `ended within ${(slowestMs / 1_000).toFixed(1)} s` };
}

async function refused({ endpoints, intensity }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await using proxy = await startFaultProxy(endpoints.clickhouseUrl);
  await using consumer = world.consumerProcess({ CLICKHOUSE_URL: proxy.url });
  await world.fill(300, 20);
  await world.ingested();
  await proxy.refuse();
  await world.fill(60_000, 20);
  await consumer.logged(/waiting/);
  await sleep(intensity > 1 ? 60_000 : 5_000);
  await world.fill(20_000, 20);
  const waits = consumer.lines.filter(({ msg }) => msg.includes('waiting:')).length;
  assert(waits === 1, `said ${waits} times that it waits`);
  await proxy.accept();
  await consumer.logged(/going on after/);
  const audit = await world.verified();
  return { times: 1, audit };
}
