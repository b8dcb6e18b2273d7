import assert from 'node:assert/strict';
import test from 'node:test';
import { databaseAddress } from '../../src/database/address.js';

test('an address has a user, a host and a database, and no password', () => {
  assert.deepEqual(databaseAddress('postgresql://me@db/finance'), { host: 'db', port: 5432, user: 'me', database: 'finance' });
  assert.deepEqual(databaseAddress('postgres://an%20other@[::1]:6000/my%2Fdb'), { host: '::1', port: 6000, user: 'an other', database: 'my/db' });
  for (const [text, complaint] of [
    ['mysql://me@db/finance', /no address/], ['db:5432', /no address/], ['postgresql://me:hunter2@db/finance', /has a password in it/],
    ['postgresql://db/finance', /lacks a user/], ['postgresql://me@db', /lacks a user, a host or a database/],
  ] as const) {
    assert.throws(() => databaseAddress(text), (error: Error) => complaint.test(error.message) && !error.message.includes('hunter2'), text);
  }
});
