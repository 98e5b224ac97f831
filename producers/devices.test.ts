// The names of the producers: every way to write one, and nothing else.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findProducer, producers } from './devices.ts';

const anyCase = (text: string): fc.Arbitrary<string> => fc.mixedCase(fc.constant(text));

describe('findProducer', () => {
  it.each(producers)('knows $name by every way to write it', (producer) => {
    const letter = producer.name.at(-1)!;
    for (const form of [letter, producer.name, `${producer.name}.ts`, `${producer.name}.py`]) {
      fc.assert(fc.property(anyCase(form), (text) => findProducer(text) === producer));
    }
  });

  it.each(['', 'D', 'producer_', 'producer_AB', 'x.py', 'A.js', 'producer-A', '.ts'])(
    'does not guess what %j means',
    (text) => expect(findProducer(text)).toBeUndefined(),
  );

  it('gives every producer the device of the public data set', () => {
    expect(Object.fromEntries(producers.map(({ name, deviceId }) => [name, deviceId]))).toEqual({
      producer_A: '00:0f:00:70:91:0a',
      producer_B: '1c:bf:ce:15:ec:4d',
      producer_C: 'b8:27:eb:bf:9d:51',
    });
  });
});
