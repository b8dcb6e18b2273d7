/** Jars of the connectors that the scenarios' tables name, at pinned versions, from the registry that Maven is set up with. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/versions.js';

const mavenPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies';

/** Their paths; fetches them (35 MB) once. */
export function connectorJars(): readonly string[] {
  const pom = join(packageRoot(), 'test', 'flink-text', 'connectors-pom.xml');
  const pinned = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 8);
  const folder = join(packageRoot(), '.cache', 'real', `flink-connectors-${pinned}`);
  if (!existsSync(folder)) {
    const aside = `${folder}.${process.pid}`;
    mkdirSync(aside, { recursive: true });
    execFileSync('mvn', ['-q', '-B', '-f', pom, mavenPlugin, `-DoutputDirectory=${aside}`, '-DincludeScope=runtime', '-DexcludeTransitive=true'], { stdio: ['ignore', 'ignore', 'inherit'] });
    // Aside first, so that what is cut short is not taken for the whole; another process may have been quicker.
    if (existsSync(folder)) rmSync(aside, { recursive: true });
    else renameSync(aside, folder);
  }
  return readdirSync(folder).map((name) => join(folder, name));
}
