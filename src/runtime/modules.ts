/** Modules of the user's: read, checked for what they import, and loaded under the guard. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire, register } from 'node:module';
import { basename, dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { builtPipelineOf } from '../builder/built-pipeline.js';
import type { BuiltPipeline } from '../builder/built-pipeline.js';
import { TapewrightError } from '../core/errors.js';
import { signatureOf } from '../functions/function-signature.js';
import { isDeclaration, userFunctions } from '../functions/user-functions.js';
import type { FunctionDeclaration } from '../functions/user-functions.js';
import { moduleDigest, rememberModule } from './functions.js';
import { guardedLoad } from './guard.js';
import type { ModuleText } from './options.js';

export interface LoadedModule {
  /** The file, and those beside it that it imports, one after the other. */
  readonly module: ModuleText;
  readonly pipelines: readonly BuiltPipeline[];
}

/** Longest module that is read. */
const bytesMax = 1024 * 1024;
const ownName = 'tapewright';

const invalid = (path: string, why: string, cause?: unknown): TapewrightError =>
  new TapewrightError('FUNCTION_INVALID', `${path} ${why}`, { path }, { cause });

export const isModulePath = (path: string): boolean => /\.(m?js|m?ts)$/i.test(path);

/** Loads what a file exports: functions and operators, and pipelines. `shown` is its path as a bundle keeps it. @throws FUNCTION_INVALID, FUNCTION_FORBIDDEN. */
export async function loadModule(path: string, shown = basename(path)): Promise<LoadedModule> {
  const file = resolve(path);
  if (/\.m?ts$/i.test(path)) throw invalid(path, `is TypeScript: compile it (npx tsc ${basename(path)}) and give the .js file`);
  const text = await readSources(file, path);
  ownModuleFor(file, text);
  const address = pathToFileURL(file).href;
  // Files that change are other modules.
  const fresh = `${address}?sha256=${moduleDigest({ text }).slice(0, 16)}`;
  const exported = await guardedLoad(address, () => load(fresh, path));
  const declarations = Object.entries(exported).flatMap(([name, value]) => named(name, value));
  const pipelines = Object.values(exported).map(builtPipelineOf).filter((pipeline) => pipeline !== null);
  if (declarations.length === 0 && pipelines.length === 0) throw invalid(path, 'exports no function and no pipeline: export const mid = scalarFunction({ … })');
  const all = [...declarations, ...pipelines.flatMap(({ functions }) => functions)].filter((one, index, list) => list.indexOf(one) === index);
  checked(all, path);
  const module: ModuleText = { path: shown, text, functions: all.map(signatureOf) };
  rememberModule(module, all);
  return { module, pipelines };
}

async function load(address: string, path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(address)) as Record<string, unknown>;
  } catch (error) {
    // The module may carry a second copy of the class.
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (code === 'FUNCTION_FORBIDDEN') throw error;
    if (code === 'FUNCTION_INVALID' || code === 'SQL_INVALID' || code === 'SQL_UNSUPPORTED') throw invalid(`${path}:`, String(message), error);
    throw invalid(path, `cannot be loaded: ${String(message ?? error)}`, error);
  }
}

/** A declaration without a name has that of its export. */
function named(name: string, value: unknown): readonly FunctionDeclaration[] {
  if (!isDeclaration(value)) return [];
  return [(value as { name?: unknown }).name === undefined ? { ...value, name } : value];
}

function checked(declarations: readonly FunctionDeclaration[], path: string): void {
  try {
    userFunctions(declarations);
  } catch (error) {
    if (error instanceof TapewrightError) throw invalid(`${path}:`, error.message, error);
    throw error;
  }
}

/** The texts of a file and of those beside it that it imports, each with its name before it where there are several. */
async function readSources(file: string, shown: string): Promise<string> {
  const texts = new Map<string, string>();
  const visit = async (path: string): Promise<void> => {
    if (texts.has(path)) return;
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      throw invalid(path === file ? shown : path, error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code})`, error);
    });
    if (bytes.length > bytesMax) throw invalid(shown, `is ${bytes.length} bytes long; at most ${bytesMax} are read`);
    const text = bytes.toString('utf8');
    texts.set(path, text);
    for (const imported of importsOf(text)) {
      if (imported === ownName) continue;
      if (imported === null) throw invalid(shown, 'imports modules while it runs: import(…) is not known before; import them at its head');
      if (!imported.startsWith('./') && !imported.startsWith('../')) {
        throw invalid(shown, `imports '${imported}': a function may use ${ownName} and files beside it, for its results must follow from its arguments; put what it needs into such a file`);
      }
      const beside = resolve(dirname(path), imported);
      // Its own package, by a path: in the package's own examples.
      if (isOwnPackage(beside)) continue;
      await visit(extname(beside) === '' && existsSync(`${beside}.js`) ? `${beside}.js` : beside);
    }
  };
  await visit(file);
  const [[, only] = ['', '']] = texts;
  return texts.size === 1 ? only : [...texts].map(([path, text]) => `// ${basename(path)}\n${text}`).join('\n');
}

const ownIndex = new URL('../index.js', import.meta.url);

const isOwnPackage = (path: string): boolean => pathToFileURL(path).href === ownIndex.href;

/** What a text imports; null: something that is decided while it runs. Comments are left out; texts that look so are not told apart. */
export function importsOf(text: string): readonly (string | null)[] {
  const code = text.replace(/\/\*[^]*?\*\/|(^|[^:'"`\\])\/\/[^\n]*/g, '$1');
  const fixed = [...code.matchAll(/\b(?:import|export)\b(?:[^'"`;()]*?\bfrom)?\s*(['"])([^'"\n]+)\1/g)].map((match) => match[2]!);
  return /\bimport\s*\(/.test(code) ? [...fixed, null] : fixed;
}

let isRegistered = false;

/** A module that lies where this package is not installed finds it all the same. */
function ownModuleFor(file: string, text: string): void {
  if (isRegistered || !importsOf(text).includes(ownName)) return;
  try {
    createRequire(file).resolve(ownName);
  } catch {
    isRegistered = true;
    register('./own-module.js', { parentURL: import.meta.url, data: { name: ownName, address: ownIndex.href } });
  }
}
