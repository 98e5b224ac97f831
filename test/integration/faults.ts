// Runs the short selection of a list of faults as tests, several at a time: each has a database and a
// topic of its own.
import { inject, it } from 'vitest';
import { createRandom } from '../../data/random.ts';
import { describeBackend } from '../backend/context.ts';
import type { Fault } from '../chaos/fault.ts';

/** One test for every fault that is quick enough for `npm test`; `npm run chaos` strikes them all. */
export function testFaults(title: string, faults: readonly Fault[]): void {
  describeBackend(title, () => {
    for (const [sequence, { about, name, quick, strike }] of faults.entries()) {
      if (!quick) continue;
      it.concurrent(`${name}: ${about}`, async () => {
        const kafkaBootstrap = inject('kafkaBootstrap');
        const endpoints = { kafkaBootstrap, clickhouseUrl: inject('clickhouseUrl') };
        const random = createRandom(1, sequence);
        await strike({ endpoints, random, intensity: 1, full: false, minutes: 0 });
      });
    }
  });
}
