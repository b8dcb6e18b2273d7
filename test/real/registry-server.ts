/** A real schema registry of Confluent's kind on this machine's loopback: Apicurio, with its database in a folder of its own. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { artifact, cached, cacheFolder, works } from './cached.js';
import { classArchive } from './class-archive.js';
import { JavaProcess, freePorts } from './java.js';

const run = promisify(execFile);
const version = '3.0.9';
const name = `apicurio-${version}`;

/** What the registry needs and this machine lacks; null: nothing. */
export function registryMissing(): string | null {
  if (!works('java', '-version')) return 'needs Java 17 on the PATH';
  return existsSync(join(cacheFolder(), name)) || works('mvn', '-version') ? null : 'needs Maven on the PATH, to fetch the schema registry';
}

export class RegistryServer {
  private constructor(private readonly folder: string, private readonly process: JavaProcess, readonly address: string) {}

  static async start(say: (text: string) => void = () => undefined): Promise<RegistryServer> {
    if (!existsSync(join(cacheFolder(), name))) say(`fetching the schema registry Apicurio ${version} into the cache folder (109 MB, once)`);
    const files = await cached(name, async (into) => {
      const packed = join(into, 'packed.tar.gz');
      await artifact(`io.apicurio:apicurio-registry-app:${version}:tar.gz:all`, packed);
      await run('tar', ['xzf', packed, '-C', into]);
      await rm(packed);
    });
    const jar = (await readdir(files)).find((file) => file.endsWith('-runner.jar'));
    if (jar === undefined) throw new Error(`the registry's archive holds no runner: remove ${files} and try again`);
    const classes = await classArchive(name, async (flags) => (await RegistryServer.#launch(join(files, jar), flags)).stop());
    return RegistryServer.#launch(join(files, jar), classes);
  }

  static async #launch(jar: string, flags: readonly string[]): Promise<RegistryServer> {
    const folder = await mkdtemp(join(tmpdir(), 'tapewright-registry-'));
    const [port] = await freePorts(1);
    const args = ['-Xmx512m', ...flags, '-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`, `-Dapicurio.datasource.url=jdbc:h2:file:${join(folder, 'registry')};WRITE_DELAY=0`, '-jar', jar];
    const server = new RegistryServer(folder, new JavaProcess('The schema registry', args, join(folder, 'registry.log')), `http://127.0.0.1:${port}/apis/ccompat/v7`);
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Ends it where it stands; what it knows stays in its folder. */
  async kill(): Promise<void> {
    await this.process.end('SIGKILL');
  }

  /** Starts it, or again, at the same address, and waits until it answers. */
  async restart(): Promise<void> {
    this.process.start();
    await this.process.answers(() => fetch(`${this.address}/subjects`).then((response) => response.ok, () => false));
  }

  /** What it knew is gone with it. */
  async stop(): Promise<void> {
    await this.process.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}
