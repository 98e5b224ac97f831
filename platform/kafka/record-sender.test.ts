import { createRequire } from 'node:module';
import type { Message } from 'kafkajs';
import { expect, it } from 'vitest';
import { messageOf, type PlacedRecord } from './record-sender.ts';

type EncodeRecord = (message: Message) => { readonly buffer: Buffer };
const encode = createRequire(import.meta.url)(
  'kafkajs/src/protocol/recordBatch/record/v0',
) as EncodeRecord;

const record: PlacedRecord = { key: null, value: null, headers: [], timestampMs: 0 };

it('makes messages that kafkajs can encode, whatever a record holds or lacks', () => {
  const headers: PlacedRecord['headers'] = [
    ['trace', null],
    ['', Buffer.from('a')],
    ['trace', Buffer.from('b')],
    ['__proto__', null],
  ];
  for (const timestampMs of [-1, 0, -(2 ** 63), 2 ** 63]) {
    const message = messageOf({ ...record, headers, timestampMs }, 3);
    expect(message.partition).toBe(3);
    expect(Object.entries(message.headers!)).toEqual([
      ['trace', [Buffer.alloc(0), Buffer.from('b')]],
      ['', [Buffer.from('a')]],
      ['__proto__', [Buffer.alloc(0)]],
    ]);
    expect(encode(message).buffer.includes('__proto__')).toBe(true);
  }
});
