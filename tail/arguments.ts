// The command line of `npm run tail`.
import {
  flagOption,
  requiredOption,
  settingOption,
  valueOption,
  type Given,
} from '../platform/command-line.ts';
import { integer, text } from '../platform/config.ts';
import { kafkaVariables } from '../platform/kafka/variables.ts';

export interface TailOptions {
  readonly topic: string;
  readonly showKeys: boolean;
  readonly fromBeginning: boolean;
  /** Ends after so many messages. */
  readonly max: number;
}

export const tailCommand = {
  command: 'npm run tail',
  about: 'Shows the messages of a topic, one line each, until Ctrl+C.',
  examples: [['npm run tail -- --topic iot.traffic.processed --show-keys --max 10']],
  options: {
    topic: requiredOption('TOPIC', text({ doc: 'the topic to show' })),
    'show-keys': flagOption("show the records' keys, too"),
    max: valueOption('N', integer({ doc: 'end after N messages' }, 1, 1e15)),
    'from-beginning': flagOption(
      'begin with the oldest message that Kafka has, not with the next one',
    ),
    bootstrap: settingOption('BROKERS', 'KAFKA_BROKER', 'host:port, or several with commas'),
  },
  variables: kafkaVariables,
  notes: `A line holds the time (UTC), partition/offset and the fields of the declared stream. A message that is not an
event, or whose topic no stream declares, is shown as it is. The program joins no group and leaves nothing on the broker.`,
  exitCodes: {
    0: 'N messages were shown, or Ctrl+C',
    2: 'a wrong argument or setting, or no such topic',
    3: 'Kafka is away',
  },
} as const;

export function tailOptions({ values }: Given<typeof tailCommand>): TailOptions {
  return {
    topic: values.topic,
    showKeys: values['show-keys'],
    fromBeginning: values['from-beginning'],
    max: values.max ?? Infinity,
  };
}
