// The page: the bar on top, the pipeline, and the dashboard that the address names. It follows the stream of
// events and begins a new one when somebody chooses something else.
import type { DashboardEntry, PublicDashboard } from '../model/dashboard.ts';
import type { Events } from '../model/protocol.ts';
import { rangeInWords, rangeMs } from '../model/time-range.ts';
import { readView, uidOf, viewAddress, viewSearch, type View } from './address.ts';
import { DashboardView } from './dashboard-view.ts';
import { h, icon } from './dom.ts';
import { Navigation } from './navigation.ts';
import { PipelineStrip } from './pipeline-strip.ts';
import { follow } from './stream.ts';
import { onTheme, theme, toggleTheme } from './theme.ts';
import { rangeControl, refreshControl } from './time-control.ts';

const page = document.querySelector('#page')!;
const strip = new PipelineStrip();
const controls = h('div', { class: 'bar-controls' });
const notice = h('div', { class: 'notice', role: 'alert', hidden: true });
const place = h('div', { class: 'place-of-dashboard' });
const navigation = new Navigation();

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
    h('header', { class: 'bar' }, brand, navigation.element, controls),
    notice,
    strip.element,
    place,
  );
  drawControls();
  onTheme(() => {
    shown?.element.repaint();
    drawControls();
  });
  const entries = (await ask('/api/dashboards')) as DashboardEntry[];
  const uid = uidOf(location.pathname) ?? entries[0]!.uid;
  navigation.show(entries, uid);
  if (!entries.some(({ uid: of }) => of === uid)) {
    followPipeline();
    say('This dashboard does not exist. Choose one above.');
    return;
  }
  const dashboard = (await ask(`/api/dashboards/${uid}`)) as PublicDashboard;
  document.title = `${dashboard.title} · sensorhouse`;
  show(dashboard, readView(dashboard, location.search));
  addEventListener('popstate', () => turn(readView(dashboard, location.search)));
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

/** Somebody chose something else to see: one entry in the browser's history. */
function change(next: Partial<View>): void {
  const view = { ...shown!.view, ...next };
  const address = viewAddress(view);
  if (address !== viewAddress(shown!.view)) history.pushState(null, '', address);
  turn(view);
}

function turn(view: View): void {
  const { dashboard, element, view: before } = shown!;
  shown = { dashboard, element, view };
  element.show(view);
  if (viewSearch(view).toString() !== viewSearch(before).toString()) drawControls();
  listen();
}

function drawControls(): void {
  // The control that was used is gone with the old ones; the one in its place takes the focus.
  const focused = controls.contains(document.activeElement)
    ? (document.activeElement!.getAttribute('aria-label') ?? 'menu')
    : undefined;
  const isDark = theme() === 'dark';
  const label = isDark ? 'Light page' : 'Dark page';
  controls.replaceChildren(
    ...timeControls(),
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
  if (focused === undefined) return;
  const same = [...controls.querySelectorAll<HTMLElement>('[aria-label]')].find(
    (each) => each.getAttribute('aria-label') === focused && !each.matches(':disabled'),
  );
  (same ?? controls.querySelector<HTMLElement>('.popup > button'))?.focus();
}

function timeControls(): HTMLElement[] {
  if (shown === undefined) return [];
  const { dashboard, view } = shown;
  return [
    rangeControl(view.range, (range) => change({ range })),
    refreshControl(
      view.refresh,
      dashboard.refreshChoices,
      (refresh) => change({ refresh }),
      listen,
    ),
  ];
}

/** Follows what is shown, in place of what was. */
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
    status: (trouble: string | undefined, final: boolean): void => {
      if (trouble === undefined) {
        say(undefined);
        return;
      }
      element.halt(final ? 'No panel is loaded: the message above says why.' : trouble, final);
      if (!final) strip.lost(trouble);
      else followPipeline();
      say(trouble, ...(final ? [wayBack()] : []));
    },
  };
  void follow(`/api/stream/${view.uid}?${query.toString()}`, listener, following.signal);
}

/** Follows the pipeline alone, where there is no dashboard to show. */
function followPipeline(): void {
  following.abort();
  following = new AbortController();
  const listener = {
    event: <K extends keyof Events>(name: K, data: Events[K]): void => {
      if (name === 'pipeline') strip.update(data as Events['pipeline']);
    },
    status: (trouble: string | undefined): void => {
      if (trouble !== undefined) strip.lost(trouble);
    },
  };
  void follow('/api/pipeline', listener, following.signal);
}

/** Leads from an address that cannot be shown to one that can. */
function wayBack(): HTMLElement {
  const { dashboard, view } = shown!;
  if (rangeMs(view.range, Date.now()) !== undefined) {
    return h('a', { href: `/d/${view.uid}` }, 'Show the dashboard as it opens');
  }
  const onclick = (): void => change({ range: dashboard.time });
  const words = rangeInWords(dashboard.time).toLowerCase();
  return h('button', { type: 'button', class: 'control', onclick }, `Show the ${words}`);
}

function say(text: string | undefined, ...ways: readonly HTMLElement[]): void {
  notice.hidden = text === undefined;
  notice.replaceChildren(
    ...(text === undefined ? [] : [icon('alert'), h('span', {}, text), ...ways]),
  );
}

begin().catch((thrown: unknown) => {
  reportError(thrown);
  const text = 'The page could not be loaded. Is its server running?';
  strip.lost(text);
  const onclick = (): void => location.reload();
  say(text, h('button', { type: 'button', class: 'control', onclick }, 'Try again'));
});
