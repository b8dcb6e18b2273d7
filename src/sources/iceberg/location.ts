/** Where a table's files are now: paths within metadata are those of the place where it was written. */
import { basename, dirname, join, resolve } from 'node:path';
import { TapewrightError } from '../../core/errors.js';

/** Maps paths under the table's `location` into the folder in which its metadata lies. */
export class Location {
  /** The table's folder here, absolute. */
  readonly folder: string;
  readonly #written: string;

  constructor(private readonly metadata: string, location: string) {
    const folder = dirname(resolve(metadata));
    this.folder = basename(folder) === 'metadata' ? dirname(folder) : folder;
    this.#written = normal(location).replace(/\/+$/, '');
  }

  /** The absolute path here. Throws DATASET_INVALID for a path that does not lie within the table's folder. */
  here(path: string): string {
    const rest = this.#within(normal(path));
    const segments = rest?.split('/') ?? [];
    const inside = segments.length > 0 && segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..' && !segment.includes('\0'));
    if (inside) return join(this.folder, ...segments);
    throw new TapewrightError(
      'DATASET_INVALID', `${this.metadata}: the path ${path.slice(0, 300)} does not lie within the table, whose location is ${this.#written}; tables with files elsewhere are not read`,
      { path: this.metadata, file: path, location: this.#written },
    );
  }

  #within(path: string): string | null {
    // Some writers leave scheme and authority out of one and not of the other.
    const bare = path.startsWith('/') || this.#written.startsWith('/');
    const [root, whole] = bare ? [withoutScheme(this.#written), withoutScheme(path)] : [this.#written, path];
    return whole.startsWith(`${root}/`) ? whole.slice(root.length + 1) : null;
  }
}

/** `file:/a`, `file:///a` and `/a` are one; `s3a://b/c` and `s3n://b/c` are `s3://b/c`. */
function normal(path: string): string {
  const local = /^file:(?:\/\/[^/]*)?(\/.*)$/is.exec(path);
  return local !== null ? local[1]! : path.replace(/^s3[an]:\/\//i, 's3://');
}

const withoutScheme = (path: string): string => path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*(?=\/)/i, '');
