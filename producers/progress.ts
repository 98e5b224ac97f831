// Shows the progress of a replay on stderr: a bar on a terminal, else a log line now and then.
import { SingleBar } from 'cli-progress';
import type { Logger } from '../platform/log.ts';

export interface ProgressOptions {
  readonly name: string;
  readonly log: Logger;
  readonly terminal: boolean;
  /** Rows read so far. */
  readonly rows: () => number;
  /** 0 to 1; undefined when there is no end. */
  readonly share: () => number | undefined;
  /** True while events are printed, which shows progress by itself. */
  readonly printing: () => boolean;
}

const BAR_EVERY_MS = 200;
const LINE_EVERY_MS = 10_000;

/** Starts showing; dispose of it before the final line. */
export function showProgress(options: ProgressOptions): Disposable {
  const { printing, share, terminal } = options;
  const bar = terminal && share() !== undefined && !printing();
  return bar ? showBar(options) : logLines(options);
}

function showBar({ name, rows, share, printing }: ProgressOptions): Disposable {
  const format = `${name} {bar} {percentage}% | {rows} rows | {duration_formatted}`;
  const bar = new SingleBar({ format, stream: process.stderr, barsize: 30, hideCursor: null });
  const update = (): void => {
    if (printing()) bar.stop();
    else bar.update(100 * (share() ?? 0), { rows: rows() });
  };
  bar.start(100, 0, { rows: 0 });
  const timer = setInterval(update, BAR_EVERY_MS).unref();
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      update();
      bar.stop();
    },
  };
}

function logLines({ log, rows, share }: ProgressOptions): Disposable {
  const startMs = performance.now();
  const line = (): void => {
    const part = share();
    const percent = part === undefined ? '' : ` (${Math.floor(part * 100)} %)`;
    const rowsPerSec = Math.round((rows() / (performance.now() - startMs)) * 1_000);
    log.info({ rows: rows(), rowsPerSec }, `${rows()} rows so far${percent}`);
  };
  const timer = setInterval(line, LINE_EVERY_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
