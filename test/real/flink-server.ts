/** A real Flink on this machine's loopback: a JobManager, a TaskManager and an SQL gateway, stopped when the process ends. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchFlink, runFolder, type FlinkFiles } from './flink-files.js';
import { FlinkSession } from './flink-gateway.js';
import { JavaProcess, freePorts, log4jText } from './java.js';

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

/** Packages that Flink reaches into, as its own start scripts open them. */
const opened = [
  'java.lang', 'java.net', 'java.io', 'java.nio', 'java.lang.reflect', 'java.text', 'java.time', 'java.util', 'java.util.concurrent',
  'java.util.concurrent.atomic', 'java.util.concurrent.locks', 'sun.nio.ch',
].flatMap((name) => ['--add-opens', `java.base/${name}=ALL-UNNAMED`]);
const exported = ['java.rmi/sun.rmi.registry', 'java.security.jgss/sun.security.krb5'].flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]);

export class FlinkServer {
  readonly #processes: JavaProcess[] = [];

  private constructor(
    private readonly folder: string, private readonly files: FlinkFiles, private readonly options: FlinkOptions,
    /** The JobManager's REST address, and the gateway's. */
    readonly rest: string, readonly gateway: string,
  ) {}

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
    await Promise.all(this.#processes.map((each) => each.end()));
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
    const java = new JavaProcess(`Flink's ${name}`, [
      ...flags, ...opened, ...exported, `-Dlog4j2.configurationFile=${join(this.folder, 'log4j2.properties')}`,
      '-Dfile.encoding=UTF-8', '-Dsun.stdout.encoding=UTF-8', '-Duser.timezone=UTC', '-cp', [join(lib, '*'), join(jars, '*'), ...(this.options.jars ?? [])].join(':'), main, ...args,
    ], join(this.folder, `${name}.log`), {
      ...(this.options.java === undefined ? {} : { flags: this.options.java }), out: join(this.folder, `${name}.out`), cwd: this.folder,
      env: { ...process.env, FLINK_CONF_DIR: join(this.folder, 'conf'), FLINK_HOME: this.folder, FLINK_LIB_DIR: lib, FLINK_OPT_DIR: lib, FLINK_PLUGINS_DIR: join(this.folder, 'plugins') },
    });
    java.start();
    this.#processes.push(java);
  }

  async #answers(address: string, ready: (answer: unknown) => boolean): Promise<void> {
    const [first] = this.#processes;
    await first!.answers(async () => {
      for (const each of this.#processes) await each.mustRun();
      const answer = await fetch(address).then((response) => (response.ok ? response.json() : null), () => null);
      return answer !== null && ready(answer);
    });
  }
}

const yamlOf = (config: Readonly<Record<string, string>>): string => Object.entries(config).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join('');

/** The output stream is the `print` connector's. */
const log4j = log4jText('SYSTEM_ERR');
