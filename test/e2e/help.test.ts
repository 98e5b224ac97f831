// Programs print their help on `--help` and do nothing else: they open no socket, write no file and start no
// process; an unknown option is one line. test/commands.test.ts holds that every program reads its arguments
// by the same code, so one of each way to start is enough.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environment } from '../../platform/config.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Ends the process with 97 when it opens a socket. */
const NO_SOCKETS = `
  import net from 'node:net';
  import dgram from 'node:dgram';
  const refuse = (what) => () => {
    console.error('tried to ' + what);
    process.exit(97);
  };
  net.Socket.prototype.connect = refuse('connect');
  net.Server.prototype.listen = refuse('listen');
  dgram.Socket.prototype.bind = refuse('bind');
  dgram.Socket.prototype.send = refuse('send');`;

/** The compile cache of Node itself, if it has one. */
const { NODE_COMPILE_CACHE: compiled } = environment();

/** Without a right to write other files or to start processes: a program that tries ends with an error. */
const DOES_NOTHING = [
  '--permission',
  ...(compiled === undefined ? [] : [`--allow-fs-write=${compiled}`]),
  '--allow-fs-read=*',
  '--allow-addons',
  '--disable-warning=SecurityWarning',
  `--import=data:text/javascript,${encodeURIComponent(NO_SOCKETS)}`,
];

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A read of stdout that is closed at once stands for \`… | head\`. */
function started(args: readonly string[], isRead = true): Promise<Outcome> {
  const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  if (isRead) child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  else child.stdout.destroy();
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
}

/** One that loads its parts late, a server, one with words of its own, one without platform/service.ts, a child's parent. */
const STARTED = ['start', 'kafka', 'producer', 'generate', 'bench'];
const programs = STARTED.map((name) => {
  return { name, args: [/ (\S+\.ts)/.exec(scripts[name]!)![1]!] };
});

describe('--help', () => {
  it.concurrent.each(programs)(
    'of npm run $name prints usage and does nothing',
    async ({ args }) => {
      const { code, stderr, stdout } = await started([...DOES_NOTHING, ...args, '--help']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: npm (run|start)/m);
    },
  );

  it('ends quietly when nobody reads it', async () => {
    const { code, stderr } = await started(['producers/main.ts', '--help'], false);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('an option that a program does not take', () => {
  it.concurrent.each(programs)('npm run $name refuses in one line', async ({ args }) => {
    const { code, stderr } = await started([...DOES_NOTHING, ...args, '--frobnicate']);
    expect(stderr).toMatch(/^unknown option --frobnicate; see: [^\n]*\n$/);
    expect(code).toBe(2);
  });
});
