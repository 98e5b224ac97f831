// Texts with a few characters cut out or put in, for properties of code that reads what anybody may write.
import fc from 'fast-check';

/** A text of `texts` in which up to three characters gave way to a piece of `pieces`. */
export function mutatedText(
  texts: fc.Arbitrary<string>,
  pieces: fc.Arbitrary<string>,
): fc.Arbitrary<string> {
  return fc.tuple(texts, fc.nat(400), fc.nat(3), pieces).map(([text, at, cut, put]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + put + text.slice(place + cut);
  });
}
