// Who is let in: nobody by an empty password that is not his, and nobody learns which names there are.
import { expect, it } from 'vitest';
import { authenticate, type ClickHouseUser } from './users.ts';

const users: ClickHouseUser[] = [
  { name: 'default', password: '', readonly: false },
  { name: 'reader', password: 'secret', readonly: true },
];

it('is who gives the password of his own name', () => {
  expect(authenticate(users, { user: 'reader', password: 'secret' })).toBe(users[1]);
  expect(authenticate(users, { user: 'default', password: '' })).toBe(users[0]);
});

it.each([
  ['reader', ''],
  ['reader', 'secret '],
  ['reader', 'Secret'],
  ['default', 'secret'],
  ['nobody', ''],
  ['nobody', 'secret'],
  ['', ''],
])('is not %j with %j', (user, password) => {
  const refused = { code: 516, line: expect.stringContaining('or there is no user') as string };
  expect(() => authenticate(users, { user, password })).toThrow(
    expect.objectContaining(refused) as Error,
  );
});
