// The command line of `npm run chaos`, apart from the program.
import {
  flagOption,
  listOption,
  valueOption,
  type CommandLine,
} from '../../platform/command-line.ts';
import { integer, oneOf } from '../../platform/config.ts';
import { catalogue } from './catalogue.ts';
import type { Fault } from './fault.ts';
import { mixFault } from './faults/mix.ts';

/** The mix last: it is the longest, and its memory is watched best when nothing else starts. */
export const everything: readonly Fault[] = [...catalogue, mixFault];

const names = everything.map(({ name }) => name) as [string, ...string[]];

export const chaosCommand = {
  about:
    'Strikes faults on a Kafka and a ClickHouse of its own and audits what became of the messages.',
  command: 'npm run chaos',
  options: {
    only: listOption('FAULT', oneOf({ doc: 'only this fault' }, names)),
    seed: valueOption('N', integer({ doc: 'another course of events', default: 1 }, 0, 1e9)),
    intensity: valueOption(
      'N',
      integer({ doc: 'how many times as often as in npm test', default: 3 }, 1, 1_000),
    ),
    jobs: valueOption(
      'N',
      integer({ doc: 'faults at a time; most of them wait for timeouts', default: 1 }, 1, 100),
    ),
    mix: flagOption('only the mix of all faults'),
    minutes: valueOption('N', integer({ doc: 'how long the mix takes', default: 10 }, 0, 10_000)),
    full: flagOption(
      'all faults and the mix, whatever the intensity with 50 kills of the consumer, 20 of ClickHouse, 5 of the broker and two minutes of rebalances; writes docs/reliability.md',
    ),
  },
  notes: `Faults: ${names.join(', ')}`,
  exitCodes: { 1: 'a fault did not end as it must', 3: 'the servers cannot run here' },
} as const satisfies CommandLine;
