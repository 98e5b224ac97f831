// A producer: replays the events of a file to Kafka and accounts for every row it read. stdout carries
// nothing but dry-run events and help; everything else goes to stderr.
import type { Writable } from 'node:stream';
import { ownArguments } from '../platform/command-line.ts';
import { environment } from '../platform/config.ts';
import { EXIT_CODES } from '../platform/exit-codes.ts';
import { createLog, type Logger } from '../platform/log.ts';
import { runProgram, type Service } from '../platform/service.ts';
import { describe, Ledger, type Account } from './account.ts';
import { producerCommand, producerSettings, withHelpOption } from './arguments.ts';
import { readProducerConfig, rowLimitMistake, type ProducerConfig } from './config.ts';
import { Delivery, type Ending } from './delivery.ts';
import { DryRun } from './dry-run.ts';
import type { EventPage } from './event-page.ts';
import { producerMetrics, serveProducerMetrics } from './metrics.ts';
import { misfitError } from './misfit.ts';
import { openSelection, type Selection } from './selection.ts';
import { Pace } from './pace.ts';
import { showProgress } from './progress.ts';
import { replay } from './replay.ts';
import type { Rows } from './row-source.ts';

export interface ProducerService extends Service {
  /** What became of every row, once the producer has ended, however it ended. */
  readonly account: Promise<Account>;
}

export interface StartOptions {
  /** Default: to stderr, under the producer's name. */
  readonly log?: Logger;
  /** Where dry-run events go. Default: stdout. */
  readonly output?: Writable;
}

/** How long a stop waits for Kafka to acknowledge what is under way. Docker waits 10 s in all. */
const STOP_GRACE_MS = 5_000;

/**
 * Starts replaying. `ended` settles when every row has been dealt with: with 0, with 3 if Kafka was
 * away and ON_KAFKA_DOWN is `fail`; it rejects with a ConfigError for a bad row or a refused login.
 * Disposing stops reading, flushes and accounts.
 * @throws {ConfigError} when the file cannot be replayed at all; nothing was connected then.
 */
export async function start(
  config: ProducerConfig,
  options: StartOptions = {},
): Promise<ProducerService> {
  const { LOG_LEVEL: level, PRODUCER } = config;
  const log = options.log ?? createLog({ service: PRODUCER.name, level, fd: 2 });
  const mistake = rowLimitMistake(config);
  if (mistake !== undefined) log.warn(mistake);
  const ledger = new Ledger();
  const selection = await openSelection(config);
  const metrics = await serveProducerMetrics(config, producerMetrics(PRODUCER.name, ledger));
  const session = new Session(config, selection, log, options.output ?? process.stdout, ledger);
  void session.account.then(() => metrics?.[Symbol.asyncDispose]());
  return session;
}

/** One run from the first row to the account. */
class Session implements ProducerService {
  readonly ended: Promise<number>;
  readonly account: Promise<Account>;
  readonly #config: ProducerConfig;
  readonly #selection: Selection;
  readonly #log: Logger;
  readonly #ledger: Ledger;
  readonly #delivery: Delivery;
  #toldOfMisfit = false;
  readonly #stop = new AbortController();
  readonly #giveUp = new AbortController();

  constructor(
    config: ProducerConfig,
    selection: Selection,
    log: Logger,
    output: Writable,
    ledger: Ledger,
  ) {
    this.#ledger = ledger;
    this.#config = config;
    this.#selection = selection;
    this.#log = log;
    this.#delivery = new Delivery({
      config,
      ledger: this.#ledger,
      log,
      dryRun: new DryRun(output),
      records: selection.records,
      giveUp: this.#giveUp.signal,
    });
    this.ended = this.#run();
    this.account = this.ended.then(
      () => this.#ledger.close(),
      () => this.#ledger.close(),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const timer = setTimeout(() => this.#giveUp.abort(), STOP_GRACE_MS);
    await this.account;
    clearTimeout(timer);
  }

  async #run(): Promise<number> {
    const startMs = performance.now();
    try {
      const ending = await this.#deliverAll();
      if (ending instanceof Error) throw ending;
      return ending === 'failed' ? EXIT_CODES.away : EXIT_CODES.done;
    } finally {
      await this.#selection.source[Symbol.asyncDispose]();
      await this.#delivery[Symbol.asyncDispose]();
      this.#report(performance.now() - startMs);
    }
  }

  async #deliverAll(): Promise<Ending | undefined> {
    const stop = this.#stop.signal;
    const refused = await this.#delivery.open(stop);
    if (refused !== undefined || stop.aborted) return refused;
    const progress = this.#showProgress();
    const replaying = replay({
      source: this.#selection.source,
      pace: new Pace(this.#config.INTERVAL_MS),
      ledger: this.#ledger,
      misfits: (rows) => this.#misfits(rows),
      limit: this.#config.ROW_LIMIT.rows,
      deliver: (rows) => this.#delivery.deliver(rows),
      stop,
    });
    const ending = await replaying.finally(() => progress[Symbol.dispose]());
    return (await this.#delivery.flush()) ?? ending;
  }

  /** The first one is told at once, so that nobody has to wait for the account to learn of a wrong file. */
  #misfits({ from, page, to }: Rows<EventPage>): number {
    const misfits = page.misfits(from, to);
    if (misfits > 0 && !this.#toldOfMisfit) {
      const misfit = page.others().find((event) => event.misfit !== undefined)!.misfit!;
      const { message } = misfitError(this.#config.DATA_PATH, misfit);
      this.#log.warn(`${message}; this row and others that do not fit become dead letters`);
      this.#toldOfMisfit = true;
    }
    return misfits;
  }

  #showProgress(): Disposable {
    return showProgress({
      name: this.#config.PRODUCER.name,
      log: this.#log,
      terminal: process.stderr.isTTY,
      rows: () => this.#ledger.read,
      share: () => this.#share(),
      printing: () => this.#delivery.printing,
    });
  }

  #share(): number | undefined {
    const { rows } = this.#config.ROW_LIMIT;
    if (rows !== Infinity) return this.#ledger.read / rows;
    return this.#config.LOOP ? undefined : this.#selection.share();
  }

  #report(durationMs: number): void {
    const account = this.#ledger.close();
    const troubled = account.failed + account.inDoubt > 0;
    const facts = { event: 'account', ...account, durationMs: Math.round(durationMs) };
    const mistake = rowLimitMistake(this.#config);
    const said = mistake === undefined ? '' : `; ${mistake}`;
    // Last, too: the first lines are out of sight by then.
    const level = troubled || mistake !== undefined ? 'warn' : 'info';
    this.#log[level](facts, `${describe(account)}${said}`);
  }
}

if (import.meta.main) {
  await runProgram(
    producerCommand,
    (given) => start(readProducerConfig({ ...environment(), ...producerSettings(given) })),
    withHelpOption(ownArguments()),
  );
}
