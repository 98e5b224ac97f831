// Checks names and passwords of users, in constant time.
import { createHash, timingSafeEqual } from 'node:crypto';
import { exception } from './exception.ts';
import type { Credentials } from './request.ts';

export interface ClickHouseUser {
  name: string;
  password: string;
  /** Queries only: no writing, no files, no network. */
  readonly: boolean;
}

/** @throws {ClickHouseException} 516, the same for an unknown name and a wrong password. */
export function authenticate(
  users: readonly ClickHouseUser[],
  { user, password }: Credentials,
): ClickHouseUser {
  const known = users.find(({ name }) => name === user);
  const same = timingSafeEqual(digest(known?.password ?? ''), digest(password));
  if (known !== undefined && same) return known;
  const shown = user.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
  const text = `${shown}: Authentication failed: password is incorrect, or there is no user with such name`;
  throw exception('AUTHENTICATION_FAILED', text);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
