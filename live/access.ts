// Decides who may look: checks the token in constant time, and names the headers of every answer.
import { createHash, timingSafeEqual } from 'node:crypto';
import { headerText } from '../platform/header-text.ts';

const COOKIE = 'sensorhouse_live';
/** A page stays signed in for that long. */
const COOKIE_SEC = 30 * 86_400;

/** Checks tokens; without a token everybody may look. */
export class Gatekeeper {
  readonly #digest: Buffer | undefined;

  constructor(token: string | undefined) {
    this.#digest = token === undefined ? undefined : digest(token);
  }

  get open(): boolean {
    return this.#digest === undefined;
  }

  /** Whether the token itself is right. */
  accepts(token: string): boolean {
    return this.#digest === undefined || timingSafeEqual(digest(token), this.#digest);
  }

  /** Whether the request's cookie or Authorization header lets it in. */
  admits(headers: { authorization?: string | undefined; cookie?: string | undefined }): boolean {
    if (this.open) return true;
    const bearer = /^Bearer (\S{1,800})$/.exec(headerText(headers.authorization ?? ''))?.[1];
    if (bearer !== undefined) return this.accepts(bearer);
    const value = new RegExp(`(?:^|;\\s*)${COOKIE}=([0-9a-f]{64})(?:;|$)`).exec(
      headers.cookie ?? '',
    );
    if (value === null) return false;
    return timingSafeEqual(Buffer.from(value[1]!, 'hex'), this.#cookieDigest());
  }

  /** The Set-Cookie header for a browser that has shown the token. The cookie is not the token. */
  cookie(): string {
    const value = this.#cookieDigest().toString('hex');
    return `${COOKIE}=${value}; Path=/; Max-Age=${COOKIE_SEC}; HttpOnly; SameSite=Strict`;
  }

  #cookieDigest(): Buffer {
    return createHash('sha256').update('cookie of ').update(this.#digest!).digest();
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Nothing but what this server sends runs or is loaded; `inlineHashes` are of the import map. */
export function securityHeaders(inlineHashes: readonly string[]): Record<string, string> {
  const scripts = ["'self'", ...inlineHashes.map((hash) => `'sha256-${hash}'`)].join(' ');
  const policy = [
    "default-src 'none'",
    `script-src ${scripts}`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  };
}
