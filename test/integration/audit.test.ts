// The audit on real servers: it agrees with the declaration's checksum, passes what is right, and names
// each way of being wrong; the negative control is among them.
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { audit, auditArguments, auditCommand, auditVariables } from '../../consumer/audit/main.ts';
import { parseArguments } from '../../platform/command-line.ts';
import { auditReport, totalChecksum } from '../../consumer/audit/report.ts';
import { readConfig } from '../../platform/config.ts';
import { ConfigError } from '../../platform/errors.ts';
import { compileRowChecksum } from '../../streams/checksum.ts';
import { kafkaClient } from '../backend/clients.ts';
import { describeBackend } from '../backend/context.ts';
import { readTruth } from '../chaos/log-truth.ts';
import { mixedMessages, stream } from '../chaos/messages.ts';
import { openWorld, type World } from '../chaos/world.ts';

const endpoints = () => ({
  kafkaBootstrap: inject('kafkaBootstrap'),
  clickhouseUrl: inject('clickhouseUrl'),
});

/** What is put back after each damage. */
const DAMAGED = ['sensor_data', 'dead_letters'];

/** A world with 900 messages in it, some of them bad, all ingested. */
const readArguments = (args: readonly string[]) =>
  auditArguments(parseArguments(auditCommand, args));

async function ingestedWorld(): Promise<World> {
  const world = await openWorld(endpoints());
  await using consumer = await world.consumer();
  await world.fill(900, 50);
  await world.ingested();
  expect(consumer.totals()).toMatchObject({ inserted: 882, deadLetters: 18 });
  return world;
}

async function command(world: World, ...args: string[]): Promise<{ code: number; said: string }> {
  let said = '';
  const config = readConfig(auditVariables, world.env());
  const asked = readArguments(args);
  const code = await audit(config, asked, (text) => (said += text));
  return { code, said };
}

