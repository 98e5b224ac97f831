// Queries as the ClickHouse plugin (v4) stores them in a panel, a variable or an alert rule, in its SQL
// editor, with the version that docker-compose.yml installs.

/** As provisioned in provisioning/datasources/clickhouse.yaml. */
export const datasource = { type: 'grafana-clickhouse-datasource', uid: 'clickhouse' } as const;

/** The version of the plugin that docker-compose.yml installs. */
export const PLUGIN_VERSION = '4.20.0';

/** The plugin's codes for the shape of an answer. */
const FORMATS = { timeseries: 0, table: 1 } as const;

export type Answer = keyof typeof FORMATS;

export interface Target {
  readonly refId: string;
  readonly datasource: typeof datasource;
  readonly pluginVersion: string;
  readonly editorType: 'sql';
  readonly queryType: Answer;
  readonly format: number;
  readonly rawSql: string;
  readonly meta: Record<string, never>;
}

/** A query in the plugin's SQL editor. */
export function target(rawSql: string, answer: Answer, refId = 'A'): Target {
  return {
    refId,
    datasource,
    pluginVersion: PLUGIN_VERSION,
    editorType: 'sql',
    queryType: answer,
    format: FORMATS[answer],
    rawSql,
    meta: {},
  };
}
