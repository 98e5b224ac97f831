// Rows of a page lie where they were packed, however large the page before was.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventPage } from './event-page.ts';

/** Packs so many rows, each of them its own number as text. */
function filled(rows: number, like?: EventPage): EventPage {
  const page = new EventPage(like);
  for (let row = 0; row < rows; row += 1) {
    const text = String(row);
    page.reserve(text.length);
    const { end } = page;
    const to = end + page.bytes.write(text, end, 'latin1');
    page.pack(to, row, row + 1, row + 2, row + 3);
  }
  return page;
}

function placesOf(page: EventPage, row: number): number[] {
  return [page.keyFrom(row), page.keyTo(row), page.timeFrom(row), page.timeTo(row)];
}

it('keeps every place of every row, whatever page came before', () => {
  const sizes = fc.array(fc.oneof(fc.nat(20), fc.nat(9_000)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(sizes, (all) => {
      let page: EventPage | undefined;
      for (const rows of all) {
        page = filled(rows, page);
        for (let row = 0; row < rows; row += 1) {
          const text = page.bytes.toString('latin1', page.from(row), page.to(row));
          if (text !== String(row)) throw new Error(`row ${row} of ${rows}: "${text}"`);
          const expected = [row, row + 1, row + 2, row + 3];
          if (placesOf(page, row).join() !== expected.join()) throw new Error(`row ${row}`);
        }
      }
    }),
    { numRuns: 60, examples: [[[1, 1_400]], [[700, 3_000]], [[0, 9_000]]] },
  );
  expect(filled(5).length).toBe(5);
});
