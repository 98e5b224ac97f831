// The short selection of the faults between consumer and ClickHouse; `npm run chaos` runs all of them,
// more often.
import { inject, it } from 'vitest';
import { createRandom } from '../../data/random.ts';
import { describeBackend } from '../backend/context.ts';
import { insertFaults } from '../chaos/faults/insert.ts';

describeBackend('exactly once between consumer and ClickHouse, when', () => {
  for (const { about, name, quick, strike } of insertFaults) {
    if (!quick) continue;
    it.concurrent(`${name}: ${about}`, async () => {
      const kafkaBootstrap = inject('kafkaBootstrap');
      const endpoints = { kafkaBootstrap, clickhouseUrl: inject('clickhouseUrl') };
      await strike({ endpoints, random: createRandom(1, 1), intensity: 1, minutes: 0 });
    });
  }
});
