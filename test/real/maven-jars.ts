/** Jars at pinned versions, from the registry that Maven is set up with; kept in the cache folder. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/versions.js';

const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies';

/** Paths of the jars that `pom`, a file in test/real, names; fetches them once. */
export function mavenJars(pom: string): readonly string[] {
  const path = join(packageRoot(), 'test', 'real', pom);
  const pinned = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 8);
  const folder = join(packageRoot(), '.cache', 'real', `${pom.replace('-pom.xml', '')}-${pinned}`);
  if (!existsSync(folder)) {
    // Aside first, so that what is cut short is not taken for the whole; another process may have been quicker.
    const aside = `${folder}.${process.pid}`;
    mkdirSync(aside, { recursive: true });
    execFileSync('mvn', ['-q', '-B', '-f', path, plugin, `-DoutputDirectory=${aside}`, '-DincludeScope=runtime', '-DexcludeTransitive=true'], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (existsSync(folder)) rmSync(aside, { recursive: true });
    else renameSync(aside, folder);
  }
  return readdirSync(folder).map((name) => join(folder, name));
}
