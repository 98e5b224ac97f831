// The processor's environment variables.
import { logVariables } from '../platform/log-variables.ts';
import { integer, matching, oneOf, text, type Config } from '../platform/config.ts';
import { httpVariables } from '../platform/http.ts';
import { groupVariables, inflateVariables, kafkaVariables } from '../platform/kafka/variables.ts';
import { transforms } from '../streams/index.ts';

const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;
const TOPIC_ALLOWED = '1 to 249 letters, digits, dots, dashes and underscores';
const names = transforms.map(({ name }) => name) as [string, ...string[]];

export const processorVariables = {
  ...kafkaVariables,
  PROCESSOR: oneOf({ default: 'traffic-enrich', doc: 'The transform to run.' }, names),
  // Not KAFKA_GROUP: a group that consumer and processor shared would give each the other's partitions.
  PROCESSOR_GROUP: text({
    doc: `Consumer group; unset: ${transforms.map(({ group, name }) => `${group} for ${name}`).join(', ')}.`,
  }),
  PROCESSOR_FROM_TOPIC: matching(
    { doc: 'Topic to read; unset: the one that the transform declares.' },
    TOPIC,
    TOPIC_ALLOWED,
  ),
  PROCESSOR_TO_TOPIC: matching(
    {
      doc: 'Topic to write, created if it does not exist; unset: the first one that the transform declares.',
    },
    TOPIC,
    TOPIC_ALLOWED,
  ),
  ...groupVariables,
  ...inflateVariables,
  FETCH_MAX_BYTES: integer(
    { default: 1_048_576, doc: 'Bytes fetched at once per partition.' },
    1_024,
    104_857_600,
  ),
  METRICS_HOST: httpVariables.METRICS_HOST,
  PROCESSOR_METRICS_PORT: integer(
    {
      doc: "Port of a processor's /metrics, /healthz and /readyz; unset: none. 0 takes a free one.",
    },
    0,
    65_535,
  ),
  ...logVariables,
} as const;

export type ProcessorConfig = Config<typeof processorVariables>;
