// From `npm start` to its end: checks, starts the servers side by side, sets up, runs, and stops in order. It
// ends by itself after --once or when a part fails, and on request.
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError, asError } from '../../platform/errors.ts';
import { createLog } from '../../platform/log.ts';
import type { Service } from '../../platform/service.ts';
import { rowLimitMistake } from '../../producers/config.ts';
import { failureLines } from '../kafka/log-tail.ts';
import { KAFKA_VERSION } from '../kafka/version.ts';
import { describeAccount, isEmpty, total } from './account.ts';
import { claimHome, type StackClaim } from './claim.ts';
import type { LaunchConfig } from './config.ts';
import { greeting } from './greeting.ts';
import { readLogLine } from './log-line.ts';
import { checkFiles, checkMachine, checkPorts, fetchOnce } from './requirements.ts';
import type { Part } from './part.ts';
import { partNames, type Role } from './parts.ts';
import type { Run } from './run.ts';
import { PartFailure, Stack } from './stack.ts';
import type { Terminal } from './terminal.ts';

/** The engine ends what runs and closes its tables; the broker flushes its logs. */
const CLICKHOUSE_GRACE_MS = 15_000;
const KAFKA_GRACE_MS = 20_000;
/** What was acknowledged a moment ago is fetched within that; the drain lands it. */
const FETCH_MS = 1_000;
/** Dismissing dead members only saves waiting for their sessions to end, so it may not wait itself. */
const DISMISS_MS = 10_000;

/** Asked to stop: no failure. */
class Stopped extends Error {}

export class Session implements Service {
  readonly ended: Promise<number>;
  readonly #config: LaunchConfig;
  readonly #terminal: Terminal;
  readonly #stop = new AbortController();
  #code = 0;

  /** Begins at once. */
  constructor(config: LaunchConfig, terminal: Terminal) {
    this.#config = config;
    this.#terminal = terminal;
    this.ended = this.#start().finally(() => terminal.clear());
  }

