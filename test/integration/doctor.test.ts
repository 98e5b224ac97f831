// The doctor beside real servers: no check fails on a healthy installation, and each problem is named with
// its remedy.
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { examine } from '../../tools/doctor/main.ts';
import { checkPorts } from '../../tools/doctor/machine.ts';
import { openLagSource, readLag } from '../../tools/doctor/lag.ts';
import { freePort } from '../../embedded/kafka/ports.ts';
import { foldersOf } from '../../embedded/launch/config.ts';
import { environment } from '../../platform/config.ts';
import { describeBackend } from '../backend/context.ts';
import { stream } from '../chaos/messages.ts';
import { openWorld, type World } from '../chaos/world.ts';

const endpoints = () => ({
  kafkaBootstrap: inject('kafkaBootstrap'),
  clickhouseUrl: inject('clickhouseUrl'),
});

async function doctor(world: World, overrides: Record<string, string> = {}) {
  const free = async () => String(await freePort('127.0.0.1'));
  const ports = { KAFKA_PORT: await free(), CLICKHOUSE_PORT: await free() };
  const { JAVA_HOME, PATH } = environment();
  const metrics = { METRICS_PORT: await free() };
  const env = { PATH, JAVA_HOME, ...ports, ...world.env(), ...metrics, ...overrides };
  let said = '';
  const code = await examine(env, (text) => (said += text), 300);
  return { code, said };
}

/** A listener on a free port that answers every request with `text`. */
async function listener(text: string) {
  const port = await freePort('127.0.0.1');
  const server = createServer((_, response) => response.end(text));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describeBackend('npm run doctor', () => {
  it('finds nothing wrong with a pipeline that works, and names its consumer', async () => {
    await using world = await openWorld(endpoints());
    await using consumer = await world.consumer();
    await world.fill(300, 10);
    await world.ingested();
    const { code, said } = await doctor(world, { METRICS_PORT: String(consumer.port) });
    expect(said).not.toMatch(/^FAIL/m);
    expect(code).toBe(0);
    expect(said).toMatch(/^ok +Java +.*version/m);
    expect(said).toMatch(new RegExp(`^ok +topic +${world.topic} with 3 partitions`, 'm'));
    expect(said).toMatch(new RegExp(`^ok +tables +\\d+ in ${world.database} as declared`, 'm'));
    expect(said).toMatch(new RegExp(`^ok +lag +${world.topic}: 0 by the table`, 'm'));
    expect(said).toMatch(new RegExp(`^ok +port ${consumer.port} +in use by our consumer`, 'm'));
    expect(said).toMatch(/^ok +clock /m);
    expect(said).toMatch(/^ok +consumer +keeps up: \d+ records\/s, lag 0; decode/m);
  });

  it('finds nothing wrong while messages keep coming, however often it looks', async () => {
    await using world = await openWorld(endpoints());
    await using consumer = await world.consumer();
    const over = new AbortController();
    const producing = (async () => {
      for (; !over.signal.aborted; await sleep(20)) await world.fill(100, 10);
    })();
    await using source = openLagSource(world.clickhouse, world.config(), stream, world.topic, 'g');
    for (let look = 0; look < 6; look += 1) {
      expect(await readLag(source)).toMatchObject({ beyond: 0, open: [] });
    }
    const { code, said } = await doctor(world, { METRICS_PORT: String(consumer.port) });
    over.abort();
    await producing;
    expect(said).not.toMatch(/^FAIL/m);
    expect(code).toBe(0);
    expect(consumer.totals().inserted).toBeGreaterThan(0);
  });

  it('reports an absent consumer, the distance of the table, and servers that do not answer', async () => {
    await using world = await openWorld(endpoints());
    await world.fill(40);
    const { code, said } = await doctor(world);
    expect(said).toMatch(/^warn +lag +.*: 40 by the table, 40 by the commits/m);
    expect(said).toMatch(/^warn +consumer +does not answer/m);
    expect(said).toContain('→ start the consumer: npm run consumer');
    expect(code).toBe(0);
    await namesServersThatDoNotAnswer(world);
  });

  const namesServersThatDoNotAnswer = async (world: World): Promise<void> => {
    const nowhere = { KAFKA_CONNECT_TIMEOUT_MS: '200', KAFKA_BROKER: '127.0.0.1:1' };
    const { code, said } = await doctor(world, {
      ...nowhere,
      CLICKHOUSE_URL: 'http://127.0.0.1:1',
    });
    expect(said).toMatch(/^FAIL +Kafka +Kafka: nothing answers on 127\.0\.0\.1:1: npm start/m);
    expect(said).toMatch(
      /^FAIL +ClickHouse +ClickHouse: nothing answers on 127\.0\.0\.1:1: npm start/m,
    );
    expect(said).toContain('→ KAFKA_BROKER: start it with npm start');
    expect(code).toBe(3);
  };

  it('names a topic and tables that are not there or not as declared', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    await world.clickhouse.command('ALTER TABLE sensor_data DROP COLUMN humidity');
    const { code, said } = await doctor(world);
    expect(said).toMatch(
      /^FAIL +tables +.*sensor_data: lacks column humidity; run: npm run setup/m,
    );
    expect(said).toMatch(/^warn +topic +.* has 1 of 3 declared partitions/m);
    expect(code).toBe(1);
    const missing = await doctor(world, { KAFKA_TOPIC: 'no-such-topic' });
    expect(missing.said).toMatch(/^FAIL +topic +no-such-topic does not exist/m);
  });

  it('names views that are missing, without which a consumer works, and records from the future', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    await world.clickhouse.command('DROP VIEW traffic_hourly');
    const { code, said } = await doctor(world);
    expect(said).toMatch(/^ok +tables /m);
    expect(said).toMatch(/^warn +views +traffic_hourly missing in .*\n +→ run: npm run setup$/m);
    expect(code).toBe(0);
    await world.send([{ key: 'k', value: '{}', timestamp: String(Date.now() + 600_000) }]);
    const later = await doctor(world);
    expect(later.said).toMatch(
      /^warn +clock +the newest record of .* is (599|600) s in the future/m,
    );
  });

  it('looks at all streams that are chosen, and finds no fault in one that is not used', async () => {
    await using world = await openWorld(endpoints());
    const { code, said } = await doctor(world, { STREAMS: 'all' });
    expect(said).not.toMatch(/^FAIL/m);
    expect(said).toMatch(/^ok +topic +iot\.traffic\.processed with 3 partitions as declared/m);
    expect(said).toMatch(/^\w+ +processor +traffic-enrich: \d+ wait in iot\.traffic\.raw/m);
    expect(code).toBe(0);
    const sensors = await doctor(world, { STREAMS: 'sensors' });
    expect(sensors.said).not.toContain('iot.traffic');
  });

  it('distinguishes a port of ours from one that another program holds', async () => {
    const home = await mkdtemp(join(tmpdir(), 'doctor-'));
    const folders = foldersOf({ SENSORHOUSE_DIR: home });
    await using clickhouse = await listener('Ok.\n');
    await using other = await listener('hello');
    const ports = { KAFKA_PORT: other.port, CLICKHOUSE_PORT: clickhouse.port, METRICS_PORT: 0 };
    expect(await checkPorts(folders, ports)).toMatchObject([
      { level: 'FAIL', advice: 'stop that program, or set KAFKA_PORT to a free port' },
      { level: 'ok', said: 'in use by a ClickHouse (CLICKHOUSE_PORT)' },
    ]);
    await rm(home, { recursive: true });
  });
});
