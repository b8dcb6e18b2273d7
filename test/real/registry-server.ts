/** A real schema registry of Confluent's kind on this machine's loopback: Apicurio, in memory. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { artifact, cached, cacheFolder, works } from './cached.js';
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
    const folder = await mkdtemp(join(tmpdir(), 'tapewright-registry-'));
    const [port] = await freePorts(1);
    const process = new JavaProcess('The schema registry', ['-Xmx512m', '-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`, '-jar', join(files, jar)], join(folder, 'registry.log'));
    const server = new RegistryServer(folder, process, `http://127.0.0.1:${port}/apis/ccompat/v7`);
    try {
      process.start();
      await process.answers(() => fetch(`${server.address}/subjects`).then((response) => response.ok, () => false));
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** What it knew is gone with it: it keeps nothing on disk. */
  async stop(): Promise<void> {
    await this.process.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}
