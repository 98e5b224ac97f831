// A replay that is killed with kill -9 at every second of its 13 steps, after one and before the next, while a
// consumer runs and messages arrive (KILLS=all: before and after each, 26 times): the next run goes on, and it ends
// in the same table as one that nothing disturbed.
import { expect, it, vi } from 'vitest';
import { auditReport } from '../../consumer/audit-report.ts';
import { environment } from '../../platform/config.ts';
import { describeBackend } from '../backend/context.ts';
import { startFaultProxy, type Fate, type Seen } from '../chaos/fault-proxy.ts';
import { startLoad } from '../chaos/load.ts';
import { assertReplayed, startProcess, withPast } from './replay-world.ts';

const fact =
  (text: RegExp) =>
  ({ insertInto, statement }: Seen): boolean =>
    insertInto === 'consumer_positions' && text.test(statement);
const beside = /^sensor_data_replay_[0-9a-f]{8}$/;

/** The requests that change anything, in their order. */
const steps: Record<string, (seen: Seen) => boolean> = {
  'making its table': ({ statement }) => /^CREATE TABLE \w+ AS sensor_data/.test(statement),
  'making the table of its letters': ({ statement }) => statement.includes('AS dead_letters'),
  'its plan': fact(/'replay', '20/),
  'its claim': fact(/'replay', '\w{8}-/),
  'taking over the new partitions': fact(/'replay_\w{8}', '[^']+@/),
  'the first rows': ({ insertInto, statement }) => {
    return beside.test(insertInto ?? '') && statement.includes('input(');
  },
  'carrying rows over': ({ insertInto, statement }) => {
    return beside.test(insertInto ?? '') && statement.includes('SELECT * FROM sensor_data');
  },
  'claiming the live partitions': fact(/SELECT 'sensor_data', /),
  'filing letters': ({ insertInto, statement }) => {
    return insertInto === 'dead_letters' && statement.includes('FROM sensor_data_replay');
  },
  'copying gaps': fact(/INNER JOIN/),
  'the swap': ({ statement }) => statement.startsWith('EXCHANGE'),
  'dropping the table of its letters': ({ statement }) => statement.startsWith('DROP'),
  'setting the old table aside': ({ statement }) => statement.startsWith('RENAME'),
};

vi.setConfig({ testTimeout: 1_800_000 });

describeBackend('a replay', () => {
  it('ends in the same table when it is killed on its way', async () => {
    const past = await withPast();
    await using world = past.world;
    await world.runs();
    await using load = startLoad(world, { perRound: 10, everyMs: 500 });
    const all = environment()['KILLS'] === 'all';
    for (const [index, [step, matches]] of Object.entries(steps).entries()) {
      const both = ['before', 'after'] as const;
      // After the last one: nothing is left to be done then.
      const some = index % 2 === 0 ? [both[(index / 2 + 1) % 2]!] : [];
      for (const when of all ? both : some) {
        await using proxy = await startFaultProxy(world.endpoints.clickhouseUrl);
        const killed = startProcess(world, proxy.url, ['--from', past.from]);
        proxy.decide = (seen): Fate | undefined => {
          if (!matches(seen)) return undefined;
          if (when === 'after') return { kind: 'lose-reply', landed: killed.kill };
          killed.kill();
          return { kind: 'hang' };
        };
        expect(await killed.exited, `${when} ${step}: ${killed.said()}`).toBe('SIGKILL');
        // What is live adds up at every moment, be it the old table or the new one.
        const audit = await world.audit();
        expect(audit.exact, `${when} ${step}: ${auditReport(audit)}`).toBe(true);
      }
    }
    await load.stop();
    await assertReplayed(past);
  });
});
