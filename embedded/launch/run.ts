// One run of the producers through a stack whose servers are up: starts consumer and producers, follows
// them, and closes with an account that broker and tables confirm.
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '../../platform/errors.ts';
import type { Account as ProducerAccount } from '../../producers/account.ts';
import { accountFor, isCaughtUp, type PartitionStanding, type RunAccount } from './account.ts';
import { HOST, type LaunchConfig } from './config.ts';
import type { LogLine } from './log-line.ts';
import type { Part } from './part.ts';
import { Proof } from './proof.ts';
import type { Stack } from './stack.ts';
import { Status, tellFirstRow } from './status.ts';
import type { Terminal } from './terminal.ts';

const POLL_MS = 100;
/** Without one more row for so long, what is missing will not come. */
const STUCK_MS = 60_000;
/** A producer gives Kafka 5 s to acknowledge, a consumer lands what it has within 10 s. */
const PRODUCER_GRACE_MS = 8_000;
const CONSUMER_GRACE_MS = 15_000;
const LIVE_GRACE_MS = 5_000;

export interface Ending {
  readonly account: RunAccount;
  readonly durationMs: number;
  readonly consumerPeakBytes: number;
}

export class Run implements AsyncDisposable {
  readonly #config: LaunchConfig;
  readonly #stack: Stack;
  readonly #proof: Proof;
  readonly #status: Status;
  readonly #over = new AbortController();
  readonly #accounts = new Map<string, ProducerAccount | undefined>();
  readonly #producers: Part[] = [];
  #following: Promise<unknown> = Promise.resolve();
  #startedAtMs = 0;
  #durationMs: number | undefined;

  private constructor(config: LaunchConfig, stack: Stack, proof: Proof, terminal: Terminal) {
    this.#config = config;
    this.#stack = stack;
    this.#proof = proof;
    this.#status = new Status(`http://${HOST}:${config.metricsPort}/metrics`, terminal);
  }

  /** Begins a run: what Kafka holds already is not part of it. */
  static async begin(config: LaunchConfig, stack: Stack, terminal: Terminal): Promise<Run> {
    return new Run(config, stack, await Proof.begin(config), terminal);
  }

  get producerNames(): string[] {
    return this.#config.producers.map(({ PRODUCER }) => PRODUCER.name);
  }

  startConsumer(): void {
    const env = { ...this.#config.environments.consumer, METRICS_HOST: HOST };
    const program = 'consumer/main.ts';
    this.#stack.start({ name: 'consumer', program, env, graceMs: CONSUMER_GRACE_MS });
  }

  /** The page that shows it all. A run goes on without it when it ends. */
  startLive(): void {
    const env = this.#config.environments.live;
    const start = { name: 'live', program: 'live/main.ts', env, graceMs: LIVE_GRACE_MS };
    this.#stack.start({ ...start, dispensable: true });
  }

  startProducers(terminal: Terminal): void {
    this.#startedAtMs = performance.now();
    for (const name of this.producerNames) {
      this.#accounts.set(name, undefined);
      const onLine = ({ facts }: LogLine): void => {
        if (facts['event'] !== 'account') return;
        this.#accounts.set(name, facts as unknown as ProducerAccount);
      };
      const env = this.#config.environments.producer(name);
      const program = 'producers/main.ts';
      const start = { name, program, env, graceMs: PRODUCER_GRACE_MS, ends: true, onLine };
      this.#producers.push(this.#stack.start(start));
    }
    const { signal } = this.#over;
    this.#following = Promise.all([
      this.#status.follow(signal),
      tellFirstRow(this.#proof, terminal, signal),
    ]);
  }

  /** Resolves when the producers have sent all and every row of it has arrived, or is stuck. */
  async untilIngested(): Promise<void> {
    await Promise.all(this.#producers.map(({ ended }) => ended));
    await this.#catchUp(STUCK_MS);
    this.#durationMs = performance.now() - this.#startedAtMs;
  }

  /** Gives the consumer a moment to read what the producers sent last. */
  async catchUp(withinMs: number): Promise<void> {
    await this.#catchUp(withinMs, performance.now() + withinMs);
  }

  async #catchUp(patienceMs: number, deadlineMs = Infinity): Promise<void> {
    let standings: PartitionStanding[] | undefined;
    let landed = -1;
    let movedAtMs = performance.now();
    while (performance.now() < deadlineMs && performance.now() - movedAtMs < patienceMs) {
      standings = await this.#standings(standings);
      if (standings !== undefined && isCaughtUp(standings)) return;
      const now = (standings ?? []).reduce((sum, { offsets, dead }) => sum + offsets + dead, 0);
      if (now > landed) movedAtMs = performance.now();
      landed = now;
      await sleep(POLL_MS);
    }
  }

  async #standings(known: PartitionStanding[] | undefined) {
    try {
      return await this.#proof.standings(known);
    } catch (thrown) {
      if (thrown instanceof UnavailableError) return known;
      throw thrown;
    }
  }

  /** The account as it stands; the producers have ended and Kafka and ClickHouse still answer. */
  async close(): Promise<Ending> {
    const durationMs = this.#durationMs ?? performance.now() - this.#startedAtMs;
    const account = accountFor(await this.#proof.standings(), this.#accounts);
    return { account, durationMs, consumerPeakBytes: this.#status.peakBytes };
  }

  /** Ends the status line. */
  async unfollow(): Promise<void> {
    this.#over.abort();
    await this.#following;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unfollow();
    await this.#proof[Symbol.asyncDispose]();
  }
}
