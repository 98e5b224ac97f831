// What a stream is: a topic, a key, the shape of an event and the table it lands in, declared once.
// Pure data and the types that follow from it; everything else about a stream is derived.
import type { Field, ValueOf } from './field.ts';

/** The shape of an event on the wire: nested objects whose leaves are fields, in wire order. */
export interface EventShape {
  readonly [name: string]: Field | EventShape;
}

interface Declaration<Event, Name> {
  /** Unique name, also the name on the command line. */
  readonly name: string;
  readonly topic: {
    readonly name: string;
    readonly partitions: number;
    /** How long Kafka keeps records. -1: for ever. */
    readonly retentionMs: number;
  };
  readonly event: Event;
  /** The field whose value is the Kafka record key. */
  readonly key: Name;
  /** The field that says when the event happened. */
  readonly eventTime: Name;
  readonly table: {
    readonly name: string;
    /** Sorting key; these columns also come first in the table. */
    readonly orderBy: readonly Name[];
  };
}

/** A leaf of the event: its name is its column's name, `path` is where it sits in the event. */
export interface Column {
  readonly name: string;
  readonly path: readonly string[];
  readonly field: Field;
}

/** A declared stream with what every reader of it needs. */
export interface Stream extends Declaration<EventShape, string> {
  /** In table order: the sorting key first, then the rest as the event lists them. */
  readonly columns: readonly Column[];
  /** The same columns in wire order. */
  readonly leaves: readonly Column[];
}

/**
 * Declares a stream.
 * @throws {Error} if two leaves share a name, or a named column does not exist: a mistake of the
 * programmer, found when the module loads.
 */
export function defineStream<const E extends EventShape>(
  declaration: Declaration<E, ColumnName<E>>,
): Omit<Stream, 'event'> & { readonly event: E } {
  const leaves = leavesOf(declaration.event, []);
  const byName = new Map(leaves.map((leaf) => [leaf.name, leaf]));
  if (byName.size !== leaves.length) {
    throw new Error(`stream ${declaration.name}: two fields of the event share a name`);
  }
  const orderBy: readonly string[] = declaration.table.orderBy;
  const first = orderBy.map((name) => byName.get(name));
  const named = [...first, byName.get(declaration.key), byName.get(declaration.eventTime)];
  if (named.includes(undefined)) {
    throw new Error(`stream ${declaration.name}: key, eventTime or orderBy names no field`);
  }
  const rest = leaves.filter(({ name }) => !orderBy.includes(name));
  return { ...declaration, columns: [...(first as Column[]), ...rest], leaves };
}

function leavesOf(shape: EventShape, path: readonly string[]): Column[] {
  return Object.entries(shape).flatMap(([name, child]) => {
    const at = [...path, name];
    return isField(child) ? [{ name, path: at, field: child }] : leavesOf(child, at);
  });
}

/** Tells a leaf of an event shape from a nested object. */
export function isField(child: Field | EventShape): child is Field {
  return typeof child.kind === 'string';
}

/** The names of all leaves, which are the stream's own columns. */
export type ColumnName<E extends EventShape> = {
  [K in keyof E & string]: E[K] extends Field
    ? K
    : E[K] extends EventShape
      ? ColumnName<E[K]>
      : never;
}[keyof E & string];

type LeafOf<E extends EventShape, N extends string> = {
  [K in keyof E & string]: E[K] extends Field
    ? K extends N
      ? E[K]
      : never
    : E[K] extends EventShape
      ? LeafOf<E[K], N>
      : never;
}[keyof E & string];

/** A validated row of a stream: column name to value, instants in epoch milliseconds. */
export type Row<S extends Stream> = {
  [N in ColumnName<S['event']>]: ValueOf<LeafOf<S['event'], N>>;
};

type FieldEvent<F extends Field> = F extends { kind: 'boolean' } ? boolean : ValueOf<F>;

/** An event of a stream as producers write it; instants in epoch seconds. */
export type EventOf<E extends EventShape> = {
  [K in keyof E]: E[K] extends Field
    ? FieldEvent<E[K]>
    : E[K] extends EventShape
      ? EventOf<E[K]>
      : never;
};
