// The command line of `npm run simulate`, apart from the program.
import { valueOption, type CommandLine } from '../../platform/command-line.ts';
import { integer, oneOf, text } from '../../platform/config.ts';
import { mutations } from './mutations.ts';

const names = mutations.map(({ name }) => name);

export const simulateCommand = {
  about: 'Runs random histories of consumers and processors on a simulated Kafka and sink.',
  command: 'npm run simulate',
  options: {
    runs: valueOption('N', integer({ doc: 'how many histories', default: 1_000 }, 1, 1e9)),
    seed: valueOption('N', integer({ doc: 'other ones', default: 1 }, 0, 1e9)),
    first: valueOption(
      'N',
      integer({ doc: 'the number of the first one; 1 unless given' }, 1, 1e9),
    ),
    script: valueOption('JSON', text({ doc: 'only this one, with what the programs say' })),
    mutation: valueOption(
      'NAME',
      oneOf({ doc: `breaks one rule first, which has to be found: ${names.join(', ')}, or all` }, [
        'all',
        ...names,
      ]),
    ),
  },
  exitCodes: { 1: 'a history failed, or a mutation was not found' },
} as const satisfies CommandLine;
