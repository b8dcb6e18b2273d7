/** A real Kafka on this machine's loopback: one node or several, each broker and controller. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import kafkajs from 'kafkajs';
import { existsSync } from 'node:fs';
import { cached, cacheFolder, jarsOf, pomFolder, works } from './cached.js';
import { classArchive } from './class-archive.js';
import { JavaProcess, classPath, freePorts, log4jText } from './java.js';
import { Proxy } from './proxy.js';

const run = promisify(execFile);
const pom = 'kafka-pom.xml';

/** Its sixteen bytes: no cluster of ours meets another. */
const cluster = Buffer.from('tapewright tests').toString('base64url');

/** What Kafka needs and this machine lacks; null: nothing. */
export function kafkaMissing(): string | null {
  if (!works('java', '-version')) return 'needs Java 17 on the PATH';
  return existsSync(join(cacheFolder(), pomFolder(pom))) || works('mvn', '-version') ? null : 'needs Maven on the PATH, to fetch Kafka';
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface KafkaOptions {
  readonly nodes?: number;
  /** Whether there is a second way to each node, over a network that can be cut. */
  readonly proxied?: boolean;
  /** Whether there is a third way, with TLS and a password (of one node). */
  readonly secured?: Credentials;
  /** More lines for each node's properties. */
  readonly properties?: readonly string[];
  readonly say?: (text: string) => void;
}

interface Node {
  readonly id: number;
  readonly address: string;
  readonly process: JavaProcess;
  readonly proxy: Proxy | null;
  /** Address by TLS. */
  readonly secured: string | null;
}

export class KafkaServer {
  private constructor(private readonly folder: string, private readonly nodes: readonly Node[]) {}

  /** Formats the nodes' folders, starts them and waits until the cluster takes topics. */
  static async start(options: KafkaOptions = {}): Promise<KafkaServer> {
    const { say = () => undefined } = options;
    if (!existsSync(join(cacheFolder(), pomFolder(pom)))) say('fetching Kafka 4.3.1 into the cache folder (55 MB, once)');
    return KafkaServer.#launch(options, await kafkaJava());
  }

  /** Starts and stops a node, so that Java sees what it loads. */
  static async train(flags: readonly string[]): Promise<void> {
    await (await KafkaServer.#launch({}, flags)).stop();
  }

  /** `flags`: with its class path. */
  static async #launch({ nodes: count = 1, proxied = false, secured, properties: more = [] }: KafkaOptions, flags: readonly string[]): Promise<KafkaServer> {
    const folder = await mkdtemp(join(tmpdir(), 'tapewright-kafka-'));
    const ports = await freePorts(5 * count);
    const log4j = join(folder, 'log4j2.properties');
    await writeFile(log4j, log4jText());
    const java = ['-Xmx512m', `-Dlog4j2.configurationFile=${log4j}`, ...flags];
    const voters = Array.from({ length: count }, (_, index) => `${index + 1}@127.0.0.1:${ports[count + index]}`).join(',');
    const nodes = await Promise.all(Array.from({ length: count }, async (_, index): Promise<Node> => {
      const id = index + 1;
      const config = join(folder, `node-${id}.properties`);
      const [port, controller, behind, before, safe] = [0, 1, 2, 3, 4].map((kind) => ports[kind * count + index]!) as [number, number, number, number, number];
      const lines = [...properties(id, count, voters, join(folder, `data-${id}`)), ...listeners(port, controller, proxied ? { behind, before } : null, secured === undefined ? null : safe), ...(secured === undefined ? [] : await security(folder, secured)), ...more];
      await writeFile(config, `${lines.join('\n')}\n`);
      await cp(await formatted(id, java, config), join(folder, `data-${id}`), { recursive: true, dereference: true });
      return { id, address: `127.0.0.1:${port}`, proxy: proxied ? await Proxy.start(before, behind) : null, secured: secured === undefined ? null : `127.0.0.1:${safe}`, process: new JavaProcess(`Kafka node ${id}`, [...java, 'kafka.Kafka', config], join(folder, `node-${id}.log`)) };
    }));
    const server = new KafkaServer(folder, nodes);
    try {
      for (const node of nodes) node.process.start();
      for (const node of nodes) await node.process.answers(() => isReady(node.address, count));
      return server;
    } catch (error) {
      await server.stop(true);
      throw error;
    }
  }

  /** Addresses of all nodes. */
  get brokers(): readonly string[] {
    return this.nodes.map(({ address }) => address);
  }

  /** Addresses by which every byte passes a proxy. */
  get proxied(): readonly string[] {
    return this.proxies.map(({ port }) => `127.0.0.1:${port}`);
  }

  /** Addresses that want TLS and a password, and the file of the certificate to trust. */
  get secured(): { readonly brokers: readonly string[]; readonly certificate: string } {
    return { brokers: this.nodes.flatMap(({ secured }) => (secured === null ? [] : [secured])), certificate: join(this.folder, 'certificate.pem') };
  }

  get proxies(): readonly Proxy[] {
    return this.nodes.flatMap(({ proxy }) => (proxy === null ? [] : [proxy]));
  }

  /** Ends a node at once, as a power cut does. Its data stay. */
  async kill(id: number): Promise<void> {
    await this.#node(id).process.end('SIGKILL');
  }

  /** Starts a node again that was killed. */
  async restart(id: number): Promise<void> {
    const { process, address } = this.#node(id);
    process.start();
    await process.answers(() => isReady(address, 1));
  }

  /** Stops all nodes; their logs are kept on request. */
  async stop(keepLogs = false): Promise<void> {
    await Promise.all(this.nodes.map(({ process }) => process.end()));
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    if (!keepLogs) await rm(this.folder, { recursive: true, force: true });
  }

  #node(id: number): Node {
    const node = this.nodes.find((each) => each.id === id);
    if (node === undefined) throw new Error(`there is no node ${id}`);
    return node;
  }
}

