// Every program behind an npm script prints its help on `--help` and does nothing else: it opens no socket,
// writes no file and starts no process. What takes no options refuses one.
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

/** Where Node itself keeps what it compiled, if it was told to. */
const { NODE_COMPILE_CACHE: compiled } = environment();

/** Without a right to write other files or to start processes: whoever tries ends with an error. */
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

const programs = Object.entries(scripts).flatMap(([name, command]) => {
  const found = [...command.matchAll(/\bnode ((?:-\S+ )*)(\S+\.ts)((?: -\S+ \S+)*)/g)];
  return found.map(([, , path = '', more = '']) => {
    return { name, args: [path, ...more.split(' ').filter((word) => word !== '')] };
  });
});
/** Programs that read their arguments with `platform/command-line.ts`. */
const SHARING = [
  'kafka clickhouse setup live doctor generate generate:grafana generate:docs',
  'screenshots bench:storage test:compose chaos simulate bench bench:takeover topics audit',
]
  .join(' ')
  .split(' ');

describe('--help', () => {
  it('is asked of every script that starts a program, each of which is one', () => {
    const several = Object.entries(scripts).filter(
      ([, command]) => command.includes('.ts') && command.includes('&&'),
    );
    expect(several).toEqual([]);
    expect(programs.map(({ name }) => name)).toEqual(
      // Stryker is not ours; it only reads a file of ours.
      Object.keys(scripts).filter((name) => name !== 'mutate' && scripts[name]!.includes('.ts')),
    );
  });

  it.concurrent.each(programs)(
    'of npm run $name prints usage and does nothing',
    async ({ args, name }) => {
      // The others share the code that reads both.
      for (const help of SHARING.includes(name) ? ['--help'] : ['--help', '-h']) {
        const { code, stderr, stdout } = await started([...DOES_NOTHING, ...args, help]);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expect(stdout).toMatch(/npm (run|start)|Usage:/);
      }
    },
  );

  it('ends quietly when nobody reads it', async () => {
    const { code, stderr } = await started(['producers/main.ts', '--help'], false);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('an option that a program does not take', () => {
  const taking = programs.filter(({ name }) => SHARING.includes(name));
  it.concurrent.each(taking)('npm run $name refuses in one line', async ({ args }) => {
    const { code, stderr } = await started([...DOES_NOTHING, ...args, '--frobnicate']);
    expect(stderr).toMatch(/^[^\n]*--frobnicate[^\n]*\n$/);
    expect(code).toBe(2);
  });
});
