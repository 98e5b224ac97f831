// Faults of the messages: every kind of bad one in a row of good ones, nothing but bad ones as fast as
// they come, and messages of many megabytes, within the limit and beyond it.
import { assert, type Fault, type Lab, type Struck } from '../fault.ts';
import { eventJson, eventMessage, poisonMessage, poisons } from '../messages.ts';
import { openWorld } from '../world.ts';

export const poisonFaults: readonly Fault[] = [
  {
    name: 'poison-among-good',
    about: 'every kind of bad message between two good ones: neighbours land, bytes are kept',
    quick: true,
    strike: poisonAmongGood,
  },
  {
    name: 'poison-flood',
    about: 'nothing but bad messages, as fast as Kafka takes them',
    quick: true,
    strike: poisonFlood,
  },
  {
    name: 'large-messages',
    about: 'messages of 5 MB, good ones within MAX_MESSAGE_BYTES and dead letters beyond it',
    quick: true,
    strike: largeMessages,
  },
];

const KEPT_BYTES = 1_048_576;

async function poisonAmongGood({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints, { partitions: 1 });
  await world.configure({ 'max.message.bytes': '16000000' });
  await world.runs();
  await world.send(
    poisons.flatMap(({ value }, index) => [
      eventMessage(2 * index, 0),
      { key: null, value, partition: 0, headers: { kind: 'poison' } },
    ]),
  );
  await world.send([eventMessage(2 * poisons.length, 0)]);
  const audit = await world.verified();
  const letters = await world.clickhouse.rows<Record<'o' | 'reason' | 'v' | 'headers', string>>(
    `SELECT toString(kafka_offset) AS o, reason, base64Encode(value) AS v, headers
     FROM dead_letters ORDER BY kafka_offset`,
  );
  assert(letters.length === poisons.length, `${letters.length} of ${poisons.length} dead letters`);
  for (const [index, { reason, value }] of poisons.entries()) {
    const letter = letters[index]!;
    const offset = String(2 * index + 1);
    assert(letter.o === offset, `dead letter at ${letter.o}, wanted ${offset}`);
    assert(letter.reason === reason, `offset ${offset}: ${letter.reason}, wanted ${reason}`);
    // Of what is too large the beginning is kept.
    const kept = Buffer.from(value ?? '').subarray(
      0,
      reason === 'too_large' ? KEPT_BYTES : undefined,
    );
    const bytes = kept.toString('base64');
    assert(letter.v === bytes, `offset ${offset}: the bytes are not those of the message`);
    assert(letter.headers.includes('kind'), `offset ${offset}: the headers are lost`);
  }
  return { times: poisons.length, audit };
}

async function poisonFlood({ endpoints, intensity }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  const times = 20_000 * intensity;
  for (let first = 0; first < times; first += 2_000) {
    await world.send(
      Array.from({ length: 2_000 }, (_, at) => poisonMessage(first + at, (first + at) % 3)),
    );
  }
  await world.ingestAll();
  // Nothing of it is in the stream's table: only floors tell where to go on.
  await using consumer = await world.consumer();
  await world.fill(300);
  const audit = await world.verified();
  const { deadLetters, inserted } = consumer.totals();
  assert(deadLetters === 0 && inserted === 300, `read again: ${deadLetters} dead letters`);
  return { times, audit };
}

const LIMIT_BYTES = 6_000_000;

async function largeMessages({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints, { partitions: 1 });
  await world.configure({ 'max.message.bytes': '16000000' });
  await world.runs({ MAX_MESSAGE_BYTES: String(LIMIT_BYTES) });
  const good = eventJson(1).replace('{"data"', `{"note":"${'x'.repeat(5_000_000)}","data"`);
  const beyond = Buffer.alloc(LIMIT_BYTES + 1, 0x7a);
  for (const value of [good, beyond, good, 'not json', beyond]) {
    await world.send([{ value, partition: 0 }]);
    await world.fill(10);
  }
  const audit = await world.verified(LIMIT_BYTES);
  assert(audit.partitions[0]!.good === 52, `${audit.partitions[0]!.good} good, wanted 52`);
  return { times: 4, audit };
}
