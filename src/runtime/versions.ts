/** Which code ran: versions for people, a fingerprint of the compiled files for `verify`. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Versions } from '../stores/manifest.js';

/** Folders whose code decides what a run puts out. */
const deciding = ['calendar', 'core', 'engine', 'functions', 'operators', 'plan', 'runtime', 'sinks', 'sources', 'sql'];

/** The folder of the nearest package.json with this name, from here upwards. */
function packageFolder(name: string, start: string): string | null {
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (existsSync(path) && (JSON.parse(readFileSync(path, 'utf8')) as { name?: string }).name === name) return folder;
    const module = join(folder, 'node_modules', name);
    if (existsSync(join(module, 'package.json'))) return module;
    if (dirname(folder) === folder) return null;
  }
}

function versionOf(name: string): string {
  const folder = packageFolder(name, dirname(fileURLToPath(import.meta.url)));
  return folder === null ? 'unknown' : String((JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: string }).version);
}

/** Where scenarios and datasets of the package lie. */
export function packageRoot(): string {
  return packageFolder('tapewright', dirname(fileURLToPath(import.meta.url))) ?? process.cwd();
}

let fingerprint: string | null = null;

function codeFingerprint(): string {
  // The code of a process does not change.
  return (fingerprint ??= hashCode());
}

function hashCode(): string {
  const source = join(dirname(fileURLToPath(import.meta.url)), '..');
  const hash = createHash('sha256');
  for (const folder of deciding) {
    if (!existsSync(join(source, folder))) continue;
    for (const file of readdirSync(join(source, folder)).filter((name) => name.endsWith('.js')).sort()) {
      hash.update(`${folder}/${file}\n`).update(readFileSync(join(source, folder, file)));
    }
  }
  return hash.digest('hex');
}

export function versions(): Versions {
  return { tapewright: versionOf('tapewright'), code: codeFingerprint(), node: process.versions.node, duckdb: versionOf('@duckdb/node-api') };
}
