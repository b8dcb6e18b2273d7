/** Java processes of real servers on this machine's loopback; none outlives the process that started it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds in which a server may end in order; some write what Java has loaded. */
const patience = 60_000;

const quickStart = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

export interface JavaOptions {
  /** Flags of the machine; by default those that start fast. */
  readonly flags?: readonly string[];
  /** File for its standard output alone. */
  readonly out?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export class JavaProcess {
  #child: ChildProcess | null = null;
  readonly #kill = (): void => {
    this.#child?.kill('SIGKILL');
  };

  /** `log`: file for its output. */
  constructor(private readonly name: string, private readonly args: readonly string[], private readonly log: string, private readonly options: JavaOptions = {}) {}

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(): void {
    const { flags = quickStart, out: outPath, cwd, env } = this.options;
    const log = openSync(this.log, 'a');
    const out = outPath === undefined ? log : openSync(outPath, 'a');
    this.#child = spawn('java', [...flags, ...this.args], { stdio: ['ignore', out, log], ...(cwd === undefined ? {} : { cwd }), ...(env === undefined ? {} : { env }) });
    for (const file of new Set([log, out])) closeSync(file);
    process.once('exit', this.#kill);
  }

  /** Waits until `ready` says so. Throws with its last words when it ends before. */
  async answers(ready: () => Promise<boolean>): Promise<void> {
    const until = Date.now() + 120_000;
    while (!(await ready())) {
      await this.mustRun();
      if (Date.now() > until) throw new Error(`${this.name} did not answer within two minutes; its log is ${this.log}`);
      await pause(100);
    }
  }

  /** Throws with its last words when it has ended. */
  async mustRun(): Promise<void> {
    if (!this.isRunning) throw new Error(`${this.name} ended at once: ${(await readFile(this.log, 'utf8')).slice(-2000)}`);
  }

  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    process.off('exit', this.#kill);
    if (child === null || !this.isRunning) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const waiting = new AbortController();
    void pause(patience, null, { signal: waiting.signal }).then(() => child.kill('SIGKILL'), () => undefined);
    await ended;
    waiting.abort();
  }
}

/** Ports that nobody listens at, below those that systems give out by themselves. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = 10_000 + Math.floor(Math.random() * 20_000); ports.length < count; port += 1) if (await isFree(port)) ports.push(port);
  return ports;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export const classPath = (...folders: readonly string[]): string[] => ['-cp', folders.map((folder) => join(folder, '*')).join(':')];

/** log4j's settings of a server: warnings and errors, as text. `target` is the stream; standard output when not given. */
export const log4jText = (target?: 'SYSTEM_ERR'): string => [
  'status = error', 'appender.console.type = Console', 'appender.console.name = console',
  ...(target === undefined ? [] : [`appender.console.target = ${target}`]),
  'appender.console.layout.type = PatternLayout', 'appender.console.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} %m%n',
  'rootLogger.level = WARN', 'rootLogger.appenderRef.console.ref = console', '',
].join('\n');
