// The part of Grafana's dashboard JSON that the page understands, as types. It ignores other members of a
// file; a panel that needs a feature which the page lacks says so.

export interface Step {
  readonly color: string;
  readonly value: number | null;
}

export interface Thresholds {
  readonly mode?: 'absolute' | 'percentage';
  readonly steps: readonly Step[];
}

export interface MappingResult {
  readonly text?: string;
  readonly color?: string;
}

export type Mapping =
  | { readonly type: 'value'; readonly options: Readonly<Record<string, MappingResult>> }
  | {
      readonly type: 'range';
      readonly options: {
        readonly from: number | null;
        readonly to: number | null;
        readonly result: MappingResult;
      };
    }
  | {
      readonly type: 'regex';
      readonly options: { readonly pattern: string; readonly result: MappingResult };
    }
  | {
      readonly type: 'special';
      readonly options: { readonly match: string; readonly result: MappingResult };
    };

export interface Link {
  readonly title?: string;
  readonly url?: string;
  readonly targetBlank?: boolean;
  readonly type?: string;
  readonly tooltip?: string;
  readonly keepTime?: boolean;
  readonly includeVars?: boolean;
  readonly tags?: readonly string[];
}

/** How the values of one field are shown. */
export interface FieldDisplay {
  readonly unit?: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly displayName?: string;
  readonly noValue?: string;
  readonly color?: { readonly mode?: string; readonly fixedColor?: string };
  readonly thresholds?: Thresholds;
  readonly mappings?: readonly Mapping[];
  readonly links?: readonly Link[];
  readonly custom?: Readonly<Record<string, unknown>>;
}

export interface Override {
  readonly matcher: { readonly id: string; readonly options?: unknown };
  readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
}

export interface PublicTarget {
  readonly refId: string;
  readonly timeSeries: boolean;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly PublicTarget[];
  readonly fieldConfig?: {
    readonly defaults?: FieldDisplay;
    readonly overrides?: readonly Override[];
  };
  readonly options?: Readonly<Record<string, unknown>>;
  readonly transformations?: readonly { readonly id: string; readonly options?: unknown }[];
  readonly links?: readonly Link[];
  readonly repeat?: string;
  readonly interval?: string;
  readonly timeFrom?: string;
  readonly timeShift?: string;
  readonly collapsed?: boolean;
  readonly panels?: readonly Panel[];
}

export interface VariableDeclaration {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly multi: boolean;
  readonly includeAll: boolean;
  readonly hidden: boolean;
  readonly description: string;
  /** What is chosen when the address says nothing; `$__all` is All. */
  readonly initial: readonly string[];
  /** Of a list that stands in the file; a query's options come with the stream. */
  readonly options: readonly { readonly text: string; readonly value: string }[];
}

/** A dashboard as a browser gets it: everything that says how to draw, and no SQL. */
export interface PublicDashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly refresh: string;
  readonly refreshChoices: readonly string[];
  readonly time: { readonly from: string; readonly to: string };
  readonly links: readonly Link[];
  readonly variables: readonly VariableDeclaration[];
  readonly panels: readonly Panel[];
}

export interface DashboardEntry {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
}
