// The embedded ClickHouse of a benchmark, which lets in the table engine that the consumer is compared with.
import { start } from '../embedded/clickhouse-main.ts';
import { run } from '../platform/service.ts';

await run(() => start(['Kafka']));
