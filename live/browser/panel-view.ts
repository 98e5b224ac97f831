// The frame of one panel: its title, its description, its links, and in its box the drawing or, in plain
// words, the reason why there is none.
import type { Link, Panel } from '../model/dashboard.ts';
import type { Frame, PanelNews, Trouble } from '../model/protocol.ts';
import { freshId, h, icon, type Icon } from './dom.ts';
import { rendererOf } from './panels/kinds.ts';
import type { DrawContext, Renderer } from './panels/renderer.ts';

export interface PanelSurroundings {
  readonly context: () => Omit<DrawContext, 'intervalMs'>;
  readonly zoom: (fromMs: number, toMs: number) => void;
  readonly zoomOut: () => void;
  /** The time range in words. */
  readonly window: () => string;
}

export class PanelView {
  readonly element: HTMLElement;
  readonly #panel: Panel;
  readonly #on: PanelSurroundings;
  readonly #box = h('div', { class: 'panel-box' });
  readonly #status = h('p', { class: 'panel-status', role: 'status' });
  #renderer: Renderer | undefined;
  #last: { frames: readonly Frame[]; intervalMs: number } | undefined;

  constructor(panel: Panel, surroundings: PanelSurroundings) {
    this.#panel = panel;
    this.#on = surroundings;
    const title = freshId('panel');
    this.element = h(
      'section',
      { class: `panel panel-${panel.type}`, 'aria-labelledby': title, 'data-panel': panel.id },
      h(
        'header',
        { class: 'panel-head' },
        h('h3', { id: title, title: panel.title }, panel.title),
        about(panel),
        (panel.links ?? []).map((link) => this.#link(link)),
        this.#status,
      ),
      this.#box,
    );
    if (rendererOf(panel.type) === undefined) {
      this.#say(
        'alert',
        `This page cannot draw panels of the kind “${panel.type}” yet; Grafana does.`,
      );
    } else if (panel.type === 'text') this.#draw([], 0);
    else if ((panel.targets ?? []).length === 0) this.#say('empty', 'This panel has no query.');
    else this.#box.append(h('div', { class: 'skeleton', 'aria-label': 'Loading' }));
  }

  /** Shows what the server said. */
  update(news: PanelNews): void {
    if (rendererOf(this.#panel.type) === undefined) return;
    if ('same' in news) this.#moved();
    else if ('trouble' in news) this.#troubled(news.trouble);
    else this.#draw(news.frames, news.intervalMs);
  }

  /** Nothing will come: says why in place of what was drawn, or only where nothing was drawn yet. */
  halt(text: string, everywhere: boolean): void {
    if (this.#panel.type === 'text' || rendererOf(this.#panel.type) === undefined) return;
    if (everywhere || this.#renderer === undefined) this.#say('empty', text);
  }

  /** Draws again what is there, in the page's colours of now. */
  repaint(): void {
    if (this.#last !== undefined) this.#draw(this.#last.frames, this.#last.intervalMs);
  }

  destroy(): void {
    this.#renderer?.destroy?.();
  }

  #moved(): void {
    this.#status.replaceChildren();
    if (this.#last !== undefined) this.#renderer?.move?.(this.#context(this.#last.intervalMs));
  }

  /** What was drawn stays, with a word that it is old; without a drawing the word is all there is. */
  #troubled({ kind, text }: Trouble): void {
    this.element.classList.add('troubled');
    if (this.#renderer !== undefined && kind !== 'refused' && kind !== 'failed') {
      this.#status.replaceChildren(icon('alert'), h('span', {}, text));
    } else this.#say('alert', text);
  }

  #draw(frames: readonly Frame[], intervalMs: number): void {
    this.element.classList.remove('troubled');
    this.#status.replaceChildren();
    const { type } = this.#panel;
    this.#last = { frames, intervalMs };
    if (type !== 'text' && isEmpty(frames, type === 'stat')) {
      this.#say('empty', this.#nothing());
      return;
    }
    if (this.#renderer === undefined) {
      this.#box.replaceChildren();
      this.#box.className = 'panel-box';
      const create = rendererOf(type)!;
      const { zoom, zoomOut } = this.#on;
      this.#renderer = create({ panel: this.#panel, box: this.#box, zoom, zoomOut });
    }
    try {
      this.#renderer.draw(frames, this.#context(intervalMs));
    } catch (thrown) {
      reportError(thrown);
      this.#say('alert', 'The answer could not be drawn; the console of the browser says why.');
    }
  }

  /** The panel's own words where it has a sentence for it. */
  #nothing(): string {
    const { noValue = '' } = this.#panel.fieldConfig?.defaults ?? {};
    return noValue.includes(' ') && noValue !== 'No data'
      ? noValue
      : `Nothing in this window: ${this.#on.window().toLowerCase()}.`;
  }

  #context(intervalMs: number): DrawContext {
    return { ...this.#on.context(), intervalMs };
  }

  #say(sign: Icon, text: string): void {
    this.#renderer?.destroy?.();
    this.#renderer = undefined;
    this.#box.className = 'panel-box';
    this.#box.replaceChildren(
      h('div', { class: `panel-word word-${sign}` }, icon(sign), h('p', {}, text)),
    );
  }

  #link({ targetBlank, title, url }: Link): HTMLElement | undefined {
    const address = url === undefined ? undefined : this.#on.context().link(url);
    if (address === undefined) return undefined;
    const attributes = targetBlank === true ? { target: '_blank', rel: 'noreferrer' } : {};
    return h(
      'a',
      { class: 'panel-link', href: address, ...attributes },
      icon('link'),
      title ?? 'Link',
    );
  }
}

/** A button that says what the panel is about, to pointer, key and screen reader. */
function about({ description = '', title }: Panel): HTMLElement | undefined {
  if (description === '') return undefined;
  const id = freshId('about');
  const button = h(
    'button',
    { type: 'button', class: 'about', 'aria-label': `About ${title}`, 'aria-describedby': id },
    icon('info'),
  );
  return h(
    'span',
    { class: 'about-place' },
    button,
    h('span', { class: 'about-text', role: 'tooltip', id }, description),
  );
}

/** A figure of nothing says so itself. */
function isEmpty(frames: readonly Frame[], isFigure: boolean): boolean {
  return frames.every(({ columns }) => {
    const rows = columns[0]?.values.length ?? 0;
    // One row of nothing: an aggregate over no rows.
    return (
      rows === 0 || (!isFigure && rows === 1 && columns.every(({ values }) => values[0] === null))
    );
  });
}
