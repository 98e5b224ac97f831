// A free port is one that nothing holds and that no outgoing connection is given.
import { createServer, type Server } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { freePort, portInUse } from './ports.ts';

it('is free, and below what systems give to outgoing connections', async () => {
  for (let time = 0; time < 20; time += 1) {
    const port = await freePort('127.0.0.1');
    expect(port).toBeGreaterThanOrEqual(10_000);
    expect(port).toBeLessThan(32_768);
    expect(await portInUse('127.0.0.1', port)).toBe(false);
  }
});

it('is in use while somebody listens', async () => {
  const server: Server = createServer();
  onTestFinished(() => void server.close());
  const port = await freePort('127.0.0.1');
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  expect(await portInUse('127.0.0.1', port)).toBe(true);
});
