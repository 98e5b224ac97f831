// The live page in a real Chromium: every dashboard with data, empty, and with ClickHouse away; keys,
// names and focus; nothing typed becomes SQL or markup; nothing is loaded from elsewhere. For pictures of it
// there is `npm run screenshots`.
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Live } from '../../live/main.ts';
import { describeBackend } from '../backend/context.ts';
import { missingChromium, startChromium } from '../live/chromium.ts';
import { PATIENCE_MS, Viewer, type Look, type LookOptions } from '../live/look.ts';
import { fakeConsumer, startLive } from '../live/world.ts';
import { sensorTables, type SensorTables } from './dashboard-data.ts';

const UIDS = [
  'sensor-overview',
  'current-status-table',
  'current-status-and-events',
  'traffic-overview',
  'pipeline-health',
];

if (missingChromium !== undefined)
  process.stderr.write(`tests in a browser are SKIPPED: ${missingChromium}\n`);

const backend = inject('backend').kind;
let viewer: Viewer;
/** The page with ClickHouse in three states, for all tests: nothing they do is kept. */
let pages: Record<'data' | 'empty' | 'away', Live>;
let tables: SensorTables;
const opened = new AsyncDisposableStack();
beforeAll(async () => {
  if (missingChromium !== undefined || backend === 'none') return;
  const browser = await startChromium();
  opened.defer(() => browser.close());
  viewer = await Viewer.open(browser);
  tables = opened.use(await sensorTables(inject('clickhouseUrl'), Date.now()));
  const empty = opened.use(await sensorTables(inject('clickhouseUrl'), Date.now(), 0));
  const { url: CONSUMER_URL } = opened.use(await fakeConsumer(3));
  pages = {
    data: opened.use(await startLive(tables.url, { CONSUMER_URL })),
    empty: opened.use(await startLive(empty.url, { CONSUMER_URL })),
    away: opened.use(await startLive(new URL('http://u:p@127.0.0.1:1/'))),
  };
});
afterAll(() => opened.disposeAsync());

const open = (live: Live, path: string, options: LookOptions = {}): Promise<Look> =>
  viewer.look(live.url, path, options);

const later = (): string => `from=now-15m&to=${Date.now() + 900_000}`;

