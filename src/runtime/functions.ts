/**
 * Functions of the user's in this process. A module is known by the SHA-256 of its text: texts in a bundle name the
 * modules that its SQL calls, and only those that somebody has loaded here are run.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { declarationOf } from '../functions/function-signature.js';
import { noUserFunctions, userFunctions } from '../functions/user-functions.js';
import type { FunctionDeclaration, UserFunctions } from '../functions/user-functions.js';
import type { Difference, ModuleText, PipelineTexts } from './options.js';

const loaded = new Map<string, readonly FunctionDeclaration[]>();
/** Digests of loaded modules by path. */
const paths = new Map<string, string>();

export const moduleDigest = ({ text }: Pick<ModuleText, 'text'>): string => createHash('sha256').update(text).digest('hex');

/** Makes the functions of a module known, which has been loaded because the user asked for it. */
export function rememberModule(module: ModuleText, declarations: readonly FunctionDeclaration[]): void {
  loaded.set(moduleDigest(module), declarations);
  paths.set(basename(module.path), moduleDigest(module));
}

/** Modules of the texts that nobody has loaded in this process. */
export function missingModules({ modules = [] }: PipelineTexts): readonly ModuleText[] {
  return modules.filter((module) => !loaded.has(moduleDigest(module)));
}

/** Where a module was loaded that has the name of one of the texts, and is another: what differs; null: nothing. */
export function anotherModule(texts: PipelineTexts): Pick<Difference, 'cause' | 'message' | 'file' | 'expected' | 'actual'> | null {
  for (const module of missingModules(texts)) {
    const actual = paths.get(basename(module.path));
    if (actual === undefined) continue;
    const expected = moduleDigest(module);
    return { cause: 'code', file: module.path, expected, actual, message: `the functions of ${module.path} are not those of the run (SHA-256 ${actual.slice(0, 16)}…, then ${expected.slice(0, 16)}…)` };
  }
  return null;
}

/** @throws USAGE when a module of the texts was not loaded: its code is run only if its file was given. */
export function requireModules(texts: PipelineTexts): void {
  const missing = missingModules(texts);
  if (missing.length === 0) return;
  const list = missing.map((module) => `${module.path} (SHA-256 ${moduleDigest(module).slice(0, 16)}…)`).join(', ');
  throw new TapewrightError('USAGE', `the run calls functions of ${list}, and no code of a bundle is run: read it, then give the file with --functions`, { modules: missing.map(({ path }) => path) });
}

/** What SQL may call: the code where it was loaded, else what is known of it, which can be planned and not run. @throws FUNCTION_INVALID. */
export function functionsOf({ modules = [] }: PipelineTexts): UserFunctions {
  if (modules.length === 0) return noUserFunctions;
  return userFunctions(modules.flatMap((module) => loaded.get(moduleDigest(module)) ?? module.functions.map(declarationOf)));
}
