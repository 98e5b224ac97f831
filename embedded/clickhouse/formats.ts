// The properties of ClickHouse's formats: the Content-Type of each, and whether it is a plain concatenation
// of rows, so that the server can send the engine's chunks on as they come.

const CONTENT_TYPES: readonly (readonly [RegExp, string])[] = [
  [
    /^JSON(Compact|Strings|ColumnsWithMetadata|CompactStrings|Columns|CompactColumns)?$/i,
    'application/json; charset=UTF-8',
  ],
  [
    /^(JSON.*EachRow.*|NDJSON|JSONLines|JSONObjectEachRow)$/i,
    'application/x-ndjson; charset=UTF-8',
  ],
  [/^CSV/i, 'text/csv; charset=UTF-8; header=present'],
  [/^(TabSeparated|TSV)/i, 'text/tab-separated-values; charset=UTF-8'],
  [/^XML$/i, 'application/xml; charset=UTF-8'],
  [
    /^(Native|RowBinary|Parquet|ORC|Arrow|Avro|Protobuf|MsgPack|CapnProto|BSONEachRow|Npy|Buffers)/i,
    'application/octet-stream',
  ],
  [/^Markdown$/i, 'text/markdown; charset=UTF-8'],
];

/** The Content-Type ClickHouse sends with a format. */
export function contentType(format: string): string {
  for (const [pattern, type] of CONTENT_TYPES) {
    if (!pattern.test(format)) continue;
    const header = /^CSV/i.test(format) && !/WithNames/i.test(format);
    return header ? type.replace('present', 'absent') : type;
  }
  return 'text/plain; charset=UTF-8';
}

/** Every chunk the engine streams is a whole document, so only headless, footless formats qualify. */
const STREAMABLE = new Set(
  [
    ['Native', 'RowBinary', 'CSV', 'TabSeparated', 'TSV', 'TabSeparatedRaw', 'TSVRaw', 'Raw'],
    ['JSONEachRow', 'NDJSON', 'JSONLines', 'JSONCompactEachRow', 'JSONStringsEachRow'],
    ['JSONCompactStringsEachRow', 'LineAsString', 'RawBLOB'],
  ]
    .flat()
    .map((name) => name.toUpperCase()),
);

/** Whether a result in this format may be sent chunk by chunk. */
export function isStreamable(format: string): boolean {
  return STREAMABLE.has(format.toUpperCase());
}
