// Why a message is not a row. A rejection is a value, not an exception: it becomes a dead letter
// under its named reason, and its neighbours go on.
import { cutToDetail, describe } from './describe.ts';

/** Every reason a message can be rejected for, with what it means in words. */
export const rejectionReasons = {
  tombstone: 'the record has no value',
  unknown_origin: 'the record does not say which record it was made from',
  empty_value: 'the value has no bytes',
  too_large: 'the value is larger than MAX_MESSAGE_BYTES',
  invalid_utf8: 'the value is not UTF-8 text',
  invalid_json: 'the value is not JSON',
  not_an_object: 'the value, or an object the event nests, is not a JSON object',
  missing_field: 'a declared field is absent',
  null_field: 'a declared field is null',
  wrong_type: 'a field has another type than declared',
  not_an_integer: 'a number has a fraction where the field is a whole number',
  not_finite: 'a number is NaN or infinite',
  out_of_range: 'a value is outside its declared bounds',
  invalid_instant: 'a time is not epoch seconds nor an ISO-8601 instant with a zone',
  instant_out_of_range: 'a time is outside the sane range around the record',
  undecodable: 'reading the message failed with an error',
} as const;

export type RejectionReason = keyof typeof rejectionReasons;

export interface Rejection {
  readonly reason: RejectionReason;
  /** Dotted path of the offending field, `''` when it is the whole message. */
  readonly field: string;
  /** The offending value as JSON, or the error, cut to a readable length; `''` when there is none. */
  readonly detail: string;
}

/** Builds a rejection; `value` is described, cut and never trusted. */
export function reject(reason: RejectionReason, field = '', value?: unknown): Rejection {
  return { reason, field, detail: value === undefined ? '' : describe(value) };
}

/** Builds a rejection whose detail is `text` as it stands, cut: how a value is written, or why. */
export function rejectWith(reason: RejectionReason, field: string, text: string): Rejection {
  return { reason, field, detail: cutToDetail(text) };
}

/** The rejection of a record that made the code throw; the detail begins with the error's name. */
export function undecodable(thrown: unknown): Rejection {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : typeof thrown;
  return rejectWith('undecodable', '', text);
}
