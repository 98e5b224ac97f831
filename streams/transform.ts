// What a transform is: the stream it reads, those it writes, and the steps an event goes through in
// between. Pure: the same record and the same time of processing always come to the same outcome.
import { compileByteEnrich, type Adds, type ByteEnrich } from './byte-enrich.ts';
import { withMembers, type JsonValue } from './json-members.ts';
import { byteOrderMark, parseMessage } from './json-message.ts';
import { reject, undecodable, type Rejection } from './rejection.ts';
import type { TopicStream } from './stream.ts';
import { compileValidator, type RowValues } from './validate.ts';

/** An event as it was parsed, with what the steps before added. The input's declaration holds for it. */
export type Event = Readonly<Record<string, unknown>>;

export type Step =
  | { readonly kind: 'filter'; readonly keeps: (event: Event) => boolean }
  | {
      readonly kind: 'enrich';
      readonly adds: Adds;
      /** The members that it reads; undefined when it may read any. */
      readonly reads: readonly string[] | undefined;
    }
  | { readonly kind: 'route'; readonly to: (event: Event) => TopicStream };

/** Lets through what `keeps` is true for; the rest is counted and left out. */
export function filter(keeps: (event: Event) => boolean): Step {
  return { kind: 'filter', keeps };
}

/**
 * Adds members to the event; one of the same name is replaced. `nowMs` is when it is processed. A step that says
 * which members it `reads` gets these and no others, and most events need not be parsed for it.
 */
export function enrich<const Name extends string = string>(
  adds: (
    event: Readonly<Record<Name, unknown>>,
    nowMs: number,
  ) => Readonly<Record<string, JsonValue>>,
  reads?: readonly Name[],
): Step {
  return { kind: 'enrich', adds, reads };
}

/** Says which of the outputs an event goes to. */
export function route(to: (event: Event) => TopicStream): Step {
  return { kind: 'route', to };
}

export interface Transform {
  /** Unique name, also the name on the command line. */
  readonly name: string;
  /** The consumer group it reads with by default. */
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
 * What becomes of a record. `rejected`: it is no event of the input, or a step threw; it goes on
 * unchanged, so that the sink files it as a dead letter.
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
  const transformed = (value: Buffer | null, recordTimeMs: number, nowMs: number): Outcome => {
    if (value === null) return rejected(reject('tombstone'), first);
    const parsed = parseMessage(value);
    if ('reason' in parsed) return rejected(parsed, first);
    const rejection = validate(parsed.value, recordTimeMs, row, parsed.text);
    if (rejection !== undefined) return rejected(rejection, first);
    const text = value.subarray(byteOrderMark(value));
    return walk(steps, outputs, parsed.value as Record<string, unknown>, text, nowMs);
  };
  return (value, recordTimeMs, nowMs) => {
    try {
      return transformed(value, recordTimeMs, nowMs);
    } catch (thrown) {
      return rejected(undecodable(thrown), first);
    }
  };
}

/** The way from bytes to bytes of a transform that has one: it enriches, once, and says what it reads. */
export function compileByteTransform({ input, steps }: Transform): ByteEnrich | undefined {
  const [step] = steps;
  if (steps.length !== 1 || step?.kind !== 'enrich' || step.reads === undefined) return undefined;
  return compileByteEnrich(input.leaves, step.adds, step.reads);
}

function rejected(rejection: Rejection, to: TopicStream): Outcome {
  return { kind: 'rejected', rejection, to };
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
        if (!outputs.includes(to)) throw new Error(`stream ${to.name} is not one of the outputs`);
        break;
    }
  }
  return { kind: 'passed', value, to };
}