/** Flags of Java for what Kafka's jars hold: servers and tools. */
export async function kafkaJava(): Promise<readonly string[]> {
  const jars = classPath(await jarsOf(pom));
  return [...await classArchive(pomFolder(pom), (flags) => KafkaServer.train([...flags, ...jars])), ...jars];
}

/** A node's folder as Kafka formats it, which says no more than its number and the cluster's name. */
function formatted(id: number, java: readonly string[], config: string): Promise<string> {
  return cached(`${pomFolder(pom)}-node-${id}`, async (folder) => {
    const own = `${config}.format`;
    await writeFile(own, (await readFile(config, 'utf8')).replace(/^log\.dirs=.*$/m, `log.dirs=${folder}`));
    await run('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', cluster, '-c', own]);
  });
}

/** Whether the broker knows so many brokers: an open port alone says little. */
async function isReady(address: string, brokers: number): Promise<boolean> {
  const admin = new kafkajs.Kafka({ brokers: [address], logLevel: kafkajs.logLevel.NOTHING, connectionTimeout: 1000, retry: { retries: 0 } }).admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length >= brokers;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

function properties(id: number, nodes: number, voters: string, data: string): string[] {
  const replicas = Math.min(nodes, 3), inSync = nodes > 1 ? 2 : 1;
  const internal = ['offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic'].map((name) => `${name}.replication.factor=${replicas}`);
  return [
    'process.roles=broker,controller', `node.id=${id}`, `controller.quorum.voters=${voters}`, 'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT,SECURED:SASL_SSL', 'inter.broker.listener.name=PLAINTEXT', `log.dirs=${data}`,
    'auto.create.topics.enable=false', 'num.partitions=1', ...internal, `transaction.state.log.min.isr=${inSync}`, `share.coordinator.state.topic.min.isr=${inSync}`,
    'offsets.topic.num.partitions=4', 'transaction.state.log.num.partitions=4', 'group.initial.rebalance.delay.ms=0', 'group.min.session.timeout.ms=1000',
    'log.cleaner.dedupe.buffer.size=2097152',
  ];
}

function listeners(port: number, controller: number, proxy: { readonly behind: number; readonly before: number } | null, secured: number | null): string[] {
  const safe = secured === null ? '' : `,SECURED://127.0.0.1:${secured}`;
  return [
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}${proxy === null ? '' : `,PROXIED://127.0.0.1:${proxy.behind}`}${safe}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}${proxy === null ? '' : `,PROXIED://127.0.0.1:${proxy.before}`}${safe}`,
  ];
}

/** A certificate of its own, and a user. */
async function security(folder: string, { username, password }: Credentials): Promise<string[]> {
  const store = join(folder, 'keys.p12');
  const keytool = (...args: readonly string[]) => run('keytool', [...args, '-keystore', store, '-storetype', 'PKCS12', '-storepass', 'for-tests', '-alias', 'broker']);
  await keytool('-genkeypair', '-keyalg', 'RSA', '-dname', 'CN=tapewright tests', '-ext', 'SAN=ip:127.0.0.1', '-ext', 'bc=ca:true', '-validity', '30');
  await keytool('-exportcert', '-rfc', '-file', join(folder, 'certificate.pem'));
  return [
    `listener.name.secured.ssl.keystore.location=${store}`, 'listener.name.secured.ssl.keystore.type=PKCS12', 'listener.name.secured.ssl.keystore.password=for-tests',
    // Users of SCRAM are kept by the cluster: tests make them.
    'listener.name.secured.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    ...[256, 512].map((bits) => `listener.name.secured.scram-sha-${bits}.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;`),
    `listener.name.secured.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`,
  ];
}
