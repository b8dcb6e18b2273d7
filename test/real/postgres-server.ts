/** A real PostgreSQL on this machine's loopback, as Debian packs it: one that a connector can read the log of. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { freePorts } from './java.js';
import { works } from './cached.js';

const run = promisify(execFile);

/** Where Debian has the programs of each version; else those on the PATH. */
const packed = '/usr/lib/postgresql';

/** What PostgreSQL needs and this machine lacks; null: nothing. */
export function postgresMissing(): string | null {
  if (programs() === null) return 'needs PostgreSQL (Debian: apt-get install postgresql)';
  return process.getuid?.() === 0 && owner() === null ? 'needs a user postgres: PostgreSQL does not run as root' : null;
}

/** The folder of its newest version's programs, with a slash at the end; '' where they are on the PATH. */
function programs(): string | null {
  const versions = existsSync(packed) ? readdirSync(packed).filter((version) => existsSync(join(packed, version, 'bin', 'initdb'))).sort((a, b) => Number(b) - Number(a)) : [];
  if (versions.length > 0) return `${join(packed, versions[0]!, 'bin')}/`;
  return works('initdb', '--version') && works('postgres', '--version') ? '' : null;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Whom the server runs as, where that is not whoever runs this. */
function owner(): Owner | null {
  try {
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return null;
  }
}

export interface PostgresOptions {
  /** More settings, as the server's configuration file has them. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** The password of its one user. */
const password = 'for-tests-only';

export class PostgresServer {
  #child: ChildProcess | null = null;
  readonly #kill = (): void => {
    // At once, and its own processes with it.
    this.#child?.kill('SIGQUIT');
  };

  private constructor(private readonly folder: string, readonly port: number, private readonly command: string, private readonly as: Owner | null) {}

  /** An empty database `ledger` of a server that writes its log for logical decoding. */
  static async start({ settings = {} }: PostgresOptions = {}): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'tapewright-postgres-'));
    const as = process.getuid?.() === 0 ? owner() : null;
    const [port] = await freePorts(1);
    const server = new PostgresServer(folder, port!, `${programs()!}postgres`, as);
    try {
      await chmod(folder, 0o700);
      const secret = join(folder, 'password');
      await writeFile(secret, password);
      if (as !== null) for (const path of [folder, secret]) await chown(path, as.uid, as.gid);
      await run(`${programs()!}initdb`, ['-D', server.#data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${secret}`, '-E', 'UTF8', '--no-locale', '--no-sync'], { ...as, cwd: folder });
      const all = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '', wal_level: 'logical', fsync: 'off', timezone: 'UTC', log_min_messages: 'warning', ...settings };
      await writeFile(join(server.#data, 'postgresql.auto.conf'), Object.entries(all).map(([name, value]) => `${name} = '${value}'\n`).join(''));
      await server.#run();
      await server.query('CREATE DATABASE ledger', 'postgres');
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get #data(): string {
    return join(this.folder, 'data');
  }

  get password(): string {
    return password;
  }

  /** Of a database, without the password. */
  url(database = 'ledger'): string {
    return `postgresql://postgres@127.0.0.1:${this.port}/${database}`;
  }

  async connect(database = 'ledger'): Promise<pg.Client> {
    const client = new pg.Client({ host: '127.0.0.1', port: this.port, user: 'postgres', password, database });
    // Stopped while it is open: whoever uses it next is told.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  async query(text: string, database = 'ledger'): Promise<Record<string, unknown>[]> {
    const client = await this.connect(database);
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  }

  async #run(): Promise<void> {
    const path = join(this.folder, 'server.log');
    const log = openSync(path, 'a');
    const child = spawn(this.command, ['-D', this.#data], { ...this.as, cwd: this.folder, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    process.once('exit', this.#kill);
    for (const until = Date.now() + 60_000; !(await this.#answers());) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`PostgreSQL did not start: ${(await readFile(path, 'utf8')).slice(-2000)}`);
      await pause(50);
    }
  }

  async #answers(): Promise<boolean> {
    try {
      await this.query('SELECT 1', 'postgres');
      return true;
    } catch {
      return false;
    }
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    process.off('exit', this.#kill);
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGQUIT');
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
