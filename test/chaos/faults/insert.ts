// Faults between the consumer and ClickHouse: the insert is lost, late, cut, refused or answered with
// an error, before it was carried out or after. Each strikes every n-th insert while messages flow.
import type { Fault, Lab, Struck } from '../fault.ts';
import { assert, assertStruck } from '../fault.ts';
import {
  startFaultProxy,
  type Fate,
  type FaultProxy,
  type LateAnswer,
  type Seen,
} from '../fault-proxy.ts';
import { openWorld } from '../world.ts';
import { until } from '../../until.ts';

const TIMEOUT_MS = 3_000;

interface Plan {
  readonly name: string;
  readonly about: string;
  readonly quick: boolean;
  /** Which requests may be struck; inserts of rows by default. */
  readonly tables?: readonly string[];
  /** One message in so many is bad; 20 by default. */
  readonly poisonEvery?: number;
  readonly fate: (done: (answer: LateAnswer) => void) => Fate;
  /** Error codes that ClickHouse must give requests that come late. */
  readonly lateCodes?: readonly number[];
}

const FENCED = 395;
const CANCELLED = 394;

const plans: readonly Plan[] = [
  {
    name: 'reply-lost',
    about: 'the INSERT is carried out, its reply never comes',
    quick: true,
    fate: () => ({ kind: 'lose-reply' }),
  },
  {
    name: 'reply-lost-dead-letters',
    about: 'the same for the INSERT into dead_letters',
    quick: false,
    tables: ['dead_letters'],
    fate: () => ({ kind: 'lose-reply' }),
  },
  {
    name: 'reply-lost-positions',
    about: 'the same for claims and floors in consumer_positions',
    quick: false,
    tables: ['consumer_positions'],
    poisonEvery: 1,
    fate: () => ({ kind: 'lose-reply' }),
  },
  {
    name: 'late-insert',
    about: 'the client gives up, the INSERT arrives whole afterwards: it has to be fenced',
    quick: false,
    fate: (done) => ({ kind: 'late', delayMs: TIMEOUT_MS + 4_000, done }),
    lateCodes: [FENCED, CANCELLED],
  },
  {
    name: 'running-insert',
    about: 'the client gives up while the INSERT is running, which goes on and would commit',
    quick: false,
    fate: (done) => ({ kind: 'drip', delayMs: TIMEOUT_MS + 4_000, done }),
    lateCodes: [FENCED, CANCELLED],
  },
  {
    name: 'request-cut',
    about: 'the connection breaks after half of the body',
    quick: true,
    fate: () => ({ kind: 'cut', share: 0.5 }),
  },
  {
    name: 'error-500-before',
    about: 'a 500 without the INSERT being carried out',
    quick: false,
    fate: () => ({ kind: 'answer', status: 500 }),
  },
  {
    name: 'error-503-after',
    about: 'a 503 although the INSERT was carried out',
    quick: false,
    fate: () => ({ kind: 'answer', status: 503, after: true }),
  },
  {
    name: 'too-many-parts',
    about: 'error 252, back-pressure',
    quick: false,
    fate: () => ({ kind: 'answer', status: 500, code: 252 }),
  },
  {
    name: 'out-of-disk',
    about: 'error 243',
    quick: false,
    tables: ['sensor_data', 'dead_letters', 'consumer_positions'],
    fate: () => ({ kind: 'answer', status: 500, code: 243 }),
  },
  {
    name: 'hanging',
    about: 'the INSERT is never answered',
    quick: false,
    fate: () => ({ kind: 'hang' }),
  },
];

/** Every plan as a fault that strikes every third insert while messages flow. */
export const insertFaults: readonly Fault[] = [
  ...plans.map((plan) => ({
    name: plan.name,
    about: plan.about,
    quick: plan.quick,
    strike: (lab: Lab) => strikeInserts(plan, lab),
  })),
  {
    name: 'slower-than-the-timeout',
    about: 'inserts of a backlog take longer than the client waits; smaller ones do not',
    quick: true,
    strike: slowerThanTheTimeout,
  },
];

const LANDS_IN_TIME_BYTES = 300_000;

async function slowerThanTheTimeout({ endpoints, intensity }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await using proxy = await startFaultProxy(endpoints.clickhouseUrl);
  proxy.decide = ({ bodyBytes, insertInto }) =>
    insertInto === 'sensor_data' && bodyBytes > LANDS_IN_TIME_BYTES ? { kind: 'hang' } : undefined;
  await world.fill(15_000 * intensity, 20);
  await world.runs(behind(proxy));
  const audit = await world.verified();
  assertStruck(proxy.struck, 1);
  return { times: proxy.struck, audit };
}

async function strikeInserts(plan: Plan, lab: Lab): Promise<Struck> {
  const { fate, lateCodes, poisonEvery = 20, tables = ['sensor_data'] } = plan;
  await using world = await openWorld(lab.endpoints);
  await using proxy = await startFaultProxy(lab.endpoints.clickhouseUrl);
  const wanted = 2 * lab.intensity;
  const late: LateAnswer[] = [];
  let inserts = 0;
  proxy.decide = ({ insertInto }: Seen) => {
    if (insertInto === undefined || !tables.includes(insertInto)) return undefined;
    inserts += 1;
    return proxy.struck < wanted && inserts % 3 === 2
      ? fate((answer) => late.push(answer))
      : undefined;
  };
  await world.runs(behind(proxy));
  for (let round = 0; round < 40 * lab.intensity && proxy.struck < wanted; round += 1) {
    await world.fill(300, poisonEvery);
    await world.ingested();
  }
  assertStruck(proxy.struck, wanted);
  if (lateCodes !== undefined) {
    await until(`${wanted} late inserts are answered`, () => late.length >= wanted, {
      seen: () => late.length,
    });
    const codes = late.map(({ code }) => code);
    const stopped = codes.every((code) => lateCodes.includes(code));
    assert(stopped, `late inserts were answered with error codes ${codes.join(', ')}`);
  }
  const audit = await world.verified();
  return { times: proxy.struck, audit };
}

/** A consumer's variables that lead it through the proxy. */
export function behind(proxy: FaultProxy): Record<string, string> {
  return { CLICKHOUSE_URL: proxy.url, CLICKHOUSE_TIMEOUT_MS: String(TIMEOUT_MS) };
}
