/** A new empty directory for one test, removed after it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export function directoryFor(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'tapewright-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
