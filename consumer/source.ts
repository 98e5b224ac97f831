// What names a log for ever: topic and topic id. Offsets mean something only together with it.

/** `sensor_data@<topic id>`, the value of `kafka_source`. */
export function sourceOf(topic: string, topicId: string): string {
  return `${topic}@${topicId}`;
}

/** A text as a ClickHouse string literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
