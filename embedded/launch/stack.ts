// The running parts: starts them, reports a part that ends too early, shows their warnings, and stops them
// one after the other. However this process ends, no part stays.
import { join } from 'node:path';
import { ConfigError } from '../../platform/errors.ts';
import type { StackClaim } from './claim.ts';
import type { Environment } from './config.ts';
import { LogFile } from './log-file.ts';
import { isWarning, type LogLine } from './log-line.ts';
import { Part, STOPPED } from './part.ts';
import type { Terminal } from './terminal.ts';
import { WarningLimit } from './warning-limit.ts';

/** A part ended though nobody asked it to. */
export class PartFailure extends Error {
  override readonly name = 'PartFailure';
  readonly part: Part;
  readonly code: number;

  constructor(part: Part, code: number) {
    super(`${part.name} ended with exit code ${code}`);
    this.part = part;
    this.code = code;
  }
}

export interface Start {
  readonly name: string;
  readonly program: string;
  readonly args?: readonly string[];
  readonly nodeOptions?: readonly string[];
  readonly env: Environment;
  readonly graceMs: number;
  /** Whether ending with 0 is what it is there for. */
  readonly ends?: boolean;
  /** Whether the rest goes on when it ends. */
  readonly dispensable?: boolean;
  readonly onLine?: (line: LogLine) => void;
}

/** A part's exit code for a mistake that it has told in words. */
const MISTAKE = 2;

export class Stack implements Disposable {
  /** Rejects with {@link PartFailure}, or {@link ConfigError} when a person has to mend something. */
  readonly failed: Promise<never>;
  readonly #fail: (error: Error) => void;
  readonly #parts: Part[] = [];
  readonly #logs: LogFile[] = [];
  readonly #logFolder: string;
  readonly #claim: StackClaim;
  readonly #terminal: Pick<Terminal, 'label' | 'say'>;
  readonly #onExit = (): void => {
    for (const part of this.#parts) part.kill();
  };

  constructor(logFolder: string, claim: StackClaim, terminal: Pick<Terminal, 'label' | 'say'>) {
    this.#logFolder = logFolder;
    this.#claim = claim;
    this.#terminal = terminal;
    const failed = Promise.withResolvers<never>();
    this.failed = failed.promise;
    this.failed.catch(() => undefined);
    this.#fail = failed.reject;
    process.on('exit', this.#onExit);
  }

  /** Starts a part. It runs, or {@link failed} tells. */
  start(start: Start): Part {
    const { name, program, args = [], nodeOptions = [], env, graceMs, onLine } = start;
    const { dispensable = false, ends = false } = start;
    const show = this.showWarnings(name);
    const part = new Part({
      ...{ name, program, args, nodeOptions, env, graceMs, log: this.openLog(name) },
      onLine: (line) => {
        show(line);
        onLine?.(line);
      },
    });
    this.#parts.push(part);
    if (part.pid !== undefined) this.#claim.record(part.pid).catch(this.#fail);
    void part.ended.then((code) => {
      if (part.stopping || (ends && code === 0)) return;
      if (dispensable) {
        this.#terminal.say(`${name} ended with exit code ${code}; see ${part.logPath}`);
        return;
      }
      const words = part.complaints.join('\n');
      const mistake = code === MISTAKE && words !== '';
      this.#fail(mistake ? new ConfigError(words) : new PartFailure(part, code));
    });
    return part;
  }

  /** The log file of a part, begun again; closed with the stack. */
  openLog(name: string): LogFile {
    const log = new LogFile(join(this.#logFolder, `${name}.log`));
    this.#logs.push(log);
    return log;
  }

  /** Shows what is a warning or worse, but never a flood of them. */
  showWarnings(name: string): (line: LogLine) => void {
    const limit = new WarningLimit();
    return (line) => {
      if (!isWarning(line)) return;
      const shown = limit.take(line.message);
      if (shown !== undefined) this.#terminal.say(`${this.#terminal.label(name)} ${shown}`);
    };
  }

  /** Whether every one of the named parts runs. */
  runs(...names: string[]): boolean {
    return names.every((name) => this.#named(name).some(({ running }) => running));
  }

  /** Stops the named parts at the same time, those that run. */
  async stop(...names: string[]): Promise<void> {
    const parts = names.flatMap((name) => this.#named(name)).filter(({ running }) => running);
    const codes = await Promise.all(parts.map((part) => part.stop()));
    for (const [index, code] of codes.entries()) {
      const { name, logPath } = parts[index]!;
      // Asked to stop before it had started to listen for that: it ends by the signal itself.
      if (code !== 0 && code !== STOPPED)
        this.#terminal.say(`${name} stopped with exit code ${code}; see ${logPath}`);
    }
  }

  #named(wanted: string): Part[] {
    return this.#parts.filter(({ name }) => name === wanted);
  }

  /** Closes the logs, ending what still runs. */
  [Symbol.dispose](): void {
    this.#onExit();
    process.off('exit', this.#onExit);
    for (const log of this.#logs) log[Symbol.dispose]();
  }
}
