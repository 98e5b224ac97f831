// Opens the live page in a browser and collects its errors.
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

/**
 * One page that shows one address after the other; nothing of the one before is kept. A page for each would start
 * four processes of the browser, which take more CPU than what they show.
 */
export class Viewer {
  readonly #page: Page;
  #url = '';
  #expected: RegExp | undefined;
  #wrong: string[] = [];

  private constructor(page: Page) {
    this.#page = page;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', ({ message }) => this.#wrong.push(message));
    page.on('console', (message) => {
      const text = message.text();
      if (['error', 'warning'].includes(message.type()) && this.#expected?.test(text) !== true)
        this.#wrong.push(text);
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(this.#url)) this.#wrong.push(`asked ${request.url()}`);
    });
  }

  static async open(browser: Browser): Promise<Viewer> {
    // What moves is drawn sixty times a second, and nobody watches it.
    return new Viewer(await browser.newPage({ reducedMotion: 'reduce' }));
  }

  /** Opens `path` and waits until nothing is loading any more. */
  async look(
    url: string,
    path: string,
    { expected, theme = 'dark', width = 1_440 }: LookOptions = {},
  ): Promise<Look> {
    const page = this.#page;
    await page.unrouteAll();
    // Ends what is shown. Of the same site, so that the same process shows what follows.
    await page.goto(`${url}/app/browser/icon.svg`);
    await page.evaluate('localStorage.clear()');
    await page.setViewportSize({ width, height: 1_000 });
    await page.emulateMedia({ colorScheme: theme });
    this.#url = url;
    this.#expected = expected;
    const wrong: string[] = [];
    this.#wrong = wrong;
    await page.goto(`${url}${path}`);
    try {
      await page.waitForSelector('.panel, .notice:not([hidden])');
      await page.waitForSelector('.skeleton', { state: 'detached' });
    } catch (cause) {
      const shown = String(await page.evaluate('document.body.innerText')).slice(0, 200);
      throw new Error(`${path} does not load; it shows ${JSON.stringify(shown)}; wrong: ${wrong.join('; ')}`, { cause }); // prettier-ignore
    }
    return { page, wrong };
  }
}