describeBackend('the audit', () => {
  it('passes with exit code 0 and computes the same checksum from stored rows as from the messages', async () => {
    await using world = await ingestedWorld();
    const truths = await readTruth(world.endpoints.kafkaBootstrap, world.topic);
    const audit = await world.verified();
    for (const { checksum, partition } of audit.partitions) {
      expect(checksum).toBe(truths.get(partition)!.checksum);
    }
    expect(totalChecksum(audit)).toBeGreaterThan(0n);
    const { code, said } = await command(world);
    expect(said).toContain('EXACT: 882 good + 18 dead + 0 gap of 900 in the log');
    expect(code).toBe(0);
  });

  it('agrees on values at their limits', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    const checksum = compileRowChecksum(stream);
    const rows = [
      ['', 0, -0, 5e-324, 1, 0.1, 0, 1, -90],
      ['日本\t\\', 946684800000, 1.7976931348623157e308, 100, 0, 1 / 3, 1, 0, 149.9],
    ];
    const values = rows.map(([device, ms, ...rest]) => {
      const numbers = rest.map((value) => (Object.is(value, -0) ? '-0.' : String(value)));
      const text = String(device).replaceAll('\\', '\\\\');
      return `('${text}', fromUnixTimestamp64Milli(${ms!}), ${numbers.join(', ')}, '${world.topic}@x', 0, 0)`;
    });
    const columns = [...stream.columns.map(({ name }) => name), 'kafka_source', 'kafka_partition', 'kafka_offset']; // prettier-ignore
    for (const [at, row] of values.entries()) {
      await world.clickhouse.command('TRUNCATE TABLE sensor_data');
      const source = (await world.audit()).source;
      await world.clickhouse.command(
        `INSERT INTO sensor_data (${columns.join(', ')}) VALUES ${row.replace(`${world.topic}@x`, source)}`,
      );
      expect(totalChecksum(await world.audit())).toBe(BigInt(checksum(rows[at]!)));
    }
  });

  it('negative control: 1,000 rows read again without the guard are exactly 1,000 too many', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    await using consumer = await world.consumer();
    await world.fill(3_000);
    await world.ingested();
    await consumer[Symbol.asyncDispose]();
    await world.clickhouse.command(
      'INSERT INTO sensor_data SELECT * FROM sensor_data WHERE kafka_offset >= 2000',
    );
    const audit = await world.audit();
    expect(audit).toMatchObject({ exact: false, behind: 0 });
    expect(audit.partitions[0]).toMatchObject({ good: 3_000, surplus: 1_000, missing: 0 });
    const { code, said } = await command(world);
    expect(said).toContain('1000 too many');
    expect(code).toBe(1);
  });

  const damage: Record<string, { sql: string; found: object }> = {
    'a row is lost': {
      sql: 'DELETE FROM sensor_data WHERE kafka_partition = 1 AND kafka_offset = 17',
      found: { missing: 1, surplus: 0 },
    },
    'a dead letter is lost': {
      sql: 'DELETE FROM dead_letters WHERE kafka_offset = (SELECT min(kafka_offset) FROM dead_letters WHERE kafka_partition = 1)',
      found: { missing: 1, surplus: 0 },
    },
    'a dead letter is there twice': {
      sql: 'INSERT INTO dead_letters SELECT * FROM dead_letters WHERE kafka_partition = 1 LIMIT 1',
      found: { missing: 0, surplus: 1 },
    },
    'a message is a row and a dead letter': {
      sql: `INSERT INTO dead_letters (stream, kafka_source, kafka_partition, kafka_offset)
        SELECT 'sensor_data', kafka_source, 1, 17 FROM sensor_data LIMIT 1`,
      found: { missing: 0, surplus: 1 },
    },
    'a row lies beyond the log': {
      sql: `INSERT INTO sensor_data (kafka_source, kafka_partition, kafka_offset)
        SELECT kafka_source, 1, max(kafka_offset) + 1 FROM sensor_data WHERE kafka_partition = 1
        GROUP BY kafka_source`,
      found: { missing: 0, surplus: 0, beyond: 1 },
    },
  };
  describe('does not add up when', () => {
    let world: World;
    beforeAll(async () => {
      world = await ingestedWorld();
      for (const table of DAMAGED)
        await world.clickhouse.command(`CREATE TABLE whole_${table} AS ${table}`);
      for (const table of DAMAGED)
        await world.clickhouse.command(`INSERT INTO whole_${table} SELECT * FROM ${table}`);
    });
    afterEach(async () => {
      for (const table of DAMAGED) {
        await world.clickhouse.command(`TRUNCATE TABLE ${table}`);
        await world.clickhouse.command(`INSERT INTO ${table} SELECT * FROM whole_${table}`);
      }
      expect((await world.audit()).exact).toBe(true);
    });
    afterAll(() => world[Symbol.asyncDispose]());

    for (const [what, { found, sql }] of Object.entries(damage)) {
      it(what, async () => {
        await world.clickhouse.command(sql);
        const audit = await world.audit();
        expect(audit.exact).toBe(false);
        expect(audit.partitions[1], auditReport(audit)).toMatchObject(found);
        expect((await command(world)).code).toBe(1);
      });
    }
  });

  it('counts the records that wait, and fails because of them only with --to-end', async () => {
    await using world = await openWorld(endpoints());
    await world.fill(30);
    const late = await command(world);
    expect(late.said).toContain('behind by 30');
    expect(late.code).toBe(0);
    expect((await command(world, '--allow-lag')).code).toBe(0);
    expect((await command(world, '--to-end')).code).toBe(1);
    // What an open transaction hides is not behind: nobody may read it.
    const producer = kafkaClient(world.endpoints.kafkaBootstrap).producer({
      ...{ transactionalId: `open-${world.topic}`, maxInFlightRequests: 1, idempotent: true },
    });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => producer.disconnect());
    await producer.connect();
    const transaction = await producer.transaction();
    const messages = mixedMessages(30, 110, 1, Infinity);
    await transaction.send({ topic: world.topic, messages });
    await world.ingestAll();
    const { code, said } = await command(world, '--to-end');
    expect(said).toMatch(
      /EXACT: 30 good .* of 30 in the log, 110 behind an open transaction since \d\d:\d\d:\d\d UTC/,
    );
    expect(code).toBe(0);
    await transaction.commit();
    await world.ingestAll();
    const ended = await command(world, '--to-end');
    expect(ended.said).toMatch(/EXACT: 140 good .* \+ 1 absent of 141 in the log\n/);
    expect(ended.code).toBe(0);
  });

  describe('is no pass when it could not be made', () => {
    const unreachable = {
      'ClickHouse is away': { CLICKHOUSE_URL: 'http://127.0.0.1:1' },
      'Kafka is away': { KAFKA_BROKER: '127.0.0.1:1', KAFKA_CONNECT_TIMEOUT_MS: '200' },
      'the topic does not exist': { KAFKA_TOPIC: 'no-such-topic' },
      'the table does not exist': { CLICKHOUSE_DB: 'default' },
    };
    let world: World;
    beforeAll(async () => (world = await openWorld(endpoints())));
    afterAll(() => world[Symbol.asyncDispose]());
    for (const [what, overrides] of Object.entries(unreachable)) {
      it(what, async () => {
        let said = '';
        const config = readConfig(auditVariables, world.env(overrides as Record<string, string>));
        const asked = readArguments([]);
        const code = await audit(config, asked, (text) => (said += text));
        expect(said).toContain('COULD NOT BE CHECKED');
        expect(code).toBe(3);
        // What to do about it, in the words of every program.
        if ('KAFKA_TOPIC' in overrides)
          expect(said).toContain('topic no-such-topic does not exist; npm run setup creates it');
      });
    }
  });
});

describe('the arguments of the audit', () => {
  it('are refused with the usage when they are wrong', () => {
    expect(() => readArguments(['--stream', 'nope'])).toThrow(ConfigError);
    expect(() => readArguments(['--nope'])).toThrow(/^unknown option --nope; see: npm run audit/);
    expect(() => readArguments(['--to-end', '--allow-lag'])).toThrow(/leave one out/);
  });
});
