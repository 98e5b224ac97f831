// One dashboard on the page: its controls, its panels in their places, and the messages of the stream about
// them.
import type { PublicDashboard } from '../model/dashboard.ts';
import { linkAddress } from '../model/links.ts';
import type { Events, PanelNews, Tick } from '../model/protocol.ts';
import { rangeBetween, zoomedOut } from '../model/range-steps.ts';
import { rangeInWords, rangeMs } from '../model/time-range.ts';
import { viewSearch, type View } from './address.ts';
import { h, icon, styled } from './dom.ts';
import { layoutOf, type Placed } from '../model/layout.ts';
import { PanelView } from './panel-view.ts';
import { ALL, VariableControl } from './variable-control.ts';

export interface DashboardEvents {
  /** Somebody chose something else to see. */
  change(view: Partial<View>): void;
}

export class DashboardView {
  readonly element: HTMLElement;
  readonly #dashboard: PublicDashboard;
  readonly #foot = h('div', { class: 'dashboard-links-place' });
  #view: View;
  readonly #on: DashboardEvents;
  readonly #grid = h('div', { class: 'grid' });
  readonly #controls = new Map<string, VariableControl>();
  readonly #options = new Map<string, readonly string[]>();
  readonly #panels = new Map<string, PanelView>();
  readonly #closed = new Set<number>();
  #tick: Tick;
  #shape = '';

