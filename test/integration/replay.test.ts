// A replay on real servers, while consumers run and messages arrive: the table it makes holds every
// message once, and rows that Kafka has forgotten stay. Where it is killed: replay-killed.test.ts.
import { expect, it, vi } from 'vitest';
import { describeBackend } from '../backend/context.ts';
import { startLoad } from '../chaos/load.ts';
import { eventJson } from '../chaos/messages.ts';
import { openWorld } from '../chaos/world.ts';
import { ROUND, assertReplayed, command, endpoints, tablesOf, withPast } from './replay-world.ts';

vi.setConfig({ testTimeout: 300_000 });

describeBackend('a replay', () => {
  it('makes the table anew while consumers run and messages arrive', async () => {
    const past = await withPast();
    await using world = past.world;
    await world.runs({ FLUSH_INTERVAL_SEC: '0.3' });
    {
      await using load = startLoad(world, { perRound: 60, everyMs: 300 });
      const { code, said } = await command(world, ['--from', past.from]);
      expect(code, said).toBe(0);
      expect(said).toContain('sensor_data now is the new table');
      expect(said).toMatch(/EXACT: /);
      await load.stop();
    }
    await assertReplayed(past);
  });

  it('can be repeated, from any time, and after it consumers that start go on where it stands', async () => {
    const past = await withPast();
    await using world = past.world;
    for (const from of ['1970-01-01T00:00Z', '2099-01-01T00:00Z']) {
      const { code, said } = await command(world, ['--from', from]);
      expect(code, said).toBe(0);
      await world.fill(ROUND, 20);
      await world.ingestAll();
      await world.verified();
    }
    expect(await tablesOf(world)).toHaveLength(3);
    expect(await world.rowCount()).toBe((4 * ROUND * 19) / 20);
  });

  it('is refused while another one is unfinished, can be abandoned, and then rejects the messages that this version rejects', async () => {
    const past = await withPast();
    await using world = past.world;
    const stop = new AbortController();
    stop.abort();
    await expect(command(world, ['--from', past.from], {}, stop.signal)).rejects.toThrow('abort');
    const other = command(world, ['--from', '2020-07-12T00:00Z']);
    await expect(other).rejects.toThrow(/^--from: 2020-07-12T00:00:00.000Z is new, but a replay/);
    const abandoned = await command(world, ['--abandon']);
    expect(abandoned.code).toBe(0);
    expect(abandoned.said).toContain('is dropped');
    expect(await tablesOf(world)).toEqual(['sensor_data']);
    const large = { key: 'k', value: eventJson(1).padEnd(500), partition: 1 };
    await world.send([large, { ...large, partition: 2 }]);
    await world.ingestAll();
    const before = await world.rowCount('dead_letters');
    const strict = { MAX_MESSAGE_BYTES: '400' };
    const { code, said } = await command(world, ['--from', past.from], strict);
    expect(code, said).toBe(0);
    expect(await world.rowCount('dead_letters')).toBe(before + 2);
    const audit = await world.verified(400);
    expect(audit.exact).toBe(true);
  });

  it('heals the offsets it reads again, is no worse elsewhere, and reports missing rows', async () => {
    const past = await withPast();
    await using world = past.world;
    await world.clickhouse.command('DELETE FROM sensor_data WHERE kafka_offset % 50 = 7');
    const healed = await command(world, ['--from', past.from]);
    expect(healed.code, healed.said).toBe(1);
    expect(healed.said).toContain('DOES NOT ADD UP');
    expect(healed.said).toContain(', 6 missing, 0 too many');
    expect((await tablesOf(world))[1]).toMatch(/replaced/);
  });

  it('needs nobody to tell consumers: whichever table is in place, they fill it from where it stands', async () => {
    await using world = await openWorld(endpoints());
    await world.runs({ FLUSH_INTERVAL_SEC: '0.3' });
    await using load = startLoad(world, { perRound: 60, everyMs: 300 });
    await world.clickhouse.command(
      "CREATE TABLE other AS sensor_data COMMENT 'as if made by a replay (replay 0badcafe)'",
    );
    // There and back, each time with rows landing: every table lacks what went into the other one.
    for (const holder of ['new', 'old']) {
      await expect.poll(() => world.rowCount(), { timeout: 60_000 }).toBeGreaterThan(100);
      await world.clickhouse.command('EXCHANGE TABLES sensor_data AND other');
      const settled = { message: holder, timeout: 60_000 };
      await expect.poll(async () => (await world.audit()).exact, settled).toBe(true);
    }
    await load.stop();
    await world.fill(30);
    await world.verified();
  });
});
