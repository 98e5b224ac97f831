// Why a message is not a row. A rejection is a value, not an exception: it becomes a dead letter
// under its named reason, and its neighbours go on.

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
  not_finite: 'a number is NaN or infinite',
  out_of_range: 'a value is outside its declared bounds',
  invalid_instant: 'a time is not epoch seconds nor an ISO-8601 instant with a zone',
  instant_out_of_range: 'a time is outside the sane range around the record',
} as const;

export type RejectionReason = keyof typeof rejectionReasons;

export interface Rejection {
  readonly reason: RejectionReason;
  /** Dotted path of the offending field, `''` when it is the whole message. */
  readonly field: string;
  /** The offending value as JSON, cut to a readable length; `''` when there is none. */
  readonly detail: string;
}

const DETAIL_CHARS_MAX = 120;

/** Builds a rejection; `value` is shown cut, never trusted. */
export function reject(reason: RejectionReason, field = '', value?: unknown): Rejection {
  const shown = value === undefined ? '' : describe(value);
  const detail = shown.length > DETAIL_CHARS_MAX ? `${shown.slice(0, DETAIL_CHARS_MAX)}…` : shown;
  return { reason, field, detail: detail.toWellFormed() };
}

function describe(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return JSON.stringify(value);
}