  constructor(dashboard: PublicDashboard, view: View, events: DashboardEvents) {
    this.#dashboard = dashboard;
    this.#view = view;
    this.#on = events;
    const nowMs = Date.now();
    this.#tick = {
      atMs: nowMs,
      ...(rangeMs(view.range, nowMs) ?? { fromMs: nowMs - 1, toMs: nowMs }),
    };
    for (const panel of dashboard.panels)
      if (panel.type === 'row' && panel.collapsed === true) this.#closed.add(panel.id);
    this.element = h(
      'main',
      { id: 'dashboard', class: 'dashboard', tabindex: -1 },
      h(
        'div',
        { class: 'dashboard-head' },
        h(
          'div',
          {},
          h('h2', {}, dashboard.title),
          dashboard.description !== '' &&
            h('p', { class: 'dashboard-about' }, dashboard.description),
        ),
        this.#variables(),
        this.#foot,
      ),
      this.#grid,
    );
    this.#foot.replaceChildren(...this.#links());
    this.#lay();
  }

  /** Shows another window or other values; what is drawn stays until the answers come. */
  show(view: View): void {
    this.#view = view;
    const nowMs = Date.now();
    this.#tick = { atMs: nowMs, ...(rangeMs(view.range, nowMs) ?? this.#tick) };
    for (const [name, control] of this.#controls) control.show(view.variables[name] ?? []);
    this.#foot.replaceChildren(...this.#links());
    this.#lay();
  }

  tick(tick: Tick): void {
    this.#tick = tick;
  }

  variable({ name, options, trouble }: Events['variable']): void {
    if (trouble !== undefined) return;
    const before = JSON.stringify(this.#options.get(name));
    this.#options.set(name, options);
    if (before === JSON.stringify(options)) return;
    this.#controls.get(name)?.offer(options);
    this.#foot.replaceChildren(...this.#links());
    this.#lay();
  }

  panel(news: PanelNews): void {
    this.#panels.get(keyOf(news.id, news.repeated))?.update(news);
  }

  /** Nothing comes: what is not drawn yet says why; `everywhere` also what was drawn of another view. */
  halt(text: string, everywhere: boolean): void {
    for (const panel of this.#panels.values()) panel.halt(text, everywhere);
  }

  repaint(): void {
    for (const panel of this.#panels.values()) panel.repaint();
  }

  destroy(): void {
    for (const panel of this.#panels.values()) panel.destroy();
  }

  #variables(): HTMLElement | undefined {
    const shown = this.#dashboard.variables.filter(({ hidden }) => !hidden);
    if (shown.length === 0) return undefined;
    const controls = shown.map((declared) => {
      const values = this.#view.variables[declared.name] ?? [];
      const control = new VariableControl(declared, values, (next) => {
        this.#on.change({ variables: { ...this.#view.variables, [declared.name]: next } });
      });
      this.#controls.set(declared.name, control);
      return control.element;
    });
    return h('div', { class: 'variables', role: 'group', 'aria-label': 'Variables' }, controls);
  }

  #links(): HTMLElement[] {
    const links = this.#dashboard.links.flatMap(
      ({ includeVars, keepTime, targetBlank, title, tooltip, type, url }) => {
        // The bar on top leads to the other dashboards already.
        const isPlain = /^\/d\/[\w-]+(\?\$\{\w+:queryparam\})?$/.test(url ?? '');
        if (type === 'dashboards' || url === undefined || isPlain) return [];
        const address = this.#address(url);
        if (address === undefined) return [];
        const kept = viewSearch(this.#view);
        for (const name of [...kept.keys()]) {
          const stays = name.startsWith('var-')
            ? includeVars === true
            : keepTime === true && name !== 'refresh';
          if (!stays) kept.delete(name);
        }
        const more = kept.toString();
        const href =
          more === '' ? address : `${address}${address.includes('?') ? '&' : '?'}${more}`;
        const blank = targetBlank === true ? { target: '_blank', rel: 'noreferrer' } : {};
        return [
          h(
            'a',
            { class: 'dashboard-link', href, title: tooltip, ...blank },
            icon('link'),
            title ?? url,
          ),
        ];
      },
    );
    return links.length === 0
      ? []
      : [h('nav', { class: 'dashboard-links', 'aria-label': 'Links' }, links)];
  }

  #address(
    url: string,
    row?: { fields: Readonly<Record<string, string>>; value: string },
  ): string | undefined {
    const { range } = this.#view;
    const variables = Object.fromEntries(
      Object.entries(this.#view.variables).map(([name, values]) => {
        return [name, values.length === 0 ? (this.#options.get(name) ?? []).slice(0, 1) : values];
      }),
    );
    return linkAddress(url, { range, rangeMs: this.#tick, variables, ...row });
  }

  /** Puts panels into their places, when these are others than before. */
  #lay(): void {
    const places = layoutOf(this.#visible(), (variable) => this.#valuesOf(variable));
    const shape = JSON.stringify(
      places.map(({ h: height, panel, repeated, w, x, y }) => [
        panel.id,
        repeated,
        x,
        y,
        w,
        height,
      ]),
    );
    if (shape === this.#shape) return;
    this.#shape = shape;
    const known = new Map(this.#panels);
    this.#panels.clear();
    this.#grid.replaceChildren(
      ...places.map((place) => {
        const element =
          place.panel.type === 'row' ? this.#row(place) : this.#panelElement(place, known);
        const { h: height, w, x, y } = place;
        if (x + w > 18) element.setAttribute('data-right', '');
        if (w <= 6) element.setAttribute('data-narrow', '');
        return styled(element, { '--x': x + 1, '--y': y + 1, '--w': w, '--h': height });
      }),
    );
    for (const gone of known.values()) gone.destroy();
  }

  #visible(): PublicDashboard['panels'] {
    return this.#dashboard.panels.flatMap((panel) => {
      return panel.type === 'row' && !this.#closed.has(panel.id)
        ? [panel, ...(panel.panels ?? [])]
        : [panel];
    });
  }

  #panelElement({ panel, repeated }: Placed, known: Map<string, PanelView>): HTMLElement {
    const key = keyOf(panel.id, repeated);
    const view =
      known.get(key) ??
      new PanelView(panel, {
        context: () => ({ ...this.#tick, link: (url, row) => this.#address(url, row) }),
        zoom: (fromMs, toMs) => this.#on.change({ range: rangeBetween(fromMs, toMs) }),
        zoomOut: () => {
          const range = zoomedOut(this.#view.range, Date.now());
          if (range !== undefined) this.#on.change({ range });
        },
        window: () => rangeInWords(this.#view.range),
      });
    known.delete(key);
    this.#panels.set(key, view);
    return view.element;
  }

  #row({ panel }: Placed): HTMLElement {
    const isOpen = !this.#closed.has(panel.id);
    const toggle = (): void => {
      if (!this.#closed.delete(panel.id)) this.#closed.add(panel.id);
      this.#lay();
    };
    const attributes = { type: 'button', 'aria-expanded': String(isOpen), onclick: toggle };
    return h(
      'div',
      { class: 'row' },
      h('h3', {}, h('button', attributes, icon('chevron'), panel.title)),
    );
  }

  #valuesOf(variable: string): readonly string[] {
    const chosen = this.#view.variables[variable] ?? [];
    if (!chosen.includes(ALL) && chosen.length > 0) return chosen;
    const declared = this.#dashboard.variables.find(({ name }) => name === variable);
    return this.#options.get(variable) ?? declared?.options.map(({ value }) => value) ?? [];
  }
}

function keyOf(id: number, repeated: string | undefined): string {
  return `${id} ${repeated ?? ''}`;
}
