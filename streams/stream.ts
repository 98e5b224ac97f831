// What a stream is: a topic, a key, the shape of an event and the table it lands in, declared once.
// Pure data and the types that follow from it; everything else about a stream is derived.
import { message, type Field, type ValueOf } from './field.ts';

/** The shape of an event on the wire: nested objects whose leaves are fields, in wire order. */
export interface EventShape {
  readonly [name: string]: Field | EventShape;
}

interface TopicDeclaration<Event, Name> {
  /** Unique name, also the name on the command line. */
  readonly name: string;
  /** Streams that belong together are started together. Default: the stream's own name. */
  readonly family?: string;
  readonly topic: {
    readonly name: string;
    readonly partitions: number;
    /** How long Kafka keeps records. -1: for ever. */
    readonly retentionMs: number;
    /** Largest record batch it takes. Default: the broker's, about 1 MiB. */
    readonly maxMessageBytes?: number;
  };
  readonly event: Event;
  /** The field whose value is the Kafka record key. */
  readonly key: Name;
  /** The field that says when the event happened. */
  readonly eventTime: Name;
}

/** What a table keeps computed beside its rows, part by part. */
export interface Projection {
  readonly name: string;
  /** `SELECT … GROUP BY …`, without FROM. */
  readonly select: string;
}

/** A query that has a name. */
export interface View {
  readonly name: string;
  readonly select: string;
  /** What it answers, in words: shown by the server. */
  readonly comment: string;
}

interface Declaration<Event, Name> extends TopicDeclaration<Event, Name> {
  readonly table: {
    readonly name: string;
    /** Sorting key; these columns also come first in the table. */
    readonly orderBy: readonly Name[];
    /** Name of a column that holds each message whole. */
    readonly message?: string;
    readonly projections?: readonly Projection[];
    /** What is asked of the table under names of its own. */
    readonly views?: readonly View[];
  };
  /**
   * The stream whose records this one's are made from, each under the header of origin.ts. A record
   * made from one that was met before is a duplicate: it is counted and left out.
   */
  readonly origin?: TopicStream;
}

/** A leaf of the event: its name is its column's name, `path` is where it sits in the event ([]: whole). */
export interface Column {
  readonly name: string;
  readonly path: readonly string[];
  readonly field: Field;
}

/** A declared stream that ends in its topic. */
export interface TopicStream extends TopicDeclaration<EventShape, string> {
  readonly family: string;
  /** The fields of the event in wire order. */
  readonly leaves: readonly Column[];
}

/** A declared stream that lands in a table, with what every reader of it needs. */
export interface Stream extends Omit<Declaration<EventShape, string>, 'family'>, TopicStream {
  readonly family: string;
  /** In table order: the sorting key first, then the rest as the event lists them. */
  readonly columns: readonly Column[];
}

/**
 * Declares a stream that ends in its topic.
 * @throws {Error} if two leaves share a name or a place on the wire, or key or eventTime name none: a mistake of
 * the programmer, found when the module loads.
 */
export function defineTopicStream<const E extends EventShape>(
  declaration: TopicDeclaration<E, ColumnName<E>>,
): Omit<TopicStream, 'event'> & { readonly event: E } {
  const leaves = leavesOf(declaration.event, []);
  requireNames(declaration, leaves, [declaration.key, declaration.eventTime]);
  requirePaths(declaration, leaves);
  return { family: declaration.name, ...declaration, leaves };
}

/**
 * Declares a stream.
 * @throws {Error} as {@link defineTopicStream}, or if a column of orderBy does not exist.
 */
export function defineStream<const E extends EventShape>(
  declaration: Declaration<E, ColumnName<E>>,
): Omit<Stream, 'event'> & { readonly event: E } {
  const { message: whole, orderBy } = declaration.table;
  const base = defineTopicStream(declaration);
  const own = whole === undefined ? [] : [{ name: whole, path: [], field: message() }];
  const named = [...base.leaves, ...own];
  requireNames(declaration, named, orderBy);
  const first = (orderBy as readonly string[]).map((name) => columnOf(named, name)!);
  const rest = named.filter(({ name }) => !(orderBy as readonly string[]).includes(name));
  return { ...base, ...declaration, family: base.family, columns: [...first, ...rest] };
}

function requireNames(
  { name }: { readonly name: string },
  columns: readonly Column[],
  wanted: readonly string[],
): void {
  if (new Set(columns.map((column) => column.name)).size !== columns.length) {
    throw new Error(`stream ${name}: two fields of the event share a name`);
  }
  const missing = wanted.find((column) => columnOf(columns, column) === undefined);
  if (missing === undefined) return;
  throw new Error(`stream ${name}: key, eventTime or orderBy names no field: ${missing}`);
}

/** Readers of bytes look for one field at each place, and for nothing within it. */
function requirePaths({ name }: { readonly name: string }, leaves: readonly Column[]): void {
  const places = leaves.map(({ path }) => JSON.stringify(path).slice(0, -1));
  for (const [at, place] of places.entries()) {
    const member = leaves[at]!.path.join('.');
    if (!member.isWellFormed()) {
      throw new Error(`stream ${name}: ${JSON.stringify(member)} is not a valid UTF-8 name`);
    }
    const isShared = places.some((other, index) => {
      return index !== at && (other === place || other.startsWith(`${place},`));
    });
    if (isShared)
      throw new Error(`stream ${name}: two fields of the event are read from ${member}`);
  }
}

/** The column of that name. */
export function columnOf(columns: readonly Column[], name: string): Column | undefined {
  return columns.find((column) => column.name === name);
}

function leavesOf(shape: EventShape, path: readonly string[]): Column[] {
  return Object.entries(shape).flatMap(([name, child]) => {
    if (!isField(child)) return leavesOf(child, [...path, name]);
    return [{ name, path: [...path, child.wire ?? name], field: child }];
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
