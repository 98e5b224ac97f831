// The one place that names the version of the embedded Kafka.

/** 4.4.0 does not resolve from Maven: one of its artifacts was never published. */
export const KAFKA_VERSION = '4.3.1';
