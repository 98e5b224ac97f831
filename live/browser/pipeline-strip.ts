// The pipeline on top of the page: producers, Kafka, consumer and ClickHouse with the flow between them, and
// the dead letters. Each states its condition in words; a colour is never the only sign.
import type { PipelineNews, Place, State } from '../model/protocol.ts';
import { formatNumber } from '../model/units.ts';
import { h, icon, styled, type Icon } from './dom.ts';

const SIGNS: Readonly<Record<Place['id'], Icon>> = {
  producers: 'sensor',
  kafka: 'layers',
  consumer: 'funnel',
  clickhouse: 'database',
  'dead-letters': 'envelope',
};
/** Until the server says them. */
const TITLES: Readonly<Record<Place['id'], string>> = {
  producers: 'Producers',
  kafka: 'Kafka',
  consumer: 'Consumer',
  clickhouse: 'ClickHouse',
  'dead-letters': 'Dead letters',
};
const STATES: Readonly<Record<State, { readonly icon: Icon; readonly word: string }>> = {
  ok: { icon: 'check_circle', word: 'well' },
  idle: { icon: 'dash_circle', word: 'idle' },
  warn: { icon: 'alert', word: 'attention' },
  bad: { icon: 'cross_circle', word: 'broken' },
};
const SLOWEST_SEC = 4;
const FASTEST_SEC = 0.7;

export class PipelineStrip {
  readonly element: HTMLElement;
  readonly #places = new Map<string, PlaceElement>();
  readonly #flows: HTMLElement[] = [];
  readonly #summary = h('p', { class: 'unseen', role: 'status' });
  #said = '';

  constructor() {
    const ids = Object.keys(SIGNS) as Place['id'][];
    const list = h('ol', { class: 'pipeline-places' });
    for (const id of ids) {
      if (id !== 'producers') {
        const flow = h(
          'li',
          { class: id === 'dead-letters' ? 'flow aside' : 'flow', 'aria-hidden': 'true' },
          h('span', { class: 'flow-line' }),
          h('span', { class: 'flow-rate' }),
        );
        this.#flows.push(flow);
        list.append(flow);
      }
      const place = placeElement(id);
      this.#places.set(id, place);
      list.append(place.element);
    }
    this.element = h(
      'section',
      { class: 'pipeline', 'aria-label': 'Pipeline, live' },
      list,
      this.#summary,
    );
  }

  /** Nobody says how things are: what was said last stays, faded; a place of which nothing is known says so. */
  lost(reason: string): void {
    this.element.classList.add('lost');
    for (const place of this.#places.values()) place.lost();
    this.#flows.forEach((flow) => showFlow(flow, null));
    this.#said = '';
    this.#summary.textContent = `The state of the pipeline is unknown. ${reason}`;
  }

  /** Shows how things are now. */
  update({ flows, places }: PipelineNews): void {
    this.element.classList.remove('lost');
    for (const place of places) this.#places.get(place.id)?.show(place);
    this.#flows.forEach((flow, i) => showFlow(flow, flows[i] ?? null));
    // Spoken when a state changes, not at every figure.
    const states = places.map(({ id, state }) => `${id} ${state}`).join();
    if (states === this.#said) return;
    this.#said = states;
    const wrong = places.filter(({ state }) => state === 'warn' || state === 'bad');
    this.#summary.textContent =
      wrong.length === 0
        ? 'The pipeline is well.'
        : wrong.map(({ reason, title }) => `${title}: ${reason}`).join(' ');
  }
}

interface PlaceElement {
  readonly element: HTMLElement;
  show(place: Place): void;
  lost(): void;
}

function placeElement(id: Place['id']): PlaceElement {
  const title = h('span', { class: 'place-title' }, TITLES[id]);
  const mark = h('span', { class: 'place-mark' });
  const figure = h('span', { class: 'place-figure' }, '…');
  const detail = h('span', { class: 'place-detail' });
  const reason = h('p', { class: 'place-reason' });
  const element = h(
    'li',
    { class: 'place', 'data-place': id, 'data-state': 'idle' },
    h(
      'div',
      { class: 'place-head' },
      h('span', { class: 'place-sign' }, icon(SIGNS[id])),
      title,
      mark,
    ),
    h('div', { class: 'place-figures' }, figure, detail),
    reason,
  );
  const show = (place: Place): void => {
    const { icon: sign, word } = STATES[place.state];
    if (element.dataset['state'] !== place.state || mark.childElementCount === 0) {
      mark.replaceChildren(icon(sign), h('span', { class: 'unseen' }, word));
    }
    element.dataset['state'] = place.state;
    title.textContent = place.title;
    figure.textContent = place.figure;
    detail.textContent = place.detail;
    reason.textContent = place.reason;
  };
  const lost = (): void => {
    if (mark.childElementCount > 0) return;
    figure.textContent = '–';
    reason.textContent = 'Unknown.';
  };
  return { element, show, lost };
}

function showFlow(flow: HTMLElement, perSecond: number | null): void {
  const moves = perSecond !== null && perSecond > 0;
  flow.classList.toggle('moving', moves);
  const rate = flow.querySelector('.flow-rate')!;
  const { suffix, text } = formatNumber(perSecond ?? 0, 'short', moves && perSecond < 10 ? 1 : 0);
  rate.textContent = moves ? `${text}${suffix}/s` : '';
  // Ten times the messages, a step faster.
  const duration = moves ? SLOWEST_SEC - Math.log10(1 + perSecond) * 0.7 : SLOWEST_SEC;
  styled(flow, { '--flow-duration': `${Math.max(FASTEST_SEC, duration).toFixed(1)}s` });
}
