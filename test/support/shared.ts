/** Facts from beside the project: there in development and CI, skipped by name elsewhere. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export const sharedPath = (...parts: readonly string[]): string => resolve(process.cwd(), '..', 'shared', ...parts);

/** For a test's options: false where the file is there, else why the test is skipped. */
export function skipUnless(...parts: readonly string[]): string | false {
  if (existsSync(sharedPath(...parts))) return false;
  if (process.env['CI'] === 'true') throw new Error(`${parts.join('/')} is not there, and in CI nothing is skipped`);
  return `needs ../shared/${parts.join('/')}`;
}

export const sharedJson = (...parts: readonly string[]): unknown => JSON.parse(readFileSync(sharedPath(...parts), 'utf8'));
