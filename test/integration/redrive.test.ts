// Dead letters published again on real servers: each lands once, as what it was, wherever the command is
// killed and whoever else runs it; what is rejected again is a dead letter again, and the audit agrees.
import kafkajs from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { auditReport } from '../../consumer/audit/report.ts';
import {
  deadLettersCommand,
  deadLetterVariables,
  letterArguments,
} from '../../consumer/dead-letters/arguments.ts';
import { handleDeadLetters } from '../../consumer/dead-letters/main.ts';
import { parseArguments } from '../../platform/command-line.ts';
import { readConfig } from '../../platform/config.ts';
import { environment } from '../../platform/config.ts';
import { describeBackend } from '../backend/context.ts';
import { startFaultProxy, type Fate, type Seen } from '../chaos/fault-proxy.ts';
import { eventJson } from '../chaos/messages.ts';
import { openWorld, type World } from '../chaos/world.ts';
import {
  assertOnce,
  command,
  endpoints,
  FIRST_MS,
  padded,
  reading,
  redriven,
  rejectedWorld,
  startCommand,
  TOO_SMALL,
} from './redrive-world.ts';

describeBackend('dead letters', () => {
  it('stay open while Kafka or ClickHouse is away, come back as what they were, once, and are resolved', async () => {
    await using world = await rejectedWorld();
    expect((await command(world)).said).toMatch(/too_large +30 +30 +0 +0 +0 /);
    const dry = await command(world, '--redrive', '--dry-run');
    expect(dry.said).toContain('would publish 30 of 30 open letters');
    await untouchedWhenAway(world);
    expect((await redriven(world)).size).toBe(0);
    const some = await command(world, '--redrive', '--reason', 'too_large', '--limit', '4');
    expect(some).toEqual({ code: 0, said: 'sensor_data: 4 published again\n' });
    const rest = await command(world, '--redrive', '--since', '1h');
    expect(rest).toEqual({ code: 0, said: 'sensor_data: 26 published again\n' });
    const none = await command(world, '--redrive');
    expect(none).toEqual({ code: 0, said: 'sensor_data: 0 published again\n' });
    const [message] = [...(await redriven(world)).values()].flat().filter(({ timestamp }) => {
      return timestamp === String(FIRST_MS + 1_005);
    });
    const sent = padded(1_005, 0);
    expect(message!.value!.toString()).toBe(sent.value);
    expect(message!.key!.toString()).toBe(sent.key);
    expect(message!.headers).toMatchObject({ trace: sent.headers.trace });
    expect(message!.headers!['twice']!.toString()).toBe('a,b');
    expect(message!.headers!['sensorhouse-attempt']!.toString()).toBe('1');
    await assertOnce(world);
    expect((await command(world)).said).toMatch(/too_large +30 +0 +30 +0 +0 /);
  });

  it('that are rejected again are dead letters again, with one attempt more', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    await using consumer = await world.consumer();
    await world.send([{ key: 'k', value: '\u001b[31mnot json\nat all' }]);
    await world.ingested();
    const warned = 'sensor_data: 1 of 1 would be rejected again: 1 invalid_json; they ';
    const insist = ['--redrive', '--even-if-rejected', '--wait', '60'];
    expect(await command(world, '--redrive')).toEqual({
      code: 1,
      said:
        `${warned}stay open (--even-if-rejected publishes them)\n` +
        'sensor_data: 0 published again, 1 would be rejected again, still open\n',
    });
    expect((await redriven(world)).size).toBe(0);
    const dry = await command(world, '--redrive', '--dry-run');
    expect(dry.said).toContain(
      `sensor_data: would publish 0 of 1 open letters\n${warned}stay open`,
    );
    for (const attempt of [1, 2]) {
      expect(await command(world, ...insist)).toEqual({
        code: 0,
        said:
          `${warned}are published because of --even-if-rejected\n` +
          'sensor_data: 1 published again\n' +
          'sensor_data: of 1 published again 0 are rows now, 1 rejected again: 1 invalid_json\n',
      });
      const audit = await world.ingested();
      expect(audit.exact, auditReport(audit)).toBe(true);
      const { said } = await command(world);
      expect(said).toMatch(new RegExp(`invalid_json +${attempt + 1} +1 +${attempt} +0 +${attempt} `)); // prettier-ignore
      expect(said).toContain('\\u{1b}[31mnot json\\u{a}at all');
      expect(said.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    }
    const attempts = [...(await redriven(world)).values()].flat().map(({ headers }) => headers);
    expect(attempts.map((of) => of!['sensorhouse-attempt']!.toString())).toEqual(['1', '2']);
    const json = JSON.parse((await command(world, '--format', 'json')).said) as object[];
    expect(json).toMatchObject([
      { reason: 'invalid_json', letters: 3, open: 1, published: 2, attempts: 2 },
    ]);
    expect(json).toMatchObject([{ example: { offset: 2, value: '\u001b[31mnot json\nat all' } }]);
    expect(consumer.totals()).toMatchObject({ inserted: 0, deadLetters: 3 });
  });

  describe('are published once when the command is killed', () => {
    const claim = ({ insertInto }: Seen): boolean => insertInto === 'consumer_positions';
    const book =
      (state: string) =>
      ({ insertInto, statement }: Seen): boolean =>
        insertInto === 'dead_letter_redrives' && statement.includes(`'${state}'`);
    const steps = {
      claim: () => claim,
      intent: () => book('intent'),
      'reading of the letters': reading,
      mark: () => book('published'),
    };
    type Step = keyof typeof steps;
    type When = 'before' | 'after';
    /** Starts the command, and ends it with kill -9 before or after the request of a step. */
    const kill = async (world: World, step: Step, when: When): Promise<void> => {
      await using proxy = await startFaultProxy(world.endpoints.clickhouseUrl);
      const killed = startCommand(world, proxy.url);
      const matches = steps[step]();
      proxy.decide = (seen): Fate | undefined => {
        if (!matches(seen)) return undefined;
        if (when === 'after') return { kind: 'lose-reply', landed: killed.kill };
        killed.kill();
        return { kind: 'hang' };
      };
      expect(await killed.exited, `${when} ${step}: ${killed.said()}`).toBe('SIGKILL');
    };
    /** Runs the command to its end: so many letters were left to it. */
    const finish = async (world: World, left: number): Promise<void> => {
      const { code, said } = await command(world, '--redrive');
      const [first = 0, second = 0] = [...said.matchAll(/\d+/g)].map(([n]) => Number(n));
      expect({ code, all: first + second }, said).toEqual({ code: 0, all: left });
      await assertOnce(world);
    };

    it('before its claim, after its intent, before its reading of the letters and after its mark, in turn', async () => {
      await using world = await rejectedWorld();
      await kill(world, 'claim', 'before');
      await kill(world, 'intent', 'after');
      // It finishes the first partition, and dies in the second; the next one does the same.
      await kill(world, 'reading of the letters', 'before');
      await kill(world, 'mark', 'after');
      await finish(world, 10);
    });

    if (environment()['KILLS'] !== 'all') return;
    for (const step of Object.keys(steps) as Step[]) {
      for (const when of ['before', 'after'] as const) {
        it.concurrent(`${when} its ${step}`, async () => {
          await using world = await rejectedWorld();
          await kill(world, step, when);
          await finish(world, step === 'mark' && when === 'after' ? 20 : 30);
        });
      }
    }
  });

  it('are published once when a command that was overtaken continues', async () => {
    await using world = await rejectedWorld();
    await using proxy = await startFaultProxy(world.endpoints.clickhouseUrl);
    const [held, released] = [
      Promise.withResolvers<undefined>(),
      Promise.withResolvers<undefined>(),
    ];
    const matches = reading();
    proxy.decide = async (seen) => {
      if (!matches(seen)) return undefined;
      held.resolve(undefined);
      await released.promise;
      return undefined;
    };
    const zombie = startCommand(world, proxy.url);
    await held.promise;
    const { said } = await command(world, '--redrive');
    expect(said).toContain('20 published again, 10 of an interrupted run finished');
    released.resolve(undefined);
    expect(await zombie.exited).toBe(3);
    expect(zombie.said()).toContain('another --redrive took over');
    await assertOnce(world);
  });

  it('that the broker will not take as one batch go one by one; what it never takes stays open', async () => {
    await using world = await rejectedWorld(12);
    const large = { ...padded(1, 0), value: eventJson(1).padEnd(1_200) };
    {
      await using consumer = await world.consumer(TOO_SMALL);
      await world.send([large]);
      await world.ingested();
      expect(consumer.totals().deadLetters).toBe(1);
    }
    const configEntries = [{ name: 'max.message.bytes', value: '1400' }];
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: world.topic, configEntries };
    await world.admin.alterConfigs({ validateOnly: false, resources: [resource] });
    const { code, said } = await command(world, '--redrive');
    expect(said).toBe('sensor_data: 12 published again, 1 refused by Kafka, still open\n');
    expect(code).toBe(1);
    expect((await command(world)).said).toMatch(/too_large +13 +1 +12 +0 +0 /);
  });

  it('are in doubt when the topic was replaced before it was known where they are', async () => {
    await using world = await rejectedWorld();
    await using proxy = await startFaultProxy(world.endpoints.clickhouseUrl);
    const killed = startCommand(world, proxy.url);
    proxy.decide = ({ insertInto, statement }): Fate | undefined => {
      if (insertInto !== 'dead_letter_redrives' || !statement.includes("'published'")) return;
      killed.kill();
      return { kind: 'hang' };
    };
    await killed.exited;
    await world.admin.deleteTopics({ topics: [world.topic] });
    await expect.poll(() => world.admin.listTopics()).not.toContain(world.topic);
    const gone = await command(world, '--redrive');
    expect(gone.said).toBe(
      'sensor_data: 0 published again, 10 in doubt, 20 of topics that do not exist any more\n',
    );
    expect(gone.code).toBe(1);
    await world.createTopic(3);
    const others = await command(world, '--redrive');
    expect(others).toEqual({ code: 0, said: 'sensor_data: 20 published again\n' });
    expect((await command(world)).said).toMatch(/too_large +30 +0 +20 +10 +0 /);
    expect((await command(world, '--redrive')).said).toBe('sensor_data: 0 published again\n');
    const insisted = await command(world, '--redrive', '--in-doubt');
    expect(insisted).toEqual({ code: 0, said: 'sensor_data: 10 published again\n' });
    await assertOnce(world);
  });
});

async function untouchedWhenAway(world: World): Promise<void> {
  const away = [
    { CLICKHOUSE_URL: 'http://127.0.0.1:1' },
    { KAFKA_BROKER: '127.0.0.1:1', KAFKA_CONNECT_TIMEOUT_MS: '200' },
  ];
  for (const overrides of away) {
    let said = '';
    const config = readConfig(deadLetterVariables, world.env(overrides as Record<string, string>));
    const told = letterArguments(parseArguments(deadLettersCommand, ['--redrive']));
    const code = await handleDeadLetters(config, told, (text) => (said += text));
    expect(said).toContain('Nothing is lost or doubled: run it again.');
    expect(code).toBe(3);
  }
}
