// One part of the stack as a process of its own. It does not get the terminal's Ctrl+C, so that the launcher
// decides the order of stops, and ends by itself when the launcher is gone: its IPC channel closes with it.
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { READY } from '../../platform/service.ts';
import { PROJECT, type Environment } from './config.ts';
import type { LogFile } from './log-file.ts';
import { readLogLine, type LogLine } from './log-line.ts';

export interface PartOptions {
  readonly name: string;
  /** Its entry, relative to the project. */
  readonly program: string;
  readonly args: readonly string[];
  readonly nodeOptions: readonly string[];
  readonly env: Environment;
  readonly log: LogFile;
  /** How long a stop may take before it is forced. */
  readonly graceMs: number;
  /** Gets every line it writes. */
  readonly onLine: (line: LogLine) => void;
}

/** 128 + SIGTERM: the exit code of a part that was stopped before it listened for that. */
export const STOPPED = 128 + constants.signals.SIGTERM;
const TAIL_LINES = 12;
/** V8 lets its young generation grow to 96 MB under load; 12 MB keeps a part small. */
const YOUNG_GENERATION = '--max-semi-space-size=4';
/** By default glibc keeps the memory that codecs freed (16 MB under a backlog of lz4). */
const MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' };

export class Part {
  readonly name: string;
  readonly logPath: string;
  /** Resolves when it has started; never, if it ends before. */
  readonly ready: Promise<void>;
  /** Its exit code, or 128 + the signal that ended it; all it wrote has been read by then. */
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;
  readonly #graceMs: number;
  readonly #tail: string[] = [];
  readonly #complaints: string[] = [];
  #stopping = false;
  #running = true;
  #code: number | undefined;

  constructor({ name, program, args, nodeOptions, env, log, graceMs, onLine }: PartOptions) {
    this.name = name;
    this.logPath = log.path;
    this.#graceMs = graceMs;
    const argv = [YOUNG_GENERATION, ...nodeOptions, join(PROJECT, program), ...args];
    this.#child = spawn(process.execPath, argv, {
      env: { ...MALLOC, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const read = (text: string): void => {
      log.write(text);
      const line = readLogLine(text);
      keep(this.#tail, line.message);
      if (line.level === undefined) keep(this.#complaints, line.message);
      onLine(line);
    };
    const { stdout, stderr } = this.#child;
    for (const input of [stdout, stderr]) createInterface({ input: input! }).on('line', read);
    this.ready = new Promise((resolve) => {
      this.#child.on('message', (message) => message === READY && resolve());
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        read(`cannot start ${program}: ${error.message}`);
        this.#running = false;
        resolve(1);
      });
      this.#child.once('close', (code, signal) => {
        this.#running = false;
        this.#code = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
        resolve(this.#code);
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#running;
  }

  /** True once it was asked to stop: its end is no surprise any more. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** True when it was asked to stop and ended well, be it by the signal itself: then it had not begun. */
  get stoppedWell(): boolean {
    return this.#stopping && (this.#code === 0 || this.#code === STOPPED);
  }

  /** The last messages it wrote. */
  get lastLines(): readonly string[] {
    return this.#tail;
  }

  /** The last lines that are not log lines: what a program says when it cannot start. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  /** SIGTERM, then SIGKILL when its grace is over; resolves with its exit code. */
  async stop(): Promise<number> {
    this.#stopping = true;
    if (!this.#running) return this.ended;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), this.#graceMs);
    const code = await this.ended;
    clearTimeout(timer);
    return code;
  }

  /** Ends it at once. */
  kill(): void {
    this.#stopping = true;
    if (this.#running) this.#child.kill('SIGKILL');
  }
}

function keep(lines: string[], line: string): void {
  if (line.trim() === '') return;
  lines.push(line.slice(0, 500));
  if (lines.length > TAIL_LINES) lines.shift();
}
