/** A real Flink on this machine's loopback: a JobManager, a TaskManager and an SQL gateway, stopped when the process ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fetchFlink, runFolder, type FlinkFiles } from './flink-files.js';
import { FlinkSession } from './flink-gateway.js';

export interface FlinkOptions {
  readonly slots?: number;
  /** MiB of the TaskManager's heap. */
  readonly heap?: number;
  /** MiB of managed memory, which the buffers of windows and RocksDB share. */
  readonly managed?: number;
  /** More of `config.yaml`, by full key: `'pipeline.object-reuse': 'true'`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Flags of every Java process; by default those that start fast. */
  readonly java?: readonly string[];
  /** More jars on the class path of every process. */
  readonly jars?: readonly string[];
  readonly say?: (text: string) => void;
}

const quickStart = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

/** Packages that Flink reaches into, as its own start scripts open them. */
const opened = [
  'java.lang', 'java.net', 'java.io', 'java.nio', 'java.lang.reflect', 'java.text', 'java.time', 'java.util', 'java.util.concurrent',
  'java.util.concurrent.atomic', 'java.util.concurrent.locks', 'sun.nio.ch',
].flatMap((name) => ['--add-opens', `java.base/${name}=ALL-UNNAMED`]);
const exported = ['java.rmi/sun.rmi.registry', 'java.security.jgss/sun.security.krb5'].flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]);

export class FlinkServer {
  readonly #processes: ChildProcess[] = [];
  readonly #kill = (): void => {
    for (const child of this.#processes) child.kill('SIGKILL');
  };

