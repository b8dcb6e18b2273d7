/** Where a scenario is: a name, a folder, a scenario file, or a bare SQL file. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { packageRoot } from '../runtime/versions.js';

export interface Located {
  readonly kind: 'scenario' | 'sql';
  /** Path of scenario.yaml, or of the SQL file. */
  readonly path: string;
}

export interface Named {
  readonly name: string;
  /** Path of its scenario.yaml. */
  readonly path: string;
}

/** Longest scenario or SQL file that is read. */
const textBytesMax = 1024 * 1024;

/** Scenarios of the working directory, then those of the package whose names it does not have; by name. */
export async function listScenarios(): Promise<Named[]> {
  const found = new Map<string, string>();
  for (const folder of ['scenarios', join(packageRoot(), 'scenarios')]) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names) {
      const path = join(folder, name, 'scenario.yaml');
      if (!found.has(name) && (await isFile(path))) found.set(name, path);
    }
  }
  return [...found].map(([name, path]) => ({ name, path })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws SCENARIO_INVALID naming what was looked for, and the nearest scenario. */
export async function locate(given: string): Promise<Located> {
  const info = await stat(given).catch(() => null);
  if (info?.isFile() === true) return { kind: /\.ya?ml$/i.test(given) ? 'scenario' : 'sql', path: given };
  if (info?.isDirectory() === true && (await isFile(join(given, 'scenario.yaml')))) return { kind: 'scenario', path: join(given, 'scenario.yaml') };
  const named = await listScenarios();
  const match = named.find(({ name }) => name === given);
  if (match !== undefined) return { kind: 'scenario', path: match.path };
  const names = named.map(({ name }) => name);
  const meant = nearest(given, names);
  const advice = meant !== null ? `did you mean '${meant}'?` : names.length > 0 ? `scenarios here are ${names.join(', ')}` : 'give the path of a .sql file or of a folder with scenario.yaml';
  const what = info?.isDirectory() === true ? `the folder ${given} has no scenario.yaml` : `there is no scenario and no file '${given}'`;
  throw new TapewrightError('SCENARIO_INVALID', `${what}; ${advice}`, { given });
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true;
}

/** The text of a file, byte for byte. @throws SCENARIO_INVALID when it cannot be read, is too long, or is not UTF-8. */
export async function readTextFile(path: string): Promise<string> {
  const refuse = (why: string, cause?: unknown): TapewrightError => new TapewrightError('SCENARIO_INVALID', `${path} ${why}`, { path }, { cause });
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw refuse(error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code})`, error);
  });
  if (bytes.length > textBytesMax) throw refuse(`is ${bytes.length} bytes long; at most ${textBytesMax} are read`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw refuse('is not UTF-8 text', error);
  }
}
