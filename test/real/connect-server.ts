/** A real Kafka Connect with Debezium's PostgreSQL connector on this machine's loopback, one worker. */
import { existsSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { artifact, cached, cacheFolder, jarsOf, pomFolder, works } from './cached.js';
import { JavaProcess, classPath, freePorts, log4jText } from './java.js';

const run = promisify(execFile);
const pom = 'connect-pom.xml', avroPom = 'connect-avro-pom.xml';
const version = '3.7.0.Final';
const debezium = `debezium-postgres-${version}`;

/** What Connect needs and this machine lacks; null: nothing. */
export function connectMissing(): string | null {
  if (!works('java', '-version')) return 'needs Java 17 on the PATH';
  const isThere = [pomFolder(pom), pomFolder(avroPom), debezium].every((name) => existsSync(join(cacheFolder(), name)));
  return isThere || works('mvn', '-version') ? null : 'needs Maven on the PATH, to fetch Kafka Connect and Debezium';
}

export interface ConnectOptions {
  readonly brokers: readonly string[];
  /** Variables that connectors may refer to as `${env:NAME}`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly say?: (text: string) => void;
}

export class ConnectServer {
  private constructor(private readonly folder: string, private readonly process: JavaProcess, readonly address: string) {}

  static async start({ brokers, env = {}, say = () => undefined }: ConnectOptions): Promise<ConnectServer> {
    if (!existsSync(join(cacheFolder(), pomFolder(pom)))) say('fetching Kafka Connect and Debezium into the cache folder (90 MB, once)');
    const jars = await jarsOf(pom);
    const converter = await jarsOf(avroPom);
    const connector = await cached(debezium, async (into) => {
      const file = join(into, 'packed.tar.gz');
      await artifact(`io.debezium:debezium-connector-postgres:${version}:tar.gz:plugin`, file);
      await run('tar', ['xzf', file, '-C', into]);
      await rm(file);
    });
    const folder = await mkdtemp(join(tmpdir(), 'tapewright-connect-'));
    const plugins = join(folder, 'plugins');
    await mkdir(plugins);
    await symlink(join(connector, 'debezium-connector-postgres'), join(plugins, 'debezium'));
    await symlink(converter, join(plugins, 'avro'));
    const [port] = await freePorts(1);
    const [config, log4j] = [join(folder, 'connect.properties'), join(folder, 'log4j2.properties')];
    await writeFile(config, `${properties(brokers, port!, plugins).join('\n')}\n`);
    await writeFile(log4j, log4jText());
    const java = new JavaProcess('Kafka Connect', ['-Xmx512m', `-Dlog4j2.configurationFile=${log4j}`, ...classPath(jars), 'org.apache.kafka.connect.cli.ConnectDistributed', config], join(folder, 'connect.log'), { env: { ...process.env, ...env } });
    const server = new ConnectServer(folder, java, `http://127.0.0.1:${port}`);
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server.stop(true);
      throw error;
    }
  }

  /** Starts it again where it was killed: what its connectors had told last is asked of Kafka. */
  async restart(): Promise<void> {
    this.process.start();
    await this.process.answers(() => fetch(`${this.address}/connectors`).then((response) => response.ok, () => false));
  }

  /** Ends it at once, as a power cut does. */
  async kill(): Promise<void> {
    await this.process.end('SIGKILL');
  }

  async stop(keepLogs = false): Promise<void> {
    await this.process.end();
    if (!keepLogs) await rm(this.folder, { recursive: true, force: true });
  }
}

function properties(brokers: readonly string[], port: number, plugins: string): string[] {
  const json = 'org.apache.kafka.connect.json.JsonConverter';
  return [
    `bootstrap.servers=${brokers.join(',')}`, 'group.id=connect', `listeners=http://127.0.0.1:${port}`, 'rest.advertised.host.name=127.0.0.1', `rest.advertised.port=${port}`,
    ...['key', 'value'].flatMap((part) => [`${part}.converter=${json}`, `${part}.converter.schemas.enable=false`]),
    ...['config', 'offset', 'status'].flatMap((part) => [`${part}.storage.topic=connect-${part}s`, `${part}.storage.replication.factor=1`]),
    'offset.storage.partitions=1', 'status.storage.partitions=1', 'offset.flush.interval.ms=1000', 'topic.creation.enable=true',
    // A worker that was killed is not waited for.
    'session.timeout.ms=6000', 'heartbeat.interval.ms=1000', 'scheduled.rebalance.max.delay.ms=0',
    `plugin.path=${plugins}`, 'plugin.discovery=hybrid_warn',
    'config.providers=env,file', 'config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider', 'config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider',
  ];
}
