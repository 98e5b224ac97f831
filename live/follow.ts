// The events for one open page: at every tick the variables' options and every panel, and between the ticks
// the state of the pipeline. A page that takes no events misses ticks; the server keeps nothing for it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answers } from './answers.ts';
import type { QueryVariable } from './dashboards.ts';
import type { Events, PanelNews, Trouble } from './model/protocol.ts';
import { isOwn, sinceFirstRow } from './first-row.ts';
import { rangeMs, type TimeRange } from './model/time-range.ts';
import type { PipelineWatch } from './pipeline/watch.ts';
import type { Selection } from './selection.ts';

/** Where events go. */
export interface Page {
  /** False while what was sent before has not been taken. */
  readonly ready: boolean;
  send<K extends keyof Events>(event: K, data: Events[K]): void;
  /** Keeps the connection from looking dead. */
  beat(): void;
}

export interface Sources {
  readonly answers: Answers;
  readonly pipeline: PipelineWatch;
}

const BEAT_MS = 15_000;
/** A repeated panel is there at most so often. */
const MOST_REPEATS = 24;
/** Pages that look at once share answers of the same second. */
const GRAIN_MS = 1_000;
/** Between two attempts of a page without a refresh. */
const MENDS_MS = 5_000;

/** Time as the page is told it; tests have one that moves by itself. */
export interface Clock {
  nowMs(): number;
  /** Rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

/** Tells `page` until `signal`; without a selection of the pipeline alone. Never rejects. */
export async function followSelection(
  page: Page,
  selection: Selection | undefined,
  { answers, pipeline }: Sources,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<void> {
  const unfollow = pipeline.follow((news) => {
    if (page.ready) page.send('pipeline', news);
  });
  const beat = setInterval(() => page.beat(), BEAT_MS);
  try {
    if (selection !== undefined) await refresh(page, selection, answers, signal, clock);
    await clock.sleep(2 ** 31 - 1, signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  } finally {
    clearInterval(beat);
    unfollow();
  }
}

async function refresh(
  page: Page,
  selection: Selection,
  answers: Answers,
  signal: AbortSignal,
  clock: Clock,
): Promise<void> {
  const told = new Told(page, answers, selection);
  const beginMs = grain(clock.nowMs());
  await told.tick(beginMs, signal);
  // Such a page stands still, but what nobody could answer is asked again, for the same moment.
  while (selection.refreshMs === 0 && told.mends) {
    await clock.sleep(MENDS_MS, signal);
    if (page.ready) await told.tick(beginMs, signal);
  }
  while (selection.refreshMs > 0) {
    const nowMs = clock.nowMs();
    // At multiples of the refresh, so that all pages with the same one ask at the same moment.
    const nextMs = (Math.floor(nowMs / selection.refreshMs) + 1) * selection.refreshMs;
    await clock.sleep(nextMs - nowMs, signal);
    if (page.ready) await told.tick(grain(nextMs), signal);
  }
}

function grain(ms: number): number {
  return Math.floor(ms / GRAIN_MS) * GRAIN_MS;
}

/** Remembers what the page has, to send only what is new. */
class Told {
  readonly #page: Page;
  readonly #answers: Answers;
  readonly #selection: Selection;
  readonly #last = new Map<string, string>();
  #options: Record<string, readonly string[]> = {};
  #young = true;
  #mends = false;

  constructor(page: Page, answers: Answers, selection: Selection) {
    this.#page = page;
    this.#answers = answers;
    this.#selection = selection;
  }

  /** Whether something of the last tick failed that mends itself. */
  get mends(): boolean {
    return this.#mends;
  }

  async tick(nowMs: number, signal: AbortSignal): Promise<void> {
    const { dashboard } = this.#selection;
    this.#mends = false;
    const range = await this.#range(nowMs, signal);
    const { fromMs, toMs } = rangeMs(range, nowMs) ?? { fromMs: nowMs, toMs: nowMs };
    this.#page.send('tick', { atMs: nowMs, fromMs, toMs });
    await Promise.all(
      this.#due(dashboard.queryVariables).map(async (variable) => {
        const news = await this.#answers.variable(variable, this.#selection, nowMs, signal);
        if (news.trouble === undefined) {
          this.#options = { ...this.#options, [news.name]: news.options };
        }
        this.#heed(news.trouble);
        this.#page.send('variable', news);
      }),
    );
    await Promise.all(
      dashboard.panels.flatMap((panel) => {
        return this.#repeats(panel.repeat).map(async (repeated) => {
          const { variables } = this.#selection;
          const scoped =
            repeated === undefined ? variables : { ...variables, [panel.repeat!]: [repeated] };
          const selection = { ...this.#selection, range, variables: scoped };
          const options = this.#options;
          const news = await this.#answers.panel(panel, selection, options, nowMs, signal);
          this.#tell(repeated === undefined ? news : { ...news, repeated });
        });
      }),
    );
  }

  /** Once the first row is older than the range, it stays so. */
  async #range(nowMs: number, signal: AbortSignal): Promise<TimeRange> {
    const { dashboard, range, variables } = this.#selection;
    const window = rangeMs(range, nowMs);
    // The clock of grafana/window.ts: the time of events began long before their rows.
    const byArrival = variables['clock'] === undefined || !variables['clock'].includes('event');
    if (window === undefined || !byArrival || !this.#young || !isOwn(dashboard.shown.time, range))
      return range;
    const firstMs = await this.#answers.firstRow(dashboard, nowMs, signal);
    this.#young = firstMs === undefined || firstMs > window.fromMs;
    return sinceFirstRow(dashboard, range, window, firstMs);
  }

  #due(variables: readonly QueryVariable[]): readonly QueryVariable[] {
    return variables.filter(
      ({ everyTick, name }) => everyTick || this.#options[name] === undefined,
    );
  }

  /** The values a panel is repeated for; one undefined for a panel that is not. */
  #repeats(variable: string | undefined): readonly (string | undefined)[] {
    const chosen = variable === undefined ? undefined : this.#selection.variables[variable];
    if (chosen === undefined) return [undefined];
    const values = chosen === 'all' ? this.#everyValue(variable!) : chosen;
    return values.slice(0, MOST_REPEATS);
  }

  #everyValue(variable: string): readonly string[] {
    const { closed } = this.#selection.dashboard;
    return this.#options[variable] ?? closed[variable] ?? [];
  }

  #heed(trouble: Trouble | undefined): void {
    if (trouble?.kind === 'away' || trouble?.kind === 'busy') this.#mends = true;
  }

  #tell(news: PanelNews): void {
    const text = JSON.stringify(news);
    const { id, repeated } = news;
    const key = `${id} ${repeated ?? ''}`;
    const trouble = 'trouble' in news ? news.trouble : undefined;
    this.#heed(trouble);
    // A page takes back the word of a trouble when it hears that all is as it was.
    const same = trouble === undefined && this.#last.get(key) === text;
    this.#last.set(key, text);
    const named = repeated === undefined ? { id } : { id, repeated };
    this.#page.send('panel', same ? { ...named, same: true } : news);
  }
}