  private constructor(
    private readonly folder: string, private readonly files: FlinkFiles, private readonly options: FlinkOptions,
    /** The JobManager's REST address, and the gateway's. */
    readonly rest: string, readonly gateway: string,
  ) {
    process.once('exit', this.#kill);
  }

  /** Starts the three processes and waits until they answer. */
  static async start(options: FlinkOptions = {}): Promise<FlinkServer> {
    const { slots = 1, config = {}, say = () => undefined } = options;
    const files = await fetchFlink(say);
    const folder = await runFolder();
    const [rpc, blob, rest, gateway] = await freePorts(4);
    await mkdir(join(folder, 'conf'));
    await mkdir(join(folder, 'plugins'));
    await writeFile(join(folder, 'conf', 'config.yaml'), yamlOf({
      'jobmanager.rpc.address': '127.0.0.1', 'jobmanager.rpc.port': `${rpc}`, 'jobmanager.bind-host': '127.0.0.1', 'jobmanager.memory.process.size': '1g',
      'blob.server.port': `${blob}`, 'rest.address': '127.0.0.1', 'rest.bind-address': '127.0.0.1', 'rest.port': `${rest}`,
      'taskmanager.bind-host': '127.0.0.1', 'taskmanager.host': '127.0.0.1', 'taskmanager.numberOfTaskSlots': `${slots}`,
      'sql-gateway.endpoint.rest.address': '127.0.0.1', 'sql-gateway.endpoint.rest.bind-address': '127.0.0.1', 'sql-gateway.endpoint.rest.port': `${gateway}`,
      'io.tmp.dirs': folder, 'parallelism.default': '1',
      // A busy machine is no reason to fail.
      'pekko.ask.timeout': '180 s', 'heartbeat.timeout': '180 s', 'web.timeout': '180000', 'client.timeout': '180 s', ...config,
    }));
    await writeFile(join(folder, 'log4j2.properties'), log4j);
    const server = new FlinkServer(folder, files, options, `http://127.0.0.1:${rest}`, `http://127.0.0.1:${gateway}`);
    try {
      await server.#launch();
      return server;
    } catch (error) {
      await server.stop(true);
      throw error;
    }
  }

  session(properties: Readonly<Record<string, string>>): Promise<FlinkSession> {
    return FlinkSession.open(this.gateway, properties);
  }

  /** What the `print` connector has written so far. */
  get printed(): string {
    return join(this.folder, 'taskmanager.out');
  }

  /** Ids of the processes: JobManager, TaskManager, gateway. */
  get pids(): readonly number[] {
    return this.#processes.map(({ pid }) => pid!);
  }

  /** A place for files of the run. */
  get scratch(): string {
    return this.folder;
  }

  /** Stops the processes. Logs are kept on request. */
  async stop(keepLogs = false): Promise<void> {
    const ends = this.#processes.map((child) => (child.exitCode !== null || child.signalCode !== null ? null : new Promise((resolve) => child.once('exit', resolve))));
    for (const child of this.#processes) child.kill('SIGTERM');
    const patience = new AbortController();
    void pause(5000, null, { signal: patience.signal }).then(this.#kill, () => undefined);
    await Promise.all(ends);
    patience.abort();
    process.off('exit', this.#kill);
    if (!keepLogs) await rm(this.folder, { recursive: true, force: true });
  }

  async #launch(): Promise<void> {
    const { slots = 1, heap = 512, managed = 1024 } = this.options;
    const conf = join(this.folder, 'conf');
    const sizes = Object.entries({
      'cpu.cores': slots, 'memory.task.heap.size': `${heap}m`, 'memory.task.off-heap.size': '0b', 'memory.framework.heap.size': '128m', 'memory.framework.off-heap.size': '128m',
      'memory.network.min': '192m', 'memory.network.max': '192m', 'memory.managed.size': `${managed}m`, 'memory.jvm-metaspace.size': '512m', 'memory.jvm-overhead.min': '128m',
      'memory.jvm-overhead.max': '128m', 'resource-id': 'taskmanager',
    }).flatMap(([key, value]) => ['-D', `taskmanager.${key}=${value}`]);
    this.#java('jobmanager', 'org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint', ['-Xmx448m'], ['--configDir', conf, '--executionMode', 'cluster', '-D', 'jobmanager.memory.heap.size=448m']);
    this.#java('taskmanager', 'org.apache.flink.runtime.taskexecutor.TaskManagerRunner', [`-Xmx${heap + 128}m`, '-XX:MaxDirectMemorySize=448m'], ['--configDir', conf, ...sizes]);
    this.#java('gateway', 'org.apache.flink.table.gateway.SqlGateway', ['-Xmx768m'], []);
    await this.#answers(`${this.rest}/taskmanagers`, (answer) => (answer as { taskmanagers: readonly unknown[] }).taskmanagers.length > 0);
    await this.#answers(`${this.gateway}/v1/info`, () => true);
  }

  #java(name: string, main: string, flags: readonly string[], args: readonly string[]): void {
    const { lib, jars } = this.files;
    const out = openSync(join(this.folder, `${name}.out`), 'a');
    const log = openSync(join(this.folder, `${name}.log`), 'a');
    const child = spawn('java', [
      ...(this.options.java ?? quickStart), ...flags, ...opened, ...exported, `-Dlog4j2.configurationFile=${join(this.folder, 'log4j2.properties')}`,
      '-Dfile.encoding=UTF-8', '-Dsun.stdout.encoding=UTF-8', '-Duser.timezone=UTC', '-cp', [join(lib, '*'), join(jars, '*'), ...(this.options.jars ?? [])].join(':'), main, ...args,
    ], {
      stdio: ['ignore', out, log], cwd: this.folder,
      env: { ...process.env, FLINK_CONF_DIR: join(this.folder, 'conf'), FLINK_HOME: this.folder, FLINK_LIB_DIR: lib, FLINK_OPT_DIR: lib, FLINK_PLUGINS_DIR: join(this.folder, 'plugins') },
    });
    closeSync(out);
    closeSync(log);
    this.#processes.push(child);
  }

  async #answers(address: string, ready: (answer: unknown) => boolean): Promise<void> {
    const until = Date.now() + 120_000;
    for (;;) {
      const ended = this.#processes.findIndex(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
      if (ended !== -1) throw new Error(`Flink's ${names[ended]!} ended at once: ${await this.#lastWords(names[ended]!)}`);
      const answer = await fetch(address).then((response) => (response.ok ? response.json() : null), () => null);
      if (answer !== null && ready(answer)) return;
      if (Date.now() > until) throw new Error(`Flink did not answer at ${address} within two minutes; its logs are in ${this.folder}`);
      await pause(200);
    }
  }

  async #lastWords(name: string): Promise<string> {
    return (await readFile(join(this.folder, `${name}.log`), 'utf8')).slice(-2000);
  }
}

const names = ['jobmanager', 'taskmanager', 'gateway'];

const yamlOf = (config: Readonly<Record<string, string>>): string => Object.entries(config).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join('');

/** To the error stream: the output stream is the `print` connector's. */
const log4j = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} %m%n
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
`;

/** Ports that nobody listens at, below those that systems give out by themselves: the processes take some of these too. */
async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = 10_000 + Math.floor(Math.random() * 20_000); ports.length < count; port += 1) {
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
