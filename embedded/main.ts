// The program behind `npm start`: the whole platform on this machine without Docker, until Ctrl+C, or
// with `--once` one run with an exact account.
import { enableCompileCache } from 'node:module';
import { environment } from '../platform/config.ts';
import { run, type Service } from '../platform/service.ts';

async function start(): Promise<Service> {
  // Loaded here, after the check of Node's version: an older Node cannot even parse all of it.
  const { helpText, readArguments } = await import('./launch/arguments.ts');
  const { help, env, ...options } = readArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(helpText());
    return { ended: Promise.resolve(0), [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const { readLaunchConfig } = await import('./launch/config.ts');
  const config = readLaunchConfig(options, { ...environment(), ...env });
  enableCompileCache(config.folders.nodeCache);
  const { Session } = await import('./launch/session.ts');
  const { Terminal } = await import('./launch/terminal.ts');
  const session = new Session(config, new Terminal(process.stdout));
  // Nobody reads any more, as in `npm start | head`: stop in order instead of falling over.
  process.stdout.on('error', () => void session[Symbol.asyncDispose]().catch(() => undefined));
  return session;
}

if (import.meta.main) await run(start);
