// The note beside the crosshair with the time and every line's value, and the crosshair by arrow keys.
import type uPlot from 'uplot';
import { timeText } from '../../model/units.ts';
import { h, styled } from '../dom.ts';
import type { ChartLine } from './chart-options.ts';

const MARGIN_PX = 14;
const MOST_LINES = 12;

/** A plugin that fills `note` while a pointer or a key moves the crosshair over the chart. */
export function crosshairNote(
  note: HTMLElement,
  lines: readonly ChartLine[],
  valueOf: (line: number, at: number) => number | undefined,
): uPlot.Plugin {
  const hide = (): void => note.classList.remove('shown');
  return {
    hooks: {
      init: (self) => {
        self.over.addEventListener('mouseleave', hide);
      },
      setCursor: (self) => {
        const { idx, left = -1, top = -1 } = self.cursor;
        // Of the chart under the pointer only; the others show their crosshair.
        const mine =
          self.over.matches(':hover') ||
          self.root.parentElement?.matches(':focus-visible') === true;
        if (!mine || left < 0 || idx === null || idx === undefined) {
          hide();
          return;
        }
        const known = nearest(lines, idx, self.data[0].length, valueOf);
        if (known.length === 0) {
          hide();
          return;
        }
        const { values } = {
          values: known.toSorted((a, b) => b.value - a.value).slice(0, MOST_LINES),
        };
        note.replaceChildren(
          h('div', { class: 'note-time' }, timeText(Math.round(self.data[0][idx]! * 1_000))),
          ...values.map(({ line, value }) =>
            h(
              'div',
              { class: 'note-line' },
              styled(h('span', { class: 'swatch' }), { background: line.color }),
              h('span', { class: 'note-name' }, line.name),
              h('span', { class: 'note-value' }, line.tell(value)),
            ),
          ),
        );
        note.classList.add('shown');
        place(note, self, left, top);
      },
    },
  };
}

function nearest(
  lines: readonly ChartLine[],
  at: number,
  length: number,
  valueOf: (line: number, at: number) => number | undefined,
): { line: ChartLine; value: number }[] {
  return lines.flatMap((line, i) => {
    // Lines that are passed over at this time have a value close by.
    for (const near of [at, at - 1, at + 1]) {
      const value = near >= 0 && near < length ? valueOf(i, near) : undefined;
      if (value !== undefined) return [{ line, value }];
    }
    return [];
  });
}

function place(note: HTMLElement, self: uPlot, left: number, top: number): void {
  const { offsetLeft, offsetTop, clientWidth } = self.over;
  const toTheLeft = left > clientWidth / 2;
  const x = offsetLeft + left + (toTheLeft ? -MARGIN_PX - note.offsetWidth : MARGIN_PX);
  const y = offsetTop + Math.max(0, top < 0 ? 0 : top - note.offsetHeight / 2);
  styled(note, { transform: `translate(${Math.round(Math.max(0, x))}px, ${Math.round(y)}px)` });
}

/** Left and right move the crosshair by a point, with Shift by ten; Home and End go to the ends. */
export function moveByKeys(
  stage: HTMLElement,
  chart: () => uPlot | undefined,
  spoken: HTMLElement,
): void {
  stage.addEventListener('keydown', (event) => {
    const self = chart();
    if (self === undefined || !['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key))
      return;
    event.preventDefault();
    const last = self.data[0].length - 1;
    const step = event.shiftKey ? 10 : 1;
    const now = self.cursor.idx ?? last;
    const moves: Record<string, number> = {
      ArrowLeft: now - step,
      ArrowRight: now + step,
      Home: 0,
      End: last,
    };
    const at = Math.max(0, Math.min(last, moves[event.key]!));
    const left = self.valToPos(self.data[0][at]!, 'x');
    self.setCursor({ left, top: self.over.clientHeight / 2 });
    const note = stage.querySelector('.chart-note');
    spoken.textContent = [...(note?.children ?? [])].map((line) => line.textContent).join(', ');
  });
  stage.addEventListener('blur', () => chart()?.setCursor({ left: -10, top: -10 }));
}
