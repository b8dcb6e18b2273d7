/** Flink's jars, at pinned versions, from the package registries that pip and Maven are set up with; kept in the cache folder. */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/runtime/versions.js';

export const flinkVersion = '2.3.0';
const wheel = `apache-flink-libraries==${flinkVersion}`;
const mavenPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies';

const run = promisify(execFile);
const cache = (): string => join(packageRoot(), '.cache', 'real');
const pom = (): string => join(packageRoot(), 'test', 'real', 'flink-pom.xml');

/** What Flink needs and this machine lacks; null: nothing. */
export function flinkMissing(): string | null {
  const works = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
  if (!works('java', '-version')) return 'needs Java 17 on the PATH';
  if (existsSync(folderOf())) return null;
  if (!works('python3', '-m', 'pip', '--version')) return 'needs Python 3 with pip, to fetch Flink';
  return works('mvn', '-version') ? null : 'needs Maven on the PATH, to fetch Flink';
}

/** Another pom or wheel lies in another folder. */
function folderOf(): string {
  const pinned = createHash('sha256').update(readFileSync(pom())).update(wheel).digest('hex');
  return join(cache(), `flink-${flinkVersion}-${pinned.slice(0, 8)}`);
}

export interface FlinkFiles {
  /** Of the distribution. */
  readonly lib: string;
  /** Of the connectors and the gateway. */
  readonly jars: string;
}

/** Fetches what is not there yet: about 380 MB. `say` is told that it takes a while. */
export async function fetchFlink(say: (text: string) => void): Promise<FlinkFiles> {
  const folder = folderOf();
  if (!existsSync(folder)) {
    say(`fetching Flink ${flinkVersion} into the cache folder (380 MB, once)`);
    // Aside first, so that what is cut short is not taken for the whole.
    const aside = `${folder}.${process.pid}`;
    await rm(aside, { recursive: true, force: true });
    await mkdir(aside, { recursive: true });
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-compile', '--disable-pip-version-check', '--target', join(aside, 'python'), wheel], { maxBuffer: 1 << 24 });
    await run('mvn', ['-q', '-B', '-f', pom(), mavenPlugin, `-DoutputDirectory=${join(aside, 'jars')}`, '-DincludeScope=runtime', '-DexcludeTransitive=true'], { maxBuffer: 1 << 24 });
    await rename(aside, folder).catch((error: unknown) => {
      // Another process was quicker.
      if (!existsSync(folder)) throw error;
      return rm(aside, { recursive: true, force: true });
    });
  }
  return { lib: join(folder, 'python', 'pyflink', 'lib'), jars: join(folder, 'jars') };
}

/** A new folder for configuration and logs of one start. */
export async function runFolder(): Promise<string> {
  const folder = join(cache(), `run-${process.pid}-${Date.now()}`);
  await mkdir(folder, { recursive: true });
  return folder;
}
