// The time range of the live page in a real Chromium: dragging, the steps beside it, the browser's history,
// and addresses that cannot be shown.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Live } from '../../live/main.ts';
import { startLive } from '../live/world.ts';
import { describeBackend } from '../backend/context.ts';
import { missingChromium, startChromium } from '../live/chromium.ts';
import { PATIENCE_MS, Viewer } from '../live/look.ts';
import { sensorTables, type SensorTables } from './dashboard-data.ts';

const backend = inject('backend').kind;
let viewer: Viewer;
let tables: SensorTables;
let live: Live;
const opened = new AsyncDisposableStack();
beforeAll(async () => {
  if (missingChromium !== undefined || backend === 'none') return;
  const browser = await startChromium();
  opened.defer(() => browser.close());
  viewer = await Viewer.open(browser);
  tables = opened.use(await sensorTables(inject('clickhouseUrl'), Date.now()));
  live = opened.use(await startLive(tables.url));
});
afterAll(() => opened.disposeAsync());

const lengthOf = (page: Page): number => {
  const { searchParams: query } = new URL(page.url());
  return Number(query.get('to')) - Number(query.get('from'));
};
const entries = (page: Page): Promise<number> => page.evaluate('history.length');
const refused = /status of 40[04]|status of 500/;

describeBackend('the time range of the live page', () => {
  it.skipIf(missingChromium !== undefined)(
    'takes one drag for one step of the history, and leads back, out and aside',
    async () => {
      const [from, to] = [Date.now() - 900_000, Date.now() + 60_000];
      const start = `/d/sensor-overview?from=${from}&to=${to}&refresh=off&var-clock=arrival`;
      const { page, wrong } = await viewer.look(
        live.url,
        `${start}&var-device_id=${tables.devices[0]!}`,
      );
      const before = await entries(page);
      const plot = page.locator('.panel:has-text("Temperature") .u-over').first();
      await page.waitForSelector('.panel:nth-of-type(8) .u-over');
      const box = (await plot.boundingBox())!;
      // To the end of the range, where the rows are: a plot without any would go away.
      await page.mouse.move(box.x + box.width * 0.75, box.y + 20);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width - 1, box.y + 30, { steps: 4 });
      await page.mouse.up();
      expect(await entries(page)).toBe(before + 1);
      const dragged = page.url();
      expect(lengthOf(page) / (to - from)).toBeCloseTo(0.25, 1);
      expect(
        await page.evaluate(
          `[...document.querySelectorAll('.u-select')].filter((each) => each.offsetWidth > 0).length`,
        ),
      ).toBe(0);

      await plot.dblclick();
      expect(await entries(page)).toBe(before + 2);
      expect(lengthOf(page) / (to - from)).toBeCloseTo(0.5, 1);
      await page.getByRole('button', { name: 'Zoom out' }).click();
      expect(lengthOf(page) / (to - from)).toBeCloseTo(1, 1);
      const wide = Number(new URL(page.url()).searchParams.get('from'));
      await page.getByRole('button', { name: 'Earlier' }).click();
      expect(Number(new URL(page.url()).searchParams.get('from'))).toBeLessThan(wide);
      // Pressed by key once more: the new button has the focus of the old one.
      await page.keyboard.press('Enter');
      expect(await entries(page)).toBe(before + 5);

      for (let i = 0; i < 4; i += 1) await page.goBack();
      expect(page.url()).toBe(dragged);
      await page.getByRole('link', { name: 'Pipeline health' }).click();
      await page.waitForSelector('h2:has-text("Pipeline health")');
      await page.goBack();
      await page.waitForSelector('h2:has-text("Sensor overview")');
      expect(page.url()).toBe(dragged);
      expect(await page.locator('[data-variable=device_id] .control-text').innerText()).toBe(
        tables.devices[0],
      );
      await page.goBack();
      expect(lengthOf(page)).toBe(to - from);
      await page.goForward();
      expect(page.url()).toBe(dragged);
      expect(wrong).toEqual([]);
    },
  );

  it.skipIf(missingChromium !== undefined)(
    'says what is wrong with an address, leads back, and shows the pipeline all the same',
    async () => {
      const { page, wrong } = await viewer.look(live.url, '/d/sensor-overview?from=abc&to=now', { expected: refused }); // prettier-ignore
      const figure = page.locator('[data-place=clickhouse] .place-figure');
      const notice = page.locator('.notice');
      const ranges = ['from=now&to=now-1h', 'from=-5&to=now', 'from=1&to=99999999999999999', 'from=%2B300000-01-01&to=now', 'from=now-999999y&to=now']; // prettier-ignore
      for (const range of ranges) {
        await page.goto(`${live.url}/d/sensor-overview?${range}`);
        await page.waitForSelector('.notice:not([hidden])');
        expect(await notice.innerText()).toContain('no valid time range');
        expect(await page.locator('.skeleton').count()).toBe(0);
      }
      await expect.poll(() => figure.innerText(), { timeout: PATIENCE_MS }).toMatch(/^\d/);
      await page.getByRole('button', { name: 'Show the last 15 minutes' }).click();
      await page.waitForSelector('.panel:has-text("Temperature") canvas');
      expect(await notice.isHidden()).toBe(true);
      expect(new URL(page.url()).searchParams.get('from')).toBe('now-15m');

      await page.goto(`${live.url}/d/nothing-here`);
      await page.waitForSelector('.notice:not([hidden])');
      await expect.poll(() => figure.innerText(), { timeout: PATIENCE_MS }).toMatch(/^\d/);

      await page.route('**/api/**', (route) => route.fulfill({ status: 500, body: 'broken' }));
      await page.goto(`${live.url}/d/sensor-overview`);
      await page.getByRole('button', { name: 'Try again' }).waitFor();
      expect(await figure.innerText()).toBe('–');
      expect(wrong.filter((text) => text !== 'broken')).toEqual([]);
    },
  );
});
