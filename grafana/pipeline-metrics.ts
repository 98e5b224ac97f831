// The dashboard "Pipeline metrics" of the compose profile `metrics`: figures that only the processes know
// (pace, durations, memory, the consumer's bottleneck). The rest is in "Pipeline health", from SQL.
import { lines, profileDashboard, prometheus, upTiles } from './profile-panel.ts';

const rate = (metric: string): string => `rate(${metric}[$__rate_interval])`;

const flushQuantile = (share: number): string =>
  `histogram_quantile(${share}, sum by (le) (${rate('sensorhouse_consumer_flush_seconds_bucket')}))`;

const panels = [
  upTiles(
    {
      title: 'Scraped',
      description:
        'Away: Prometheus cannot read it. Producers vanish once all of their rows are sent.',
      at: [0, 0, 24, 4],
      queries: { '{{job}} {{instance}}': 'up{job!="prometheus"}' },
    },
    prometheus,
  ),
  lines(
    {
      title: 'Rows sent by producers',
      description: 'Rows per second that Kafka has acknowledged, by producer.',
      at: [0, 4, 12, 8],
      unit: 'rowsps',
      queries: {
        '{{service}}': `sum by (service) (${rate('sensorhouse_producer_rows_total{outcome="sent"}')})`,
      },
    },
    prometheus,
  ),
  lines(
    {
      title: 'Rows landed by consumers',
      description: 'Rows per second that ClickHouse has on disk, by consumer.',
      at: [12, 4, 12, 8],
      unit: 'rowsps',
      queries: {
        '{{instance}}': `sum by (instance) (${rate('sensorhouse_consumer_rows_inserted_total')})`,
      },
    },
    prometheus,
  ),
  lines(
    {
      title: 'Lag',
      description:
        'Records in Kafka that are not in ClickHouse: as the consumer counts it, and by the offsets it committed.',
      at: [0, 12, 12, 8],
      queries: {
        'consumer: {{stream}}': 'sum by (stream) (sensorhouse_consumer_lag_records)',
        'Kafka: {{consumergroup}} {{topic}}':
          'sum by (consumergroup, topic) (kafka_consumergroup_lag)',
      },
    },
    prometheus,
  ),
  lines(
    {
      title: 'Dead letters',
      description: 'Rejected messages per second, by reason.',
      at: [12, 12, 12, 8],
      unit: 'cps',
      queries: {
        '{{reason}}': `sum by (reason) (${rate('sensorhouse_consumer_dead_letters_total')})`,
      },
    },
    prometheus,
  ),
  lines(
    {
      title: 'Duration of a flush',
      description: 'From the moment a batch is due until ClickHouse has confirmed it.',
      at: [0, 20, 8, 8],
      unit: 's',
      queries: { median: flushQuantile(0.5), '99 %': flushQuantile(0.99) },
    },
    prometheus,
  ),
  lines(
    {
      title: 'Rows of a flush',
      description: 'Few at the default pace, up to MAX_BATCH_ROWS under backlog.',
      at: [8, 20, 8, 8],
      queries: {
        mean: `sum(${rate('sensorhouse_consumer_flush_rows_sum')}) / sum(${rate('sensorhouse_consumer_flush_rows_count')})`,
      },
    },
    prometheus,
  ),
  lines(
    {
      title: 'What the consumer is busy with',
      description:
        'Share of a second. wait near 1: ClickHouse is the limit; decode near 1: its CPU is; neither: Kafka is.',
      at: [16, 20, 8, 8],
      unit: 'percentunit',
      queries: {
        '{{stage}}': `sum by (stage) (${rate('sensorhouse_consumer_busy_seconds_total')})`,
      },
    },
    prometheus,
  ),
  lines(
    {
      title: 'Memory',
      description: 'Resident memory of each of our processes.',
      at: [0, 28, 8, 8],
      unit: 'bytes',
      queries: {
        '{{job}} {{instance}}': 'process_resident_memory_bytes{job=~"producers|consumer"}',
      },
    },
    prometheus,
  ),
  lines(
    {
      title: 'CPU',
      description: 'Cores in use by each of our processes.',
      at: [8, 28, 8, 8],
      queries: {
        '{{job}} {{instance}}': rate('process_cpu_seconds_total{job=~"producers|consumer"}'),
      },
    },
    prometheus,
  ),
  lines(
    {
      title: 'Event loop delay, 99 %',
      description: 'How long a process blocked its event loop.',
      at: [16, 28, 8, 8],
      unit: 's',
      queries: {
        '{{job}} {{instance}}': 'nodejs_eventloop_lag_p99_seconds{job=~"producers|consumer"}',
      },
    },
    prometheus,
  ),
  lines(
    {
      title: 'Messages into Kafka',
      description: 'Per second and topic, by the growth of its partitions.',
      at: [0, 36, 12, 8],
      unit: 'cps',
      queries: {
        '{{topic}}': `sum by (topic) (${rate('kafka_topic_partition_current_offset{topic!~"__.*"}')})`,
      },
    },
    prometheus,
  ),
  lines(
    {
      title: 'ClickHouse',
      description: 'Rows inserted per second and active parts, as the server counts them.',
      at: [12, 36, 12, 8],
      queries: {
        'rows inserted per second': rate('ClickHouseProfileEvents_InsertedRows'),
        'active parts': 'ClickHouseMetrics_PartsActive',
        'queries running': 'ClickHouseMetrics_Query',
      },
    },
    prometheus,
  ),
];

export const pipelineMetrics = profileDashboard({
  uid: 'pipeline-metrics',
  title: 'Pipeline metrics',
  description:
    'Metrics that the processes report. Needs the profile metrics: docker compose --profile metrics up -d',
  profile: 'metrics',
  variables: [],
  panels,
});
