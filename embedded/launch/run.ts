// One run of the producers through a stack whose servers are up: starts consumer and producers, follows them,
// and ends with an account that broker and tables confirm.
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '../../platform/errors.ts';
import type { Account as ProducerAccount } from '../../producers/account.ts';
import { accountFor, isCaughtUp, landedIn, type RunAccount } from './account.ts';
import { HOST, type LaunchConfig } from './config.ts';
import { tailTopics } from './console-tail.ts';
import type { LogLine } from './log-line.ts';
import type { Part } from './part.ts';
import { partKinds, type Instance, type PartKind } from './parts.ts';
import { Proof, type Known } from './proof.ts';
import type { Stack } from './stack.ts';
import { Status, tellFirstRow } from './status.ts';
import type { Terminal } from './terminal.ts';
import type { Track } from './tracks.ts';

const POLL_MS = 100;
/** Without one more row for so long, what is missing will not come. */
const STUCK_MS = 60_000;
const SENT_NOTHING: ProducerAccount = {
  ...{ read: 0, sent: 0, inDoubt: 0 },
  ...{ dryRun: 0, failed: 0, misfits: 0 },
};

export interface Ending {
  /** By the table that the rows went to. */
  readonly accounts: ReadonlyMap<string, RunAccount>;
  readonly durationMs: number;
  readonly consumerPeakBytes: number;
}

export class Run implements AsyncDisposable {
  readonly #config: LaunchConfig;
  readonly #stack: Stack;
  readonly #proofs: ReadonlyMap<Track, Proof>;
  readonly #status: Status;
  readonly #over = new AbortController();
  readonly #accounts = new Map<string, ProducerAccount | undefined>();
  readonly #producers: Part[] = [];
  #following: Promise<unknown> = Promise.resolve();
  #startedAtMs = 0;
  #durationMs: number | undefined;

  private constructor(
    config: LaunchConfig,
    stack: Stack,
    proofs: ReadonlyMap<Track, Proof>,
    terminal: Terminal,
  ) {
    this.#config = config;
    this.#stack = stack;
    this.#proofs = proofs;
    this.#status = new Status(`http://${HOST}:${config.metricsPort}/metrics`, terminal);
  }

  /** Begins a run: what Kafka holds already is not part of it. */
  static async begin(config: LaunchConfig, stack: Stack, terminal: Terminal): Promise<Run> {
    const proofs = new Map<Track, Proof>();
    for (const track of config.sink ? config.tracks : []) {
      proofs.set(track, await Proof.begin(config, track));
    }
    return new Run(config, stack, proofs, terminal);
  }

  /** Starts every part that the configuration asks for, and follows them. */
  start(terminal: Terminal): void {
    this.#startedAtMs = performance.now();
    for (const kind of partKinds) {
      for (const instance of kind.instances(this.#config)) this.#startPart(kind, instance);
    }
    const { signal } = this.#over;
    const proofs = [...this.#proofs.values()];
    this.#following = Promise.all([
      proofs.length === 0 ? undefined : this.#status.follow(signal),
      proofs.length === 0 ? undefined : tellFirstRow(proofs, terminal, signal),
      tailTopics(this.#config, this.#tailed(), terminal, signal),
    ]);
  }

  #startPart(
    { accounts = false, instances: _, role: __, ...limits }: PartKind,
    instance: Instance,
  ): void {
    const start = { ...limits, ...instance, ends: accounts };
    if (!accounts) {
      this.#stack.start(start);
      return;
    }
    const { name } = instance;
    this.#accounts.set(name, undefined);
    const onLine = ({ facts }: LogLine): void => {
      if (facts['event'] !== 'account') return;
      this.#accounts.set(name, facts as unknown as ProducerAccount);
    };
    this.#producers.push(this.#stack.start({ ...start, onLine }));
  }

  /** The topic of each table: what is ingested. */
  #tailed(): string[] {
    return this.#config.tracks.map(({ landed }) => landed);
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
    let known: ReadonlyMap<Track, Known> | undefined;
    let landed = -1;
    let movedAtMs = performance.now();
    while (performance.now() < deadlineMs && performance.now() - movedAtMs < patienceMs) {
      known = await this.#standings(known);
      const all = [...(known?.values() ?? [])].map(({ standing }) => standing);
      if (known !== undefined && all.every(isCaughtUp)) return;
      const now = all.reduce((sum, standing) => sum + landedIn(standing), 0);
      if (now > landed) movedAtMs = performance.now();
      landed = now;
      await sleep(POLL_MS);
    }
  }

  async #standings(known: ReadonlyMap<Track, Known> | undefined) {
    try {
      const found = new Map<Track, Known>();
      for (const [track, proof] of this.#proofs) {
        found.set(track, await proof.standing(known?.get(track)));
      }
      return found;
    } catch (thrown) {
      if (thrown instanceof UnavailableError) return known;
      throw thrown;
    }
  }

  /** The account as it stands; the producers have ended and Kafka and ClickHouse still answer. */
  async close(): Promise<Ending> {
    const durationMs = this.#durationMs ?? performance.now() - this.#startedAtMs;
    const accounts = new Map<string, RunAccount>();
    for (const [{ landed, producers, stream }, proof] of this.#proofs) {
      const own = new Map(producers.map((name) => [name, this.#accountOf(name)]));
      const { standing } = await proof.standing();
      const { name } = stream.table;
      accounts.set(accounts.has(name) ? `${name} (${landed})` : name, accountFor(standing, own));
    }
    return { accounts, durationMs, consumerPeakBytes: this.#status.peakBytes };
  }

  /** One that was asked to stop before it had begun has sent nothing. */
  #accountOf(name: string): ProducerAccount | undefined {
    const part = this.#producers.find((each) => each.name === name);
    return this.#accounts.get(name) ?? (part?.stoppedWell === true ? SENT_NOTHING : undefined);
  }

  /** Ends the status line. */
  async unfollow(): Promise<void> {
    this.#over.abort();
    await this.#following;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unfollow();
    for (const proof of this.#proofs.values()) await proof[Symbol.asyncDispose]();
  }
}
