// The controls of time: a list of ranges and two fields for any other, steps to the ranges beside it, how often
// the page refreshes, and a button to refresh now.
import { earlier, later, zoomedOut } from '../model/range-steps.ts';
import { momentMs, rangeInWords, rangeMs, type TimeRange } from '../model/time-range.ts';
import { timeText } from '../model/units.ts';
import { freshId, h, icon, type Icon } from './dom.ts';

const RANGES = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '24h', '2d', '7d', '30d'];

export interface TimeChoice {
  readonly range: TimeRange;
  readonly refresh: string;
}

/** A menu to choose the range from. */
export function rangeControl(range: TimeRange, change: (range: TimeRange) => void): HTMLElement {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const choices = RANGES.map((length) => {
    const each = { from: `now-${length}`, to: 'now' };
    const isChosen = each.from === range.from && range.to === 'now';
    const attributes = { type: 'button', class: 'choice', 'aria-pressed': String(isChosen) };
    return h('button', { ...attributes, onclick: () => change(each) }, rangeInWords(each));
  });
  const [from, to] = [field(range.from, 'From'), field(range.to, 'To')];
  const problem = h('p', { class: 'problem', role: 'alert' });
  const apply = (event: Event): void => {
    event.preventDefault();
    const [fromMs, toMs] = [from, to].map(({ input }) => new Date(input.value).getTime());
    const chosen = { from: String(fromMs), to: String(toMs) };
    if (!(fromMs! < toMs!)) problem.textContent = 'From must be before To.';
    else if (rangeMs(chosen, 0) === undefined)
      problem.textContent = 'Choose times from 1970 to 2298.';
    else change(chosen);
  };
  const form = h(
    'form',
    { class: 'range-form', onsubmit: apply },
    from.element,
    to.element,
    problem,
    h('button', { type: 'submit', class: 'primary' }, 'Show'),
    h('p', { class: 'note' }, `Times are of your time zone, ${zone}.`),
  );
  const menu = h(
    'div',
    { class: 'menu menu-range', hidden: true },
    h('div', { class: 'menu-list' }, choices),
    form,
  );
  const list = popup(
    menu,
    [icon('clock'), h('span', { class: 'control-text' }, rangeInWords(range)), icon('chevron')],
    'Time range',
  );
  const [back, on, out] = STEPS.map((step) => stepButton(step, range, change));
  return h('div', { class: 'joined', role: 'group', 'aria-label': 'Time' }, back, list, on, out);
}

interface Step {
  readonly label: string;
  readonly sign: Icon;
  readonly next: (range: TimeRange, nowMs: number) => TimeRange | undefined;
}

const STEPS: readonly Step[] = [
  { label: 'Earlier', sign: 'left', next: earlier },
  { label: 'Later', sign: 'right', next: later },
  { label: 'Zoom out', sign: 'zoom_out', next: zoomedOut },
];

/** A button that leads to the next range; switched off where there is none. */
function stepButton(
  { label, next, sign }: Step,
  range: TimeRange,
  change: (range: TimeRange) => void,
): HTMLElement {
  const onclick = (): void => {
    const to = next(range, Date.now());
    if (to !== undefined) change(to);
  };
  const disabled = next(range, Date.now()) === undefined;
  const attributes = { type: 'button', class: 'control icon-only', 'data-step': sign, disabled };
  return h('button', { ...attributes, onclick, 'aria-label': label, title: label }, icon(sign));
}

function field(moment: string, label: string): { element: HTMLElement; input: HTMLInputElement } {
  const id = freshId('moment');
  const ms = momentMs(moment, Date.now(), label === 'To') ?? Date.now();
  const value = timeText(Math.floor(ms / 1_000) * 1_000).replace(' ', 'T');
  const input = h('input', { id, type: 'datetime-local', step: 1, required: true, value });
  return {
    input,
    element: h('div', { class: 'range-field' }, h('label', { for: id }, label), input),
  };
}

/** A button that opens a menu below it; Escape, a click elsewhere and leaving it close it. */
export function popup(menu: HTMLElement, content: readonly Node[], label: string): HTMLElement {
  menu.id = freshId('menu');
  const button = h(
    'button',
    {
      ...{ type: 'button', class: 'control', 'aria-expanded': 'false', 'aria-haspopup': 'true' },
      'aria-controls': menu.id,
      onclick: () => {
        const opens = menu.hidden !== false;
        show(opens);
        if (opens)
          (
            menu.querySelector<HTMLElement>('[aria-pressed=true]') ?? menu.querySelector('button')
          )?.focus();
      },
    },
    h('span', { class: 'unseen' }, `${label}: `),
    ...content,
  );
  const show = (open: boolean): void => {
    menu.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
  };
  const element = h('div', { class: 'popup' }, button, menu);
  element.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape' || menu.hidden) return;
    show(false);
    button.focus();
  });
  element.addEventListener('focusout', ({ relatedTarget }) => {
    if (!element.contains(relatedTarget as Node | null)) show(false);
  });
  // Safari does not focus buttons that are clicked, so leaving is not seen there.
  document.addEventListener('pointerdown', ({ target }) => {
    if (!element.contains(target as Node | null)) show(false);
  });
  return element;
}

/** How often the page refreshes, and a button to do it now. */
export function refreshControl(
  refresh: string,
  choices: readonly string[],
  change: (refresh: string) => void,
  now: () => void,
): HTMLElement {
  const all = [...new Set([...choices, ...(refresh === '' ? [] : [refresh])])];
  const options = [
    h('option', { value: '' }, 'Off'),
    ...all.map((each) => h('option', { value: each }, each)),
  ];
  const select = h('select', {
    ...{ class: 'control', 'aria-label': 'Refresh every' },
    onchange: (event: Event) => change((event.currentTarget as HTMLSelectElement).value),
  });
  select.append(...options);
  select.value = refresh;
  const button = h(
    'button',
    {
      type: 'button',
      class: 'control icon-only',
      onclick: now,
      'aria-label': 'Refresh now',
      title: 'Refresh now',
    },
    icon('refresh'),
  );
  return h('div', { class: 'joined' }, button, select);
}
