// The list of dashboards in the bar on top. Where it does not fit it wraps, on a phone it scrolls sideways with
// the chosen one in view.
import type { DashboardEntry } from '../model/dashboard.ts';
import { h } from './dom.ts';

export class Navigation {
  readonly element = h('nav', { class: 'dashboards', 'aria-label': 'Dashboards' });

  show(entries: readonly DashboardEntry[], chosen: string): void {
    const list = h(
      'ul',
      {},
      entries.map(({ description, title, uid }) => {
        const current = uid === chosen ? 'page' : undefined;
        const attributes = { href: `/d/${uid}`, title: description, 'aria-current': current };
        return h('li', {}, h('a', attributes, title));
      }),
    );
    this.element.replaceChildren(list);
    const current = list.querySelector<HTMLElement>('[aria-current]');
    if (current === null) return;
    // By hand: scrollIntoView would move the page as well.
    list.scrollLeft = current.offsetLeft - (list.clientWidth - current.offsetWidth) / 2;
  }
}
