// Finds free TCP ports on this machine, before a JVM starts in vain.
import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

/**
 * A port that was free a moment ago. It lies below the ports that Linux (from 32,768) and macOS (from 49,152)
 * give to outgoing connections: one of those could take it before a server, which starts for seconds, listens.
 */
export async function freePort(host: string): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(10_000, 32_768);
    if (!(await portInUse(host, port))) return port;
  }
  throw new Error(`found no free port between 10000 and 32767 on ${host}`);
}

/** Whether somebody listens on the port, or it cannot be bound for another reason. */
export async function portInUse(host: string, port: number): Promise<boolean> {
  // Some systems let two servers bind one port by different addresses: ask by connecting as well.
  return (await answers(host, port)) || !(await bindable(host, port));
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const settle = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', settle(true));
    socket.once('error', settle(false));
    socket.once('timeout', settle(false));
  });
}

function bindable(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
