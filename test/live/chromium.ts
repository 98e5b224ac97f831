// A real Chromium for tests that need a browser. Without one, it says so in one line.
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PLACES = [
  ...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
/** It must ask nobody but the page. */
const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...[
    '--disable-background-networking',
    '--disable-component-update',
    '--force-color-profile=srgb',
  ],
];

const found = PLACES.find((path) => existsSync(path));

/** Why there is no browser; undefined when there is one. */
export const missingChromium =
  found === undefined ? `no Chromium in ${PLACES[0]} (apt-get install chromium)` : undefined;

/** Starts it without a window; dispose it with `await using`, or close it. */
export async function startChromium(): Promise<Browser> {
  if (found === undefined) throw new Error(missingChromium);
  return chromium.launch({ executablePath: found, args: ARGUMENTS });
}
