/** What a registry has said, in a folder: a run goes on, and is made again, also while no registry answers. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is known of a schema's id; once known it never changes, so that a step that is made again reads the same. */
export type KnownSchema = WrittenSchema | { readonly refused: string };

export interface WrittenSchema {
  readonly schema: string;
  /** Schemas of other subjects whose types it names, each after those that it needs itself. */
  readonly needs: readonly string[];
}

/** Without a folder nothing is kept. A file that cannot be read, or written, is as one that is not there. */
export class RegistryCache {
  constructor(private readonly folder: string | null) {}

  schema(id: number): KnownSchema | null {
    const found = this.#read(`${id}.json`);
    if (typeof found?.['schema'] === 'string' && Array.isArray(found['needs'])) return { schema: found['schema'], needs: found['needs'] as string[] };
    return typeof found?.['refused'] === 'string' ? { refused: found['refused'] } : null;
  }

  keepSchema(id: number, known: KnownSchema): void {
    this.#write(`${id}.json`, known);
  }

  registration(subject: string, schema: string): number | null {
    const id = this.#read(nameOf(subject, schema))?.['id'];
    return typeof id === 'number' ? id : null;
  }

  keepRegistration(subject: string, schema: string, id: number): void {
    this.#write(nameOf(subject, schema), { subject, id });
  }

  #read(name: string): Readonly<Record<string, unknown>> | null {
    if (this.folder === null) return null;
    try {
      return JSON.parse(readFileSync(join(this.folder, name), 'utf8')) as Readonly<Record<string, unknown>>;
    } catch {
      return null;
    }
  }

  /** Aside first: who reads it finds all or nothing. */
  #write(name: string, content: object): void {
    if (this.folder === null) return;
    const path = join(this.folder, name), aside = `${path}.${process.pid}.aside`;
    try {
      mkdirSync(this.folder, { recursive: true });
      writeFileSync(aside, JSON.stringify(content));
      renameSync(aside, path);
    } catch {
      // The registry will be asked again.
    }
  }
}

const nameOf = (subject: string, schema: string): string => `registered-${createHash('sha256').update(JSON.stringify([subject, schema])).digest('hex').slice(0, 32)}.json`;
