// The program behind `npm start`: the whole platform on this machine without Docker, until Ctrl+C, or
// with `--once` one run with an exact account.
import { enableCompileCache } from 'node:module';
import { environment } from '../platform/config.ts';
import type { Given } from '../platform/command-line.ts';
import { runProgram, type Service } from '../platform/service.ts';
import { launchOptions, startCommand } from './launch/arguments.ts';
import { readLaunchConfig } from './launch/config.ts';

async function start(given: Given<typeof startCommand>): Promise<Service> {
  const config = readLaunchConfig(launchOptions(given), { ...environment(), ...given.env });
  enableCompileCache(config.folders.nodeCache);
  // Loaded here, with the cache.
  const { Session } = await import('./launch/session.ts');
  const { Terminal } = await import('./launch/terminal.ts');
  const session = new Session(config, new Terminal(process.stdout));
  // Nobody reads any more, as in `npm start | head`: stop in order instead of falling over.
  process.stdout.on('error', () => void session[Symbol.asyncDispose]().catch(() => undefined));
  return session;
}

if (import.meta.main) await runProgram(startCommand, start);
