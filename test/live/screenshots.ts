// The command behind `npm run screenshots`: starts the whole platform on the side, with some minutes of
// history, and takes the pictures of the documentation from its live page.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { freePort } from '../../embedded/kafka/ports.ts';
import { environment } from '../../platform/config.ts';
import { readCommandLine, type CommandLine } from '../../platform/command-line.ts';
import { KAFKA_LIBS } from '../backend/embedded.ts';
import { missingChromium, startChromium } from './chromium.ts';
import { history, insert, writeHistory } from './history.ts';
import { trafficHistory } from './traffic-history.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const IMAGES = join(PROJECT, 'docs', 'images');
/** The committed file has rows of each device for 13. */
const MINUTES = 12;
/** So long before its first row can be seen the first producer began. */
const FIRST_ROWS_MS = 2_000;
/** A busy machine takes its time. */
const PATIENCE_MS = 180_000;
/** Reports of detectors go on to arrive while their picture is taken. */
const TRAFFIC_AHEAD_MS = 60_000;
/** Long enough for the paces of the strip. */
const SETTLE_MS = 25_000;

interface Shot {
  readonly file: string;
  readonly path: string;
  readonly theme: 'dark' | 'light';
  readonly width: number;
  readonly height: number;
}

const SHOTS: readonly Shot[] = [
  {
    file: 'live-overview.png',
    path: '/d/sensor-overview',
    theme: 'dark',
    width: 1440,
    height: 1180,
  },
  {
    file: 'live-events.png',
    path: '/d/current-status-and-events',
    theme: 'light',
    width: 1440,
    height: 1060,
  },
  {
    file: 'live-pipeline.png',
    path: '/d/pipeline-health?from=now-1h&to=now',
    theme: 'dark',
    width: 1440,
    height: 1060,
  },
  { file: 'live-phone.png', path: '/d/sensor-overview', theme: 'dark', width: 390, height: 844 },
];

/** Taken last: it has rows of its own, which no pipeline brought. */
const TRAFFIC: Shot = {
  file: 'traffic-overview.png',
  path: '/d/traffic-overview',
  theme: 'light',
  width: 1440,
  height: 1500,
};

interface Platform extends AsyncDisposable {
  /** Of the live page. */
  readonly url: string;
  /** With the user that may write. */
  readonly clickhouse: URL;
}

async function startPlatform(home: string): Promise<Platform> {
  const past = await history(MINUTES);
  const csv = join(home, 'rest.csv');
  await writeFile(csv, past.restOfCsv);
  const port = async (): Promise<string> => String(await freePort('127.0.0.1'));
  const ports = { KAFKA_PORT: await port(), CLICKHOUSE_PORT: await port(), METRICS_PORT: await port(), LIVE_PORT: await port() }; // prettier-ignore
  const child = spawn(process.execPath, [join(PROJECT, 'embedded', 'main.ts')], {
    env: {
      ...environment(),
      ...ports,
      SENSORHOUSE_DIR: home,
      DATA_PATH: csv,
      FLUSH_INTERVAL_SEC: '1',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      process.stdout.write(`${line}\n`);
      if (line.startsWith('First rows after')) resolve();
    });
    void ended.then((code) =>
      reject(new Error(`the platform ended with exit code ${String(code)}`)),
    );
  });
  const clickhouse = new URL(`http://sensor:sensorpass@127.0.0.1:${ports.CLICKHOUSE_PORT}`);
  await writeHistory(clickhouse, past, Date.now() - FIRST_ROWS_MS);
  return {
    clickhouse,
    url: `http://127.0.0.1:${ports.LIVE_PORT}`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function take(browser: Browser, url: string, shot: Shot): Promise<void> {
  const { file, height, path, theme, width } = shot;
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: theme,
    deviceScaleFactor: width < 500 ? 2 : 1,
  });
  await page.goto(url + path);
  await page.waitForSelector('.panel');
  await page.waitForSelector('.skeleton', { state: 'detached', timeout: PATIENCE_MS });
  await sleep(SETTLE_MS);
  await page.screenshot({ path: join(IMAGES, file) });
  await page.close();
  process.stdout.write(`Wrote docs/images/${file}\n`);
}

export const screenshotsCommand = {
  about: 'Takes the pictures of the documentation from the live page of a platform of its own.',
  command: 'npm run screenshots',
  exitCodes: { 2: 'a wrong argument, or there is no Chromium' },
} as const satisfies CommandLine;

if (import.meta.main) {
  readCommandLine(screenshotsCommand);
  if (missingChromium !== undefined) {
    process.stderr.write(`${missingChromium}\n`);
    process.exit(2);
  }
  const home = await mkdtemp(join(tmpdir(), 'sensorhouse-screenshots-'));
  try {
    await symlink(KAFKA_LIBS, join(home, basename(KAFKA_LIBS)));
    await mkdir(IMAGES, { recursive: true });
    await using platform = await startPlatform(home);
    const browser = await startChromium();
    // One after the other, so that each page has the machine.
    for (const shot of SHOTS) await take(browser, platform.url, shot);
    const reports = await trafficHistory(Date.now() + TRAFFIC_AHEAD_MS);
    await insert(platform.clickhouse, 'traffic_events', reports);
    await take(browser, platform.url, TRAFFIC);
    await browser.close();
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
