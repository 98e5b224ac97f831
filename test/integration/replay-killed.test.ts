// A replay that ends at every second of its 13 steps, after one and before the next, while a consumer runs and
// messages arrive: the next run goes on, and it ends in the same table as one that nothing disturbed. The first is a
// process that gets kill -9; the others reach ClickHouse no more from that request on. KILLS=all: a process before
// and after each step, 26 times.
import { expect, it, vi } from 'vitest';
import { auditReport } from '../../consumer/audit/report.ts';
import { environment } from '../../platform/config.ts';
import { describeBackend } from '../backend/context.ts';
import { startFaultProxy, type Fate, type FaultProxy, type Seen } from '../chaos/fault-proxy.ts';
import { startLoad } from '../chaos/load.ts';
import { assertReplayed, command, startProcess, withPast, type Past } from './replay-world.ts';

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
    await world.runs({ FLUSH_INTERVAL_SEC: '0.3' });
    await using load = startLoad(world, { perRound: 20, everyMs: 1_500 });
    const all = environment()['KILLS'] === 'all';
    for (const [index, [step, matches]] of Object.entries(steps).entries()) {
      const both = ['before', 'after'] as const;
      // After the last one: nothing is left to be done then.
      const some = index % 2 === 0 ? [both[(index / 2 + 1) % 2]!] : [];
      for (const when of all ? both : some) {
        await using proxy = await startFaultProxy(world.endpoints.clickhouseUrl);
        const ended = all || index === 0 ? killedProcess : cutOff;
        await ended(past, proxy, (die) => (seen) => {
          if (!matches(seen)) return undefined;
          if (when === 'after') return { kind: 'lose-reply', landed: die };
          die();
          return { kind: 'hang' };
        });
        expect(proxy.struck, `${when} ${step}`).toBeGreaterThan(0);
        // What is live adds up at every moment, be it the old table or the new one.
        const audit = await world.audit();
        expect(audit.exact, `${when} ${step}: ${auditReport(audit)}`).toBe(true);
      }
    }
    await load.stop();
    await assertReplayed(past);
  });
});

type Decision = (die: () => void) => (seen: Seen) => Fate | undefined;

async function killedProcess({ from, world }: Past, proxy: FaultProxy, decision: Decision) {
  const killed = startProcess(world, proxy.url, ['--from', from]);
  proxy.decide = decision(killed.kill);
  expect(await killed.exited, killed.said()).toBe('SIGKILL');
}

/** In this process: what the run does after its death reaches nobody. */
async function cutOff({ from, world }: Past, proxy: FaultProxy, decision: Decision) {
  const stop = new AbortController();
  let isDead = false;
  proxy.decide = decision(() => {
    isDead = true;
    stop.abort();
    void proxy.refuse();
  });
  const run = command(world, ['--from', from], { CLICKHOUSE_URL: proxy.url }, stop.signal);
  const [outcome] = await Promise.allSettled([run]);
  const said = outcome.status === 'fulfilled' ? outcome.value : String(outcome.reason);
  expect(isDead, JSON.stringify(said)).toBe(true);
}
