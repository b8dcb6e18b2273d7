/**
 * Pages of state as files of a folder, named by the SHA-256 of what is in them: one that is there is not written again,
 * and one that was damaged since is told by its name.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, syncDirectory, writeWhole } from './files.js';

/** Of the page's bytes, lower-case hex. */
export type PageName = string;

const nameForm = /^[0-9a-f]{64}$/;

export class PageFiles {
  /** Of pages that were written or read: they never change. */
  readonly #names = new WeakMap<Uint8Array, PageName>();

  constructor(private readonly directory: string) {}

  /** Bytes of pages that are not known to be in the folder. */
  unwritten(pages: readonly Uint8Array[]): number {
    return pages.reduce((bytes, page) => (this.#names.has(page) ? bytes : bytes + page.length), 0);
  }

  /** Makes all pages durable, one after the other so that others get their turn; returns their names and the bytes written. */
  async write(pages: readonly Uint8Array[]): Promise<{ readonly names: readonly PageName[]; readonly bytes: number }> {
    if (pages.length === 0) return { names: [], bytes: 0 };
    await makeDirectory(this.directory);
    const there = new Set(await readdir(this.directory));
    const names: PageName[] = [];
    let bytes = 0;
    for (const page of pages) {
      const name = this.#names.get(page) ?? nameOf(page);
      names.push(name);
      if (there.has(name)) continue;
      await writeWhole(join(this.directory, name), page);
      there.add(name);
      bytes += page.length;
    }
    if (bytes > 0) await syncDirectory(this.directory);
    pages.forEach((page, index) => this.#names.set(page, names[index]!));
    return { names, bytes };
  }

  /** The page of that name; null when it cannot be read or is damaged. */
  async read(name: PageName): Promise<Uint8Array | null> {
    let file: Buffer;
    try {
      file = await readFile(join(this.directory, name));
    } catch {
      return null;
    }
    // A plain array: a Buffer's `slice` is a view, where readers of bytes count on a copy.
    const page = new Uint8Array(file.buffer, file.byteOffset, file.length);
    if (nameOf(page) !== name) return null;
    this.#names.set(page, name);
    return page;
  }

  /** Deletes all pages but those named, and what a crash has left of others. */
  async keepOnly(names: ReadonlySet<PageName>): Promise<void> {
    const files = await readdir(this.directory).catch(() => []);
    for (const file of files) if (!nameForm.test(file) || !names.has(file)) await unlink(join(this.directory, file)).catch(() => undefined);
  }
}

const nameOf = (page: Uint8Array): PageName => createHash('sha256').update(page).digest('hex');
