// Recognises a request that a foreign web page made a browser send. Programs send none of the headers that
// this file checks, except Host.
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from './demo-passwords.ts';

/**
 * Whether a request may name this host. A page elsewhere can make a browser call a server by a name of
 * its own (DNS rebinding); it cannot make it call by an address or by localhost.
 */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  const host = hostOf(header);
  return host !== undefined && (isLoopback(host) || isIP(host) !== 0 || allowed.includes(host));
}

/** The host of a Host header without its port and brackets, lower case; undefined for none. */
export function hostOf(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 260) return undefined;
  const name = header.replace(/:\d{1,5}$/, '').toLowerCase();
  return /^\[(.+)\]$/.exec(name)?.[1] ?? name;
}

/** Whether a browser says that a page of another origin sent the request. */
export function isCrossOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const { origin, host } = headers;
  return origin !== undefined && (host === undefined || !isOrigin(origin, host));
}

function isOrigin(origin: string, host: string): boolean {
  const sent = origin.toLowerCase();
  return sent === `http://${host.toLowerCase()}` || sent === `https://${host.toLowerCase()}`;
}
