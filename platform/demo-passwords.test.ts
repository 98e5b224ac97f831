import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEMO_PASSWORDS, isLoopback, requireOwnPasswords } from './demo-passwords.ts';
import { ConfigError } from './errors.ts';

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.1.2.3', 'localhost', 'LOCALHOST', '::1', '[::1]', '::ffff:127.0.0.1'])(
    'is true for %s',
    (host) => expect(isLoopback(host)).toBe(true),
  );

  it.each(
    ['0.0.0.0', '::', '[::]', '', '*', '192.168.1.5', '10.0.0.1', 'localhost.example.com', '128.0.0.1']
      .concat(['::2', 'fe80::1', '127.0.0.1.example.com', '0', '127.1', '::ffff:10.0.0.1']),
  )('is false for "%s"', (host) => expect(isLoopback(host)).toBe(false)); // prettier-ignore

  it('is true for all of 127/8 and no other IPv4 address', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isLoopback(address)).toBe(address.startsWith('127.'));
      }),
    );
  });
});

describe('requireOwnPasswords', () => {
  const wide = { variable: 'BIND_ADDRESS', host: '0.0.0.0' };

  it('lets demo passwords work on loopback and own ones anywhere', () => {
    requireOwnPasswords({ ...wide, host: '127.0.0.1' }, { A: 'sensorpass', B: '' });
    requireOwnPasswords(wide, { A: 'my own' });
  });

  it('refuses demo and empty passwords beyond it, names the variable to change, shows no password', () => {
    const call = () => requireOwnPasswords(wide, { A: 'sensorpass', B: 'own', C: '' });
    expect(call).toThrow(ConfigError);
    expect(call).toThrow(/^A, C: are still the demo passwords.*BIND_ADDRESS=0\.0\.0\.0/);
    expect(call).not.toThrow(/sensorpass/);
  });

  it('knows every password that .env.example ships', () => {
    const text = readFileSync(join(import.meta.dirname, '..', '.env.example'), 'utf8');
    const shipped = [...text.matchAll(/^\w+PASSWORD=(.+)$/gm)].map((match) => match[1]!);
    expect(shipped.length).toBeGreaterThan(0);
    expect(shipped.filter((password) => !DEMO_PASSWORDS.has(password))).toEqual([]);
  });
});
