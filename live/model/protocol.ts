// The contract between the page's server and a browser: the form of every message. Only types.

export type Cell = number | string | boolean | null;

/** `time` values are milliseconds since 1970, UTC. */
export type ColumnKind = 'time' | 'number' | 'text';

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly values: readonly Cell[];
}

/** The answer to one query of a panel. */
export interface Frame {
  readonly refId: string;
  readonly columns: readonly Column[];
}

/** Why a panel shows no data; `busy` and `away` mend themselves. */
export interface Trouble {
  readonly kind: 'away' | 'busy' | 'slow' | 'refused' | 'failed';
  readonly text: string;
}

/** The window a refresh looks at. */
export interface Tick {
  readonly atMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface PanelKey {
  readonly id: number;
  /** Of a panel that is repeated for every value of a variable: the value. */
  readonly repeated?: string;
}

export type PanelNews = PanelKey &
  (
    | { readonly intervalMs: number; readonly frames: readonly Frame[] }
    | { readonly trouble: Trouble }
    /** As it was at the last tick. */
    | { readonly same: true }
  );

export interface VariableNews {
  readonly name: string;
  readonly options: readonly string[];
  readonly trouble?: Trouble;
}

export type State = 'ok' | 'idle' | 'warn' | 'bad';

/** One place of the pipeline, as the strip on top of the page shows it. */
export interface Place {
  readonly id: 'producers' | 'kafka' | 'consumer' | 'clickhouse' | 'dead-letters';
  readonly title: string;
  readonly state: State;
  /** The figure to read from afar: `15 rows/s`. */
  readonly figure: string;
  /** A second figure, smaller. */
  readonly detail: string;
  /** Plain words: what is wrong and what to do, or that all is well. */
  readonly reason: string;
}

export interface PipelineNews {
  readonly places: readonly Place[];
  /** Messages per second that flow into the place of the same index plus one; undefined: not known. */
  readonly flows: readonly (number | null)[];
}

/** The events of the stream by name. */
export interface Events {
  tick: Tick;
  panel: PanelNews;
  variable: VariableNews;
  pipeline: PipelineNews;
}
