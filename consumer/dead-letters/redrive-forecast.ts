// Predicts what the consumer would do with a dead letter now, before it is published again, with the
// consumer's own decoder and, where a processor is in between, its transform. Pure, and a prediction only:
// the consumer decides.
import { Block } from '../../platform/clickhouse/block.ts';
import { asError } from '../../platform/errors.ts';
import { transforms } from '../../streams/index.ts';
import type { Rejection } from '../../streams/rejection.ts';
import type { Stream } from '../../streams/stream.ts';
import { compileTransform, type Transform } from '../../streams/transform.ts';
import { compileDecode } from '../decode.ts';
import type { LetterContent } from './redrive.ts';

/** `unknown`: the processor does not belong to this project. */
export type Forecast =
  | { readonly kind: 'row' }
  | { readonly kind: 'filtered' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'rejected'; readonly reason: string; readonly field: string };

/** `viaProcessor`: it goes to the topic that the processor reads. `nowMs` is what the processor takes for now. */
export type Forecaster = (
  letter: Pick<LetterContent, 'reason' | 'timestampMs' | 'value'>,
  viaProcessor: boolean,
  nowMs: number,
) => Forecast;

/** `among` are the transforms that processors run. */
export function compileForecast(
  stream: Stream,
  maxMessageBytes: number,
  among: readonly Transform[] = transforms,
): Forecaster {
  const decode = compileDecode(stream, new Block(stream), maxMessageBytes);
  const judge = (value: Buffer | null, timestampMs: number): Forecast => {
    const bytes = value ?? Buffer.alloc(0);
    const rejection = decode(bytes, 0, value === null ? -1 : bytes.length, timestampMs);
    return rejection === undefined ? { kind: 'row' } : rejected(rejection);
  };
  const transform = among.find(({ input, outputs }) => {
    return input.name === stream.origin?.name && outputs.some(({ name }) => name === stream.name);
  });
  const apply = transform && compileTransform(transform);
  return ({ reason, timestampMs, value: kept }, viaProcessor, nowMs) => {
    // A dead letter keeps no value and an empty one alike.
    const value = reason === 'tombstone' ? null : kept;
    try {
      if (!viaProcessor) {
        // Nothing says of which record it was made, and publishing it again does not change that.
        if (stream.origin !== undefined) return { kind: 'rejected', reason: 'unknown_origin', field: '' };
        return judge(value, timestampMs);
      }
      if (apply === undefined) return { kind: 'unknown' };
      const outcome = apply(value, timestampMs, nowMs);
      if (outcome.kind === 'filtered' || outcome.to.name !== stream.name) return { kind: 'filtered' };
      return judge(outcome.kind === 'passed' ? outcome.value : value, timestampMs);
    } catch (thrown) {
      return { kind: 'rejected', reason: asError(thrown).name, field: '' };
    }
  };
} // prettier-ignore

function rejected({ field, reason }: Rejection): Forecast {
  return { kind: 'rejected', reason, field };
}

/** Counts forecasts, or outcomes of messages. */
export class Tally {
  letters = 0;
  rows = 0;
  filtered = 0;
  unknown = 0;
  /** By reason and field, such as `missing_field (data.humidity)`. */
  readonly rejected = new Map<string, number>();

  add(forecast: Forecast): void {
    this.letters += 1;
    if (forecast.kind === 'rejected') this.reject(forecast.reason, forecast.field, 1);
    else if (forecast.kind === 'row') this.rows += 1;
    else if (forecast.kind === 'filtered') this.filtered += 1;
    else this.unknown += 1;
  }

  reject(reason: string, field: string, count: number): void {
    const words = field === '' ? reason : `${reason} (${field})`;
    this.rejected.set(words, (this.rejected.get(words) ?? 0) + count);
  }

  get rejections(): number {
    return [...this.rejected.values()].reduce((sum, count) => sum + count, 0);
  }

  /** `3 missing_field (data.humidity), 1 invalid_json`; the most frequent first. */
  get reasons(): string {
    const sorted = [...this.rejected].toSorted(([, one], [, other]) => other - one);
    return sorted.map(([words, count]) => `${count} ${words}`).join(', ');
  }
}
