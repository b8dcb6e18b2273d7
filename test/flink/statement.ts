/** A drawn statement: texts over `ticks_N` (tables of the world), `view_N` and `out_N`, and how its results are judged. */
import type { World } from './world.js';

export interface OutputColumn {
  readonly name: string;
  /** As SQL declares it. */
  readonly type: string;
}

export interface Drawn {
  /** Name of the kind of statement. */
  readonly kind: string;
  /** Tables of the world that it reads. */
  readonly tables: readonly number[];
  /** CREATE VIEW texts in order. */
  readonly views: readonly string[];
  readonly inserts: readonly { readonly output: number; readonly select: string }[];
  readonly outputs: readonly (readonly OutputColumn[])[];
  /**
   * Null: rows are only added. Else the outputs are changelogs: their final tables are compared and, with `keys`, the
   * order of the changes for each value of these columns.
   */
  readonly updates: { readonly keys: readonly string[] | null } | null;
  /** The rows of each output in rational arithmetic, where there is a computation that has nothing to do with the engine. */
  readonly exact: ((world: World) => readonly (readonly (readonly ExactValue[])[])[]) | null;
}

/** A value as text, a double, NULL; or a test of a double that no double is exactly. */
export type ExactValue = string | number | null | ((found: number) => boolean);

/** The names of tables, views and outputs in a set of statements. */
export interface Names {
  readonly table: (table: number) => string;
  readonly prefix: string;
}

export function renamed(text: string, { table, prefix }: Names): string {
  return text.replace(/\bticks_(\d+)\b/g, (_, number: string) => table(Number(number))).replace(/\b(view|out)_(\d+)\b/g, `${prefix}_$1_$2`);
}

export const outputName = (output: number, { prefix }: Names): string => `${prefix}_out_${output}`;
