// The controls: nothing at all, and a consumer that trusted a position 1,000 too low and had no fence. The audit has
// to find exactly those 1,000, or a clean audit anywhere else means nothing.
import { assert, type Fault, type Lab, type Struck } from '../fault.ts';
import { openWorld } from '../world.ts';

export const controlFaults: readonly Fault[] = [
  {
    name: 'no-fault',
    about: 'nothing happens: both oracles have to agree on that, too',
    quick: false,
    strike: noFault,
  },
  {
    name: 'negative-control',
    about: 'position moved back by 1,000 with the guard off: the audit must FAIL by exactly +1,000',
    // The test of the audit has the same control.
    quick: false,
    strike: negativeControl,
  },
];

async function noFault({ endpoints, intensity }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await world.runs();
  await world.fill(10_000 * intensity, 20);
  return { times: 0, audit: await world.verified() };
}

async function negativeControl({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints, { partitions: 1 });
  await world.fill(3_000);
  await world.ingestAll();
  await world.verified();
  await world.clickhouse.command(
    'INSERT INTO sensor_data SELECT * FROM sensor_data WHERE kafka_offset >= 2000',
  );
  const audit = await world.audit();
  const { missing, surplus } = audit.partitions[0]!;
  assert(!audit.exact && surplus === 1_000 && missing === 0, `found ${surplus} too many`);
  const refused = await world.verified().then(
    () => false,
    () => true,
  );
  assert(refused, 'the check that ends every fault let it pass');
  return { times: 1_000, audit, note: 'fails, as it must: 1,000 too many' };
}
