/** PostgreSQL, read only: values as the texts that it writes of them. */
import pg from 'pg';
import { TapewrightError } from '../core/errors.js';
import { secret } from '../live/settings.js';
import type { DatabaseAddress } from './address.js';

/** Connects, and gives up after that many milliseconds. */
const patience = 10_000;

export type Texts = readonly (string | null)[];

export class Database {
  private constructor(private readonly client: pg.Client, readonly name: string) {}

  /** The password is PGPASSWORD's, or of the file that PGPASSWORD_FILE names. Throws DATABASE_UNREACHABLE, DATABASE_REFUSED. */
  static async open({ host, port, user, database }: DatabaseAddress, environment: Readonly<Record<string, string | undefined>>): Promise<Database> {
    const ssl = environment['PGSSLMODE'];
    const client = new pg.Client({
      host, port, user, database, password: secret('PGPASSWORD', environment) ?? '', connectionTimeoutMillis: patience, application_name: 'tapewright',
      ssl: ssl === undefined || ssl === 'disable' || ssl === 'allow' || ssl === 'prefer' ? false : { rejectUnauthorized: ssl !== 'require' },
      // Nothing is read as a number or a date of JavaScript's, which would round it.
      types: { getTypeParser: () => (value: string) => value } as pg.CustomTypesConfig,
    });
    const name = `${user}@${host}:${port}/${database}`;
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query("SET TIME ZONE 'UTC'; SET DATESTYLE = 'ISO'; SET bytea_output = 'hex'; SET extra_float_digits = 1");
      return new Database(client, name);
    } catch (cause) {
      await client.end().catch(() => undefined);
      throw failure(name, cause);
    }
  }

  /** Rows of texts, null for NULL. Throws DATABASE_REFUSED with what the database says. */
  async rows(text: string, values: readonly string[] = []): Promise<readonly Texts[]> {
    try {
      return (await this.client.query<(string | null)[]>({ text, values: [...values], rowMode: 'array' })).rows;
    } catch (cause) {
      throw failure(this.name, cause);
    }
  }

  /** All that `read` asks is of one moment. */
  async atOnce<T>(read: () => Promise<T>): Promise<T> {
    await this.rows('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      return await read();
    } finally {
      await this.client.query('ROLLBACK').catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}

function failure(name: string, cause: unknown): TapewrightError {
  const { code, message, errors } = cause as { readonly code?: string; readonly message?: string; readonly errors?: readonly Error[] };
  const said = (message === undefined || message === '' ? errors?.[0]?.message : message) ?? String(cause);
  // What the server itself says has a code of five characters.
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code)) return new TapewrightError('DATABASE_REFUSED', `the database ${name} refuses: ${said}`, { sqlState: code }, { cause });
  return new TapewrightError('DATABASE_UNREACHABLE', `the database ${name} does not answer (${said}): is the address right, is PGPASSWORD set?`, {}, { cause });
}
