// Finds the end of a string in JSON text, valid or not, by looking at each of its characters once.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** One past the closing quote of the string that opens at `open`; the text's length when it has none. */
export function stringEnd(json: string, open: number): number {
  for (let at = open + 1; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at + 1;
  }
  return json.length;
}
