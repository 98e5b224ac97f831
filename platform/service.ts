// Runs one program: checks the Node version, turns SIGINT and SIGTERM into an orderly stop, and
// maps what went wrong to an exit code of exit-codes.ts.
// A program whose parent holds an IPC channel to it tells when it has started, and stops with it.
import { unread, watchPipes } from './closed-pipe.ts';
import {
  answerHelp,
  ownArguments,
  parseArguments,
  type CommandLine,
  type Given,
} from './command-line.ts';
import { ConfigError, UnavailableError, asError } from './errors.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { visibleLines } from './visible.ts';

const NODE_FLOOR = 24;
/** In a terminal npm passes Ctrl+C on to a program that got it already: both are one signal. */
const SAME_SIGNAL_MS = 500;

/** What a running part looks like from outside. */
export interface Service extends AsyncDisposable {
  /** Settles when the part has ended by itself, with the process's exit code. */
  readonly ended: Promise<number>;
  /**
   * True for a program that ends by itself: it finishes its work also when nobody reads what it prints. Any
   * other stops then, as after a signal.
   */
  readonly finishes?: boolean;
  /** The exit code after it was asked to stop and has been disposed. Default: 0, or 130 if it finishes. */
  stoppedCode?(): number;
}

/** A program that does its work, ends by itself, and has nothing to close. */
export function oneShot(ended: Promise<number>): Service {
  return { ended, finishes: true, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** What a program says over an IPC channel once `start` has settled well. */
export const READY = 'ready';

/**
 * Starts a service and lives until it ends or a signal asks it to stop; then disposes it and exits.
 * A second signal exits at once with 130. The end of a parent's IPC channel, however the parent ended,
 * counts as a signal. Call it only from a file that is the program's entry.
 */
export async function run(start: () => Promise<Service>): Promise<never> {
  requireNode();
  watchPipes();
  silenceKafkajsTimerWarning();
  let stoppedAtMs: number | undefined;
  const signalled = new Promise<'signalled'>((resolve) => {
    const onSignal = (): void => {
      const nowMs = performance.now();
      if (nowMs - (stoppedAtMs ?? nowMs) > SAME_SIGNAL_MS) process.exit(130);
      stoppedAtMs ??= nowMs;
      resolve('signalled');
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    if (process.connected) process.on('disconnect', onSignal);
  });
  process.exit(await code(start, signalled));
}

/**
 * Runs a program that a person starts: `--help` prints its help before anything starts, a wrong argument is one
 * line and exit code 2, and `start` gets what was given.
 */
export async function runProgram<const C extends CommandLine>(
  line: C,
  start: (given: Given<C>) => Promise<Service>,
  args: readonly string[] = ownArguments(),
): Promise<never> {
  answerHelp(line, args);
  return run(() => start(parseArguments(line, args)));
}

async function code(
  start: () => Promise<Service>,
  signalled: Promise<'signalled'>,
): Promise<number> {
  try {
    const starting = start();
    const service = await Promise.race([starting, signalled]);
    if (service === 'signalled') {
      // Stopped while starting: let the start finish so that what it opened is closed again.
      const late = await Promise.race([starting.catch(() => undefined), timeout(8_000)]);
      await late?.[Symbol.asyncDispose]();
      return late?.finishes === true ? stoppedCodeOf(late) : EXIT_CODES.done;
    }
    if (process.connected) process.send?.(READY);
    const asked = service.finishes === true ? [signalled] : [signalled, unread];
    const ended = await Promise.race([service.ended, ...asked]);
    await service[Symbol.asyncDispose]();
    return typeof ended === 'number' ? ended : stoppedCodeOf(service);
  } catch (thrown) {
    return told(asError(thrown));
  }
}

/** A stopped service is done; a program that would have ended by itself is not, and scripts must see that. */
function stoppedCodeOf(service: Service): number {
  return (
    service.stoppedCode?.() ??
    (service.finishes === true ? EXIT_CODES.interrupted : EXIT_CODES.done)
  );
}

/** Says on stderr what went wrong; the exit code that it means. */
function told(error: Error): number {
  if (error instanceof ConfigError || error instanceof UnavailableError) {
    process.stderr.write(`${visibleLines(error.message)}\n`);
    return error instanceof ConfigError ? EXIT_CODES.refused : EXIT_CODES.away;
  }
  process.stderr.write(`${visibleLines(error.stack ?? error.message)}\n`);
  if (error.cause !== undefined) {
    process.stderr.write(`cause: ${visibleLines(asError(error.cause).message)}\n`);
  }
  return EXIT_CODES.failed;
}

function timeout(durationMs: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), durationMs).unref());
}

function requireNode(): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= NODE_FLOOR) return;
  const line = `sensorhouse needs Node ${NODE_FLOOR}; this is ${process.version}. The npm scripts bring their own: npm start, npm run consumer …\n`;
  process.stderr.write(line);
  process.exit(2);
}

/** kafkajs arms timers with negative delays on Node 24; harmless, and said on every start. */
function silenceKafkajsTimerWarning(): void {
  const emit = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: never[]) => {
    const type: unknown =
      typeof rest[0] === 'object' ? (rest[0] as { type?: unknown }).type : rest[0];
    const name = warning instanceof Error ? warning.name : type;
    if (name === 'TimeoutNegativeWarning') return;
    emit(warning, ...rest);
  };
}
