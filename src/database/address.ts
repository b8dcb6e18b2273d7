/** Where a PostgreSQL is. */
import { TapewrightError } from '../core/errors.js';

export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** `postgresql://USER@HOST:PORT/DATABASE`. Throws USAGE for another, or one with a password in it. */
export function databaseAddress(text: string): DatabaseAddress {
  const wrong = (why: string): TapewrightError => new TapewrightError('USAGE', `${why}: write postgresql://USER@HOST:5432/DATABASE, and the password into PGPASSWORD or a file that PGPASSWORD_FILE names`);
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) throw wrong('the address of the database is no address');
  const { hostname, port, username, password, pathname } = new URL(text);
  if (password !== '') throw wrong('the address of the database has a password in it');
  const database = decodeURIComponent(pathname.slice(1));
  if (hostname === '' || username === '' || database === '') throw wrong('the address of the database lacks a user, a host or a database');
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 5432 : Number(port), user: decodeURIComponent(username), database };
}
