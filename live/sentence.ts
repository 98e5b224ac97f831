// The message of an error as the first sentence of what a person reads: it ends with one period.

/** `text` with exactly one period at its end. */
export function sentence(text: string): string {
  return `${text.replace(/[.\s]{0,9}$/, '')}.`;
}
