/**
 * Rows whose key changes: a captured table has a delete of the one and a create of the other, and the create lacks the long
 * values that stayed as they were. Those are in the row that was deleted, which waits here for the create that goes with it.
 */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import type { LeftOut } from '../core/change.js';
import { readPacked, writePacked, type PackedValue } from '../core/packed.js';

type Values = readonly PackedValue[];

/** The create comes at once, if it comes at all. */
const most = 64;

export class MovedRows {
  /** By what the delete and its create have in common; the oldest first. */
  readonly #rows = new Map<string, Values>();

  /** The row is deleted. `left`: what its change says. */
  leave(left: string | null, row: () => Values): void {
    const moved = left === null ? null : leftOut(left).moved;
    if (moved === null) return;
    this.#rows.set(moved, row());
    if (this.#rows.size > most) this.#rows.delete(this.#rows.keys().next().value!);
  }

  /** The row that had another key until now; null: none is known. */
  arrive({ moved }: LeftOut): Values | null {
    if (moved === null) return null;
    const row = this.#rows.get(moved) ?? null;
    this.#rows.delete(moved);
    return row;
  }

  snapshot(writer: ByteWriter): void {
    writer.varint(this.#rows.size);
    for (const [moved, row] of this.#rows) {
      writer.string(moved);
      writer.varint(row.length);
      for (const value of row) writePacked(writer, value);
    }
  }

  restore(reader: ByteReader): void {
    this.#rows.clear();
    for (let left = reader.varint(); left > 0; left -= 1) {
      const moved = reader.string();
      this.#rows.set(moved, Array.from({ length: reader.varint() }, () => readPacked(reader)));
    }
  }
}

/** As the column `$unchanged` says it. */
export function leftOut(text: string): LeftOut {
  const said = JSON.parse(text) as readonly string[] | LeftOut;
  return 'moved' in said ? said : { left: said, moved: null };
}
