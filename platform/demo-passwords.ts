// The passwords that everybody can read in .env.example, and their rule: they are good for loopback only. A
// server that would listen on other addresses checks here first.
import { isIP } from 'node:net';
import { ConfigError } from './errors.ts';

/** Every password that the project ships with. */
export const DEMO_PASSWORDS: ReadonlySet<string> = new Set(['sensorpass', 'grafanapass']);

/** True when only this machine can reach what listens on `host`, an address or a name. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === 'localhost') return true;
  if (isIP(bare) === 4) return bare.startsWith('127.');
  if (isIP(bare) !== 6) return false;
  const written = new URL(`http://[${bare}]`).hostname;
  return written === '[::1]' || /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/.test(written);
}

/**
 * Refuses to listen beyond loopback with a password that everybody knows, or none.
 * @param passwords by the name of their variable.
 * @throws {ConfigError} naming the address and each variable to change, never a password.
 */
export function requireOwnPasswords(
  listens: { readonly variable: string; readonly host: string },
  passwords: Readonly<Record<string, string>>,
): void {
  if (isLoopback(listens.host)) return;
  const weak = Object.entries(passwords)
    .filter(([, password]) => password === '' || DEMO_PASSWORDS.has(password))
    .map(([name]) => name);
  if (weak.length === 0) return;
  const [verb, of] = weak.length === 1 ? ['is', 'password'] : ['are', 'passwords'];
  throw new ConfigError(
    `${weak.join(', ')}: ${verb} still the demo ${of}, which everybody knows, and ` +
      `${listens.variable}=${listens.host} is open to other machines: set ${of} of your own, or ` +
      `${listens.variable}=127.0.0.1`,
  );
}
