/** What real servers are made of: fetched at pinned versions by Maven as it is set up here, kept in the cache folder. */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/runtime/versions.js';

const run = promisify(execFile);
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:2.8';

export const cacheFolder = (): string => join(packageRoot(), '.cache', 'real');

/** Whether a command can be run at all. */
export const works = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** A folder of the cache, made by `fill` the first time: aside first, so that what is cut short is not taken for the whole. */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  const aside = `${folder}.${process.pid}`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });
  await fill(aside);
  await rename(aside, folder).catch((error: unknown) => {
    // Another process was quicker.
    if (!existsSync(folder)) throw error;
    return rm(aside, { recursive: true, force: true });
  });
  return folder;
}

/** The name of a cache folder for what a pom of this folder lists: another pom, another folder. */
export function pomFolder(pom: string): string {
  return `${pom.replace(/-pom\.xml$/, '')}-${createHash('sha256').update(readFileSync(pomPath(pom))).digest('hex').slice(0, 8)}`;
}

/** All jars that a pom of this folder lists, with what they need: their folder. */
export function jarsOf(pom: string): Promise<string> {
  return cached(pomFolder(pom), (folder) => copyJars(pom, folder));
}

/** The jars that a pom of this folder lists, without what they need: their paths. */
export async function listedJars(pom: string): Promise<readonly string[]> {
  const folder = await cached(pomFolder(pom), (aside) => copyJars(pom, aside, '-DexcludeTransitive=true'));
  return (await readdir(folder)).map((name) => join(folder, name));
}

export async function copyJars(pom: string, folder: string, ...more: readonly string[]): Promise<void> {
  await run('mvn', ['-q', '-B', '-f', pomPath(pom), `${plugin}:copy-dependencies`, `-DoutputDirectory=${folder}`, '-DincludeScope=runtime', ...more], { maxBuffer: 1 << 24 });
}

/** One artifact, `group:artifact:version:packaging:classifier`, as it lies in the local repository. */
export async function artifact(coordinates: string, folder: string): Promise<void> {
  await run('mvn', ['-q', '-B', `${plugin}:get`, `-Dartifact=${coordinates}`, '-Dtransitive=false', `-Ddest=${folder}`], { maxBuffer: 1 << 24 });
}

export const pomPath = (pom: string): string => join(packageRoot(), 'test', 'real', pom);