  stoppedCode(): number {
    return this.#code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }

  async #start(): Promise<number> {
    const { clickhouseUrl, folders } = this.#config;
    const say = (line: string): void => this.#terminal.say(line);
    await checkFiles(this.#config);
    const java = await checkMachine(this.#config);
    const claim = await claimHome(folders.home, clickhouseUrl, say);
    try {
      await checkPorts(this.#config);
      if (java !== undefined) await fetchOnce(this.#config, java, say, this.#stop.signal);
      if (!this.#stop.signal.aborted) this.#code = await this.#withStack(claim);
    } catch (thrown) {
      if (!this.#stop.signal.aborted) throw thrown;
    } finally {
      await claim.release();
    }
    return this.#code;
  }

  async #withStack(claim: StackClaim): Promise<number> {
    const terminal = this.#terminal;
    using stack = new Stack(this.#config.folders.logs, claim, terminal);
    const over = new AbortController();
    const stopped = new Promise<never>((_, reject) => {
      this.#stop.signal.addEventListener('abort', () => reject(new Stopped()));
    });
    const interrupted = Promise.race([stack.failed, stopped]);
    interrupted.catch(() => over.abort());
    const unlessInterrupted: Guard = (step) => Promise.race([step, interrupted]);
    let run: Run | undefined;
    let failure: Error | undefined;
    try {
      await this.#startServers(stack, over.signal, unlessInterrupted);
      run = await this.#begin(stack, unlessInterrupted);
      await unlessInterrupted(this.#config.once ? run.untilIngested() : interrupted);
    } catch (thrown) {
      failure = asError(thrown);
    }
    return await this.#end(stack, run, failure);
  }

  async #startServers(stack: Stack, signal: AbortSignal, guard: Guard): Promise<void> {
    const { bootstrap, clickhouse, environments, groups, setup, folders } = this.#config;
    const own = [
      ...(bootstrap === undefined ? [`Kafka ${KAFKA_VERSION}`] : []),
      ...(clickhouse === undefined ? ['ClickHouse'] : []),
    ];
    if (own.length > 0) this.#terminal.say(`Starting ${own.join(' and ')} on ${folders.home}`);
    const env = environments.servers;
    const servers: Part[] = [];
    if (bootstrap === undefined) {
      const program = 'embedded/kafka-main.ts';
      servers.push(stack.start({ name: 'kafka', program, env, graceMs: KAFKA_GRACE_MS }));
    }
    if (clickhouse === undefined) {
      const program = 'embedded/clickhouse-main.ts';
      servers.push(stack.start({ name: 'clickhouse', program, env, graceMs: CLICKHOUSE_GRACE_MS }));
    }
    // Loaded while the servers start: the client libraries take as long as a server does.
    const { setUp } = await import('../../clickhouse_setup/setup.ts');
    const { dismissMembers } = await import('../../platform/kafka/group-members.ts');
    await guard(Promise.all(servers.map(({ ready }) => ready)));
    const file = stack.openLog('setup');
    const show = stack.showWarnings('setup');
    const write = (line: string): void => {
      file.write(line);
      show(readLogLine(line.trimEnd()));
    };
    const log = createLog({ service: 'setup', to: { write } });
    // Members of an earlier run that was killed; if that fails the consumer will tell why.
    const dismissed = Promise.race([
      // Of a Kafka that others use, members may well live.
      Promise.all(
        (bootstrap === undefined ? groups : []).map((group) =>
          dismissMembers(setup, group).catch(() => undefined),
        ),
      ),
      sleep(DISMISS_MS, undefined, { ref: false }),
    ]);
    await guard(Promise.all([setUp(setup, log, signal), dismissed]));
  }

  async #begin(stack: Stack, guard: Guard): Promise<Run> {
    const { Run } = await import('./run.ts');
    const run = await guard(Run.begin(this.#config, stack, this.#terminal));
    run.start(this.#terminal);
    this.#terminal.say(greeting(this.#config));
    return run;
  }

  /** Stops everything in order and says how it went; the exit code, or what a person has to mend. */
  async #end(stack: Stack, run: Run | undefined, failure?: Error): Promise<number> {
    await run?.unfollow();
    this.#terminal.clear();
    if (failure instanceof PartFailure) await this.#report(failure);
    const asked = failure instanceof Stopped;
    if (asked) this.#terminal.say('Stopping producers, processors, consumer and servers');
    let exact = true;
    if (run !== undefined) {
      const named = (...roles: readonly Role[]): string[] => partNames(this.#config, ...roles);
      await stack.stop(...named('view', 'source'));
      const parts = this.#serverNames();
      const needed = [...parts, ...named('sink')];
      if (stack.runs(...needed)) await run.catchUp(FETCH_MS);
      if (named('processor').length > 0) {
        await stack.stop(...named('processor'));
        // What they made last is still on its way.
        if (stack.runs(...needed)) await run.catchUp(FETCH_MS);
      }
      await stack.stop(...named('sink'));
      const whole = this.#config.once && failure === undefined;
      if (stack.runs(...parts)) exact = await this.#account(run, whole, asked);
      await run[Symbol.asyncDispose]();
    }
    await stack.stop('clickhouse');
    await stack.stop('kafka');
    if (failure instanceof PartFailure) return 1;
    if (failure !== undefined && !asked) throw failure;
    if (asked && this.#config.once) {
      this.#terminal.say('Stopped before everything was sent and ingested');
      return 1;
    }
    return exact ? 0 : 1;
  }

  /**
   * Prints the account; false when it does not add up. Only a `whole` run must have ingested all it
   * sent: what one that was cut short leaves in Kafka comes with the next start.
   */
  async #account(run: Run, whole: boolean, asked: boolean): Promise<boolean> {
    const ending = await run.close().catch((thrown: unknown) => asError(thrown));
    if (ending instanceof Error) {
      if (!(ending instanceof UnavailableError)) throw ending;
      this.#terminal.say(`There is no account: ${ending.message}`);
      return false;
    }
    const { accounts, consumerPeakBytes, durationMs } = ending;
    if (accounts.size === 0) return true;
    const account = total(accounts);
    const { hidden, lag, problems } = account;
    if (asked && problems.length === 0 && isEmpty(account)) {
      this.#terminal.say('Stopped before the first record was sent: nothing to account for');
      return true;
    }
    for (const [table, each] of accounts.size > 1 ? accounts : []) {
      if (isEmpty(each) && each.problems.length === 0) continue;
      this.#terminal.say(`Account of ${table}: ${describeAccount(each, durationMs)}`);
    }
    this.#terminal.say(`Account: ${describeAccount(account, durationMs)}`);
    const mistakes = this.#config.producers.flatMap((each) => rowLimitMistake(each) ?? []);
    for (const mistake of new Set(mistakes)) this.#terminal.say(mistake);
    const megabytes = Math.round(consumerPeakBytes / 1e6);
    if (megabytes > 0) this.#terminal.say(`The consumer used up to ${megabytes} MB of memory`);
    if (lag > 0 && !whole) {
      this.#terminal.say(`${lag} rows stay in Kafka and are ingested at the next start`);
    }
    const wrong = [
      ...problems,
      ...(lag > 0 && whole ? [`${lag} rows are missing`] : []),
      ...(hidden > 0 && whole ? [`${hidden} records are behind an open transaction`] : []),
    ];
    for (const problem of wrong) this.#terminal.say(`The account does not add up: ${problem}`);
    return wrong.length === 0;
  }

  /** Those that this start runs. */
  #serverNames(): string[] {
    const { bootstrap, clickhouse } = this.#config;
    return [
      ...(bootstrap === undefined ? ['kafka'] : []),
      ...(clickhouse === undefined ? ['clickhouse'] : []),
    ];
  }

  async #report({ part, code }: PartFailure): Promise<void> {
    // A broker's own log says more than the program that runs it.
    const { kafka } = this.#config.folders;
    const lines = part.lastLines.map((line) => `  ${line}`);
    if (part.name === 'kafka') lines.push(await failureLines(kafka));
    const last = lines.length === 0 ? '' : `; its last lines:\n${lines.join('\n')}`;
    this.#terminal.say(`${part.name} ended with exit code ${code}${last}`);
    this.#terminal.say(`The whole log is in ${part.logPath}. Stopping the rest`);
  }
}

type Guard = <T>(step: Promise<T>) => Promise<T>;
