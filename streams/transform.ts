// What a transform is: the stream it reads, those it writes, and the steps an event goes through in
// between. Pure: the same record and the same time of processing always come to the same outcome.
import { isUtf8 } from 'node:buffer';
import { withMembers, type JsonValue } from './json-members.ts';
import { reject, type Rejection } from './rejection.ts';
import type { TopicStream } from './stream.ts';
import { compileValidator, type RowValues } from './validate.ts';

/** An event as it was parsed, with what the steps before added. The input's declaration holds for it. */
export type Event = Readonly<Record<string, unknown>>;

export type Step =
  | { readonly kind: 'filter'; readonly keeps: (event: Event) => boolean }
  | { readonly kind: 'enrich'; readonly adds: Adds }
  | { readonly kind: 'route'; readonly to: (event: Event) => TopicStream };

type Adds = (event: Event, nowMs: number) => Readonly<Record<string, JsonValue>>;

/** Lets through what `keeps` is true for; the rest is counted and left out. */
export function filter(keeps: (event: Event) => boolean): Step {
  return { kind: 'filter', keeps };
}

/** Adds members to the event; one of the same name is replaced. `nowMs` is when it is processed. */
export function enrich(adds: Adds): Step {
  return { kind: 'enrich', adds };
}

/** Says which of the outputs an event goes to. */
export function route(to: (event: Event) => TopicStream): Step {
  return { kind: 'route', to };
}

export interface Transform {
  /** Unique name, also the name on the command line. */
  readonly name: string;
  /** The consumer group it reads with, unless told otherwise. */
  readonly group: string;
  readonly input: TopicStream;
  /** Where events go: to the first one, unless a route says otherwise. What is no event goes there too. */
  readonly outputs: readonly [TopicStream, ...TopicStream[]];
  /** Which record an output names as its origin: the one that was read, or the one that this one names. */
  readonly origin: 'read' | 'named';
  /** None: records are passed on as they are, whatever is in them. */
  readonly steps: readonly Step[];
}

/**
 * What becomes of a record. `rejected`: it is no event of the input, and goes on unchanged, so that
 * the sink files it as a dead letter.
 */
export type Outcome =
  | { readonly kind: 'passed'; readonly value: Buffer | null; readonly to: TopicStream }
  | { readonly kind: 'rejected'; readonly rejection: Rejection; readonly to: TopicStream }
  | { readonly kind: 'filtered' };

/**
 * Compiles a transform. `value` is the record's, null for a tombstone; `recordTimeMs` the time Kafka
 * gave the record, which its event is judged by, and `nowMs` the time of processing, epoch milliseconds.
 */
export function compileTransform({
  input,
  outputs,
  steps,
}: Transform): (value: Buffer | null, recordTimeMs: number, nowMs: number) => Outcome {
  const [first] = outputs;
  if (steps.length === 0) return (value) => ({ kind: 'passed', value, to: first });
  const validate = compileValidator({ columns: input.leaves });
  const row: RowValues = [];
  return (value, recordTimeMs, nowMs) => {
    const parsed = parse(value);
    if ('reason' in parsed) return { kind: 'rejected', rejection: parsed, to: first };
    const rejection = validate(parsed.event, recordTimeMs, row);
    if (rejection !== undefined) return { kind: 'rejected', rejection, to: first };
    return walk(steps, outputs, parsed.event as Record<string, unknown>, parsed.text, nowMs);
  };
}

function walk(
  steps: readonly Step[],
  outputs: Transform['outputs'],
  event: Record<string, unknown>,
  text: Buffer,
  nowMs: number,
): Outcome {
  let value = text;
  let to = outputs[0];
  for (const step of steps) {
    switch (step.kind) {
      case 'filter':
        if (!step.keeps(event)) return { kind: 'filtered' };
        break;
      case 'enrich': {
        const added = step.adds(event, nowMs);
        value = withMembers(value, event, added);
        Object.assign(event, added);
        break;
      }
      case 'route':
        to = step.to(event);
        if (!outputs.includes(to)) throw new Error(`stream ${to.name} is none of the outputs`);
        break;
    }
  }
  return { kind: 'passed', value, to };
}

function parse(value: Buffer | null): { event: unknown; text: Buffer } | Rejection {
  if (value === null) return reject('tombstone');
  if (value.length === 0) return reject('empty_value');
  if (!isUtf8(value)) return reject('invalid_utf8');
  try {
    return { event: JSON.parse(value.toString('utf8')) as unknown, text: value };
  } catch {
    return reject('invalid_json');
  }
}
