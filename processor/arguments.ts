// The command line of the processor, which is the forwarder's, too. Most options go over the environment; how much
// to read and from where belongs to one run only, so no variable says it.
import {
  flagOption,
  settingOption,
  valueOption,
  type CommandLine,
  type Given,
} from '../platform/command-line.ts';
import { integer } from '../platform/config.ts';
import { transforms } from '../streams/index.ts';
import type { Transform } from '../streams/transform.ts';
import { processorVariables } from './config.ts';

export interface RunOptions {
  /** Ends well after so many records were read and dealt with. */
  readonly max: number;
  /** Reads every partition from its log's start, whatever the group committed. */
  readonly fromBeginning: boolean;
}

const way = ({ input, outputs }: Transform): string =>
  `${input.topic.name} → ${outputs[0].topic.name}`;

export const processorCommand = {
  command: 'npm run processor',
  about:
    'Reads a topic, applies a transform to each record, and writes the result to another topic.',
  examples: [
    ['npm run processor', `${way(transforms[0]!)}, until Ctrl+C`],
    ['npm run forwarder', `${way(transforms[1]!)}, unchanged`],
    ['npm run forwarder -- --from-topic A --to-topic B --max 100 --from-beginning'],
  ],
  options: {
    processor: settingOption(
      'NAME',
      'PROCESSOR',
      `the transform: ${transforms.map(({ name }) => name).join(', ')}`,
    ),
    'from-topic': settingOption(
      'TOPIC',
      'PROCESSOR_FROM_TOPIC',
      'read this topic instead of the declared one',
    ),
    'to-topic': settingOption(
      'TOPIC',
      'PROCESSOR_TO_TOPIC',
      'write to this topic instead of the declared one; it is created if it does not exist',
    ),
    max: valueOption('N', integer({ doc: 'end after N records, with exit code 0' }, 1, 1e15)),
    'from-beginning': flagOption('read from the start, whatever the group has committed'),
    group: settingOption('GROUP', 'PROCESSOR_GROUP', 'consumer group'),
    bootstrap: settingOption('BROKERS', 'KAFKA_BROKER', 'host:port, or several with commas'),
  },
  variables: processorVariables,
  notes: `Each written record carries the header sensorhouse-from, which names the record it was made from. A record
that was written twice, after a crash or with --from-beginning, carries the same header both times. The consumer leaves
the second one out, and every other reader of the topic can do the same.`,
  exitCodes: { 0: 'N records were handled, or stopped' },
} as const satisfies CommandLine;

export function runOptions({ values }: Given<typeof processorCommand>): RunOptions {
  return { max: values.max ?? Infinity, fromBeginning: values['from-beginning'] };
}