describeBackend('the live page in Chromium', () => {
  it.skipIf(missingChromium !== undefined).each(UIDS)(
    'draws %s with data, empty, and with ClickHouse away',
    async (uid) => {
      for (const name of ['data', 'empty'] as const) {
        const { page, wrong } = await open(pages[name], `/d/${uid}?${later()}`);
        await page.waitForSelector('[data-place=consumer][data-state=ok]');
        expect(await page.locator('.word-alert').allTextContents()).toEqual([]);
        if (name === 'data')
          expect(await page.locator('.panel-box:has(canvas, table, ul)').count()).toBeGreaterThan(
            0,
          );
        expect(wrong).toEqual([]);
      }
      const { page, wrong } = await open(pages.away, `/d/${uid}`);
      const words = await page.locator('.panel-word').allTextContents();
      expect(new Set(words)).toEqual(
        new Set([
          'ClickHouse: nothing answers on 127.0.0.1:1: npm start, or npm run clickhouse. Trying again.',
        ]),
      );
      await page.waitForSelector('[data-place=clickhouse][data-state=bad]');
      expect(wrong).toEqual([]);
    },
  );

  it.skipIf(missingChromium !== undefined)(
    'takes what is typed into a variable for a value, never for SQL or markup',
    async () => {
      const { page, wrong } = await open(pages.data, `/d/sensor-overview?${later()}`);
      const rows = (): Promise<string> => page.locator('[data-panel="1"] .stat-number').innerText();
      expect(await rows()).toBe(String(tables.rowsNow));
      const typed = `x') OR 1=1 --<img src=x onerror=alert(1)>`;
      await page.getByRole('button', { name: 'Device All' }).click();
      await page.getByLabel('Device: find, or type a value').fill(typed);
      await page.keyboard.press('Enter');
      await expect.poll(rows, { timeout: PATIENCE_MS }).toBe('0');
      expect(await page.locator('[data-variable=device_id] .control-text').innerText()).toBe(typed);
      expect(new URL(page.url()).searchParams.getAll('var-device_id')).toEqual([typed]);
      expect(await page.locator('img[src=x]').count()).toBe(0);

      await page.goBack();
      await expect.poll(rows, { timeout: PATIENCE_MS }).toBe(String(tables.rowsNow));
      expect(wrong).toEqual([]);
    },
  );

  it.skipIf(missingChromium !== undefined)(
    'can be used with keys alone and says what everything is',
    async () => {
      const { page, wrong } = await open(pages.data, `/d/sensor-overview?${later()}`);
      const focused = (): Promise<string> =>
        page.evaluate(
          `(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()`,
        );
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('Skip to the dashboard');
      const seen: string[] = [];
      for (let i = 0; i < 25; i += 1) {
        await page.keyboard.press('Tab');
        seen.push(await focused());
      }
      const order = [
        'sensorhouse',
        'Sensor overview',
        'Refresh now',
        'Light page',
        'All',
        'About Rows in window',
      ];
      const places = order.map((text) => seen.findIndex((each) => each.includes(text)));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(places).not.toContain(-1);

      await page.getByRole('button', { name: 'Time range' }).click();
      await page.getByRole('button', { name: 'Last hour' }).click();
      expect(new URL(page.url()).searchParams.get('from')).toBe('now-1h');
      await page.getByRole('button', { name: 'Window of' }).press('Enter');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      expect(new URL(page.url()).searchParams.get('var-clock')).toBe('event');
      await page.goBack();
      await page.goBack();

      const temperature = page.getByRole('group', { name: /^Temperature: chart/ });
      await temperature.focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowRight');
      expect(await page.locator('[aria-live=polite]').allTextContents()).toContainEqual(
        expect.stringMatching(/22\.5 °C/),
      );

      // Every control has a name, every figure has words, every id is there once.
      const nameless =
        await page.evaluate(`[...document.querySelectorAll('button, a, input, select')].filter((each) => {
      const labelled = (each.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join('');
      return (each.getAttribute('aria-label') ?? '') + each.textContent + labelled + (each.labels?.length ?? '') === '';
    }).length`);
      expect(nameless).toBe(0);
      const doubled = await page.evaluate(
        `(() => { const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id); return ids.filter((id, i) => ids.indexOf(id) !== i); })()`,
      );
      expect(doubled).toEqual([]);
      expect(await page.locator('h1').count()).toBe(1);
      expect(await page.locator('main').count()).toBe(1);
      expect(await page.evaluate(`document.documentElement.lang`)).toBe('en');
      expect(wrong).toEqual([]);
    },
  );

  it.skipIf(missingChromium !== undefined)(
    'fits a phone, and has a light page of its own',
    async () => {
      for (const theme of ['dark', 'light'] as const) {
        const { page: last } = await open(pages.data, '/d/pipeline-health', { width: 390, theme });
        const tab = (await last.locator('.dashboards [aria-current]').boundingBox())!;
        expect(tab.x).toBeGreaterThanOrEqual(0);
        expect(tab.x + tab.width).toBeLessThanOrEqual(390);
        const { page, wrong } = await open(pages.data, `/d/sensor-overview?${later()}`, {
          width: 390,
          theme,
        });
        const width = await page.evaluate(`document.documentElement.scrollWidth`);
        expect(width).toBe(390);
        // The menu lies above what follows, and inside the screen.
        await page.getByRole('button', { name: 'Time range' }).click();
        await page.getByLabel('From').click();
        await page.keyboard.press('Escape');
        const before = await page.evaluate(`getComputedStyle(document.body).backgroundColor`);
        await page
          .getByRole('button', { name: theme === 'dark' ? 'Light page' : 'Dark page' })
          .click();
        expect(await page.evaluate(`getComputedStyle(document.body).backgroundColor`)).not.toBe(
          before,
        );
        expect(wrong).toEqual([]);
      }
    },
  );

  it.skipIf(missingChromium !== undefined)(
    'can be read: text on every ground has the contrast of WCAG AA',
    async () => {
      await using consumer = await fakeConsumer(90_000);
      await using live = await startLive(tables.url, { CONSUMER_URL: consumer.url });
      for (const theme of ['dark', 'light'] as const) {
        const { page } = await open(live, `/d/sensor-overview?${later()}`, { theme });
        await page.waitForSelector('[data-place=kafka][data-state=bad]');
        const faint = await page.evaluate(FAINT_TEXTS);
        expect(faint).toEqual([]);
      }
    },
  );
});

/** Texts with less contrast than 4.5 (3 for large ones), worked out from the computed colours. */
const FAINT_TEXTS = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].map((value) => value / 255);
  };
  const over = (top, bottom) => top.slice(0, 3).map((value, i) => value * top[3] + bottom[i] * (1 - top[3])).concat(1);
  const groundOf = (element) => {
    const grounds = [];
    for (let each = element; each !== null; each = each.parentElement) grounds.push(rgba(getComputedStyle(each).backgroundColor));
    return grounds.reduceRight((below, ground) => over(ground, below), [1, 1, 1, 1]);
  };
  const light = (color) => {
    const [r, g, b] = color.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const texts = [...document.querySelectorAll('body *')].filter((element) => {
    return element.checkVisibility({ visibilityProperty: true }) && !element.matches('.unseen, .skip, option, .note-line *') && [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
  });
  return texts.flatMap((element) => {
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    const [one, other] = [light(over(rgba(style.color), ground)), light(ground)].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    return ratio < (isLarge ? 3 : 4.5) ? [element.className + ' ' + element.textContent.slice(0, 30) + ' ' + ratio.toFixed(2)] : [];
  });
})()`;
