// The page: the bar on top, the pipeline, and the dashboard that the address names. Follows the stream of
// what is shown and begins a new one when somebody chooses something else.
import type { DashboardEntry, PublicDashboard } from '../model/dashboard.ts';
import type { Events } from '../model/protocol.ts';
import { readView, uidOf, viewAddress, viewSearch, type View } from './address.ts';
import { DashboardView } from './dashboard-view.ts';
import { h, icon } from './dom.ts';
import { PipelineStrip } from './pipeline-strip.ts';
import { follow } from './stream.ts';
import { onTheme, theme, toggleTheme } from './theme.ts';
import { rangeControl, refreshControl } from './time-control.ts';

const page = document.querySelector('#page')!;
const strip = new PipelineStrip();
const controls = h('div', { class: 'bar-controls' });
const notice = h('div', { class: 'notice', role: 'alert', hidden: true });
const place = h('div', { class: 'place-of-dashboard' });
const navigation = h('nav', { class: 'dashboards', 'aria-label': 'Dashboards' });

let shown: { dashboard: PublicDashboard; view: View; element: DashboardView } | undefined;
let following = new AbortController();

async function begin(): Promise<void> {
  const brand = h(
    'a',
    { class: 'brand', href: '/' },
    h('img', { src: '/app/browser/icon.svg', alt: '', width: 28, height: 28 }),
    h('h1', {}, 'sensorhouse'),
  );
  page.replaceChildren(
    h('header', { class: 'bar' }, brand, navigation, controls),
    notice,
    strip.element,
    place,
  );
  const entries = (await ask('/api/dashboards')) as DashboardEntry[];
  const uid = uidOf(location.pathname) ?? entries[0]!.uid;
  navigation.replaceChildren(
    h(
      'ul',
      {},
      entries.map(({ description, title, uid: of }) => {
        const current = of === uid ? 'page' : undefined;
        return h(
          'li',
          {},
          h('a', { href: `/d/${of}`, title: description, 'aria-current': current }, title),
        );
      }),
    ),
  );
  if (!entries.some(({ uid: of }) => of === uid)) {
    say('There is no such dashboard. Choose one above.');
    return;
  }
  const dashboard = (await ask(`/api/dashboards/${uid}`)) as PublicDashboard;
  document.title = `${dashboard.title} · sensorhouse`;
  show(dashboard, readView(dashboard, location.search));
  addEventListener('popstate', () => turn(readView(dashboard, location.search)));
  onTheme(() => {
    shown?.element.repaint();
    drawControls();
  });
}

async function ask(path: string): Promise<unknown> {
  const response = await fetch(path);
  if (response.status === 401) location.reload();
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

function show(dashboard: PublicDashboard, view: View): void {
  const element = new DashboardView(dashboard, view, { change });
  shown = { dashboard, view, element };
  place.replaceChildren(element.element);
  drawControls();
  listen();
}

/** Somebody chose something else to see. */
function change(next: Partial<View>): void {
  const view = { ...shown!.view, ...next };
  history.pushState(null, '', viewAddress(view));
  turn(view);
}

function turn(view: View): void {
  const { dashboard, element, view: before } = shown!;
  shown = { dashboard, element, view };
  element.show(view);
  if (view.range !== before.range || view.refresh !== before.refresh) {
    // The menu that was used is gone with the old controls; its button takes the focus.
    const hadFocus = controls.querySelector('.popup')?.contains(document.activeElement) === true;
    drawControls();
    if (hadFocus) controls.querySelector<HTMLElement>('.popup > button')?.focus();
  }
  listen();
}

function drawControls(): void {
  const { dashboard, view } = shown!;
  const isDark = theme() === 'dark';
  const label = isDark ? 'Light page' : 'Dark page';
  controls.replaceChildren(
    rangeControl(view.range, (range) => change({ range })),
    refreshControl(
      view.refresh,
      dashboard.refreshChoices,
      (refresh) => change({ refresh }),
      listen,
    ),
    h(
      'button',
      {
        type: 'button',
        class: 'control icon-only',
        onclick: toggleTheme,
        'aria-label': label,
        title: label,
      },
      icon(isDark ? 'sun' : 'moon'),
    ),
  );
}

function listen(): void {
  following.abort();
  following = new AbortController();
  const { element, view } = shown!;
  const query = viewSearch(view);
  query.set('width', String(Math.round(place.clientWidth / 2)));
  const listener = {
    event: <K extends keyof Events>(name: K, data: Events[K]): void => {
      if (name === 'pipeline') strip.update(data as Events['pipeline']);
      else if (name === 'tick') element.tick(data as Events['tick']);
      else if (name === 'variable') element.variable(data as Events['variable']);
      else element.panel(data as Events['panel']);
    },
    status: (trouble: string | undefined): void => {
      document.documentElement.dataset['connected'] = String(trouble === undefined);
      say(trouble);
    },
  };
  void follow(`/api/stream/${view.uid}?${query.toString()}`, listener, following.signal);
}

function say(text: string | undefined): void {
  notice.hidden = text === undefined;
  notice.replaceChildren(...(text === undefined ? [] : [icon('alert'), h('span', {}, text)]));
}

begin().catch((thrown: unknown) => {
  reportError(thrown);
  say('The page could not be loaded. Is its server running? Reload to try again.');
});
