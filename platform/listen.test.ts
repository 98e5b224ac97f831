import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { ConfigError } from './errors.ts';
import { listen, listening } from './listen.ts';

const place = { host: '127.0.0.1', port: 0, hostVariable: 'X_HOST', portVariable: 'X_PORT' };

it('takes a free port, and names the variable of one that is in use', async () => {
  const [first, second] = [createServer(), createServer()];
  const port = await listen(first, place);
  expect(port).toBeGreaterThan(0);
  const says = `X_PORT: ${port} is in use; stop what listens there, or X_PORT=0 takes a free one`;
  await expect(listen(second, { ...place, port })).rejects.toThrow(new ConfigError(says));
  first.close();
});

it.each(['192.0.2.1', '999.1.1.1'])('names the variable of the address %s', async (host) => {
  const asked = listen(createServer(), { ...place, host });
  await expect(asked).rejects.toThrow(ConfigError);
  await expect(asked).rejects.toThrow(`X_HOST: "${host}" is not an address of this machine (E`);
});

it('names the variable of a port that needs more rights, and hands every other error on', async () => {
  const fails = (code: string) =>
    listening({ ...place, port: 80 }, () =>
      Promise.reject(Object.assign(new Error('x'), { code })),
    );
  const says = 'X_PORT: no right to listen on 80; choose a port from 1024 on';
  await expect(fails('EACCES')).rejects.toThrow(new ConfigError(says));
  await expect(fails('EMFILE')).rejects.not.toBeInstanceOf(ConfigError);
});
