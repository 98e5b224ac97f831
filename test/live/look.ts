// Opens the live page in a browser and collects what goes wrong on it.
import type { Browser, Page } from 'playwright-core';

/** A busy machine takes its time. */
export const PATIENCE_MS = 60_000;

export interface Look {
  readonly page: Page;
  /** What went wrong on it: errors, warnings, and requests to elsewhere. */
  readonly wrong: string[];
}

export interface LookOptions {
  readonly width?: number;
  readonly theme?: 'dark' | 'light';
  /** Errors that the browser may write, such as the status of an answer that was meant to be refused. */
  readonly expected?: RegExp;
}

/** Opens `path` and waits until nothing is loading any more. */
export async function look(
  browser: Browser,
  url: string,
  path: string,
  { expected, theme = 'dark', width = 1_440 }: LookOptions = {},
): Promise<Look> {
  const page = await browser.newPage({ viewport: { width, height: 1_000 }, colorScheme: theme });
  page.setDefaultTimeout(PATIENCE_MS);
  const wrong: string[] = [];
  page.on('pageerror', ({ message }) => wrong.push(message));
  page.on('console', (message) => {
    const text = message.text();
    if (['error', 'warning'].includes(message.type()) && expected?.test(text) !== true)
      wrong.push(text);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) wrong.push(`asked ${request.url()}`);
  });
  await page.goto(`${url}${path}`);
  await page.waitForSelector('.panel, .notice:not([hidden])');
  await page.waitForSelector('.skeleton', { state: 'detached' });
  return { page, wrong };
}
