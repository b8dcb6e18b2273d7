/** Flink's jars, at pinned versions, from the package registries that pip and Maven are set up with; kept in the cache folder. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cached, cacheFolder, copyJars, pomPath, works } from './cached.js';

export const flinkVersion = '2.3.0';
const wheel = `apache-flink-libraries==${flinkVersion}`;
const pom = 'flink-pom.xml';

const run = promisify(execFile);

/** What Flink needs and this machine lacks; null: nothing. */
export function flinkMissing(): string | null {
  if (!works('java', '-version')) return 'needs Java 17 on the PATH';
  if (existsSync(join(cacheFolder(), folderName()))) return null;
  if (!works('python3', '-m', 'pip', '--version')) return 'needs Python 3 with pip, to fetch Flink';
  return works('mvn', '-version') ? null : 'needs Maven on the PATH, to fetch Flink';
}

/** Another pom or wheel lies in another folder. */
function folderName(): string {
  const pinned = createHash('sha256').update(readFileSync(pomPath(pom))).update(wheel).digest('hex');
  return `flink-${flinkVersion}-${pinned.slice(0, 8)}`;
}

export interface FlinkFiles {
  /** Of the distribution. */
  readonly lib: string;
  /** Of the connectors and the gateway. */
  readonly jars: string;
}

/** Fetches what is not there yet: about 380 MB. `say` is told that it takes a while. */
export async function fetchFlink(say: (text: string) => void): Promise<FlinkFiles> {
  const folder = await cached(folderName(), async (aside) => {
    say(`fetching Flink ${flinkVersion} into the cache folder (380 MB, once)`);
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-compile', '--disable-pip-version-check', '--target', join(aside, 'python'), wheel], { maxBuffer: 1 << 24 });
    await copyJars(pom, join(aside, 'jars'), '-DexcludeTransitive=true');
  });
  return { lib: join(folder, 'python', 'pyflink', 'lib'), jars: join(folder, 'jars') };
}

/** A new folder for configuration and logs of one start. */
export async function runFolder(): Promise<string> {
  const folder = join(cacheFolder(), `run-${process.pid}-${Date.now()}`);
  await mkdir(folder, { recursive: true });
  return folder;
}
