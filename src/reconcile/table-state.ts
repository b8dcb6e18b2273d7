/** A table as it stands somewhere: in a run, in a recording, in the database. */
import { OutputDigest } from '../core/digest.js';
import type { Schema } from '../core/types.js';
import { sha256 } from '../runtime/sha256.js';
import { batchOfRows, type RowValues } from '../sources/row-columns.js';

/** What is compared: columns that both sides have, and by which a row is known. */
export interface TableShape {
  readonly name: string;
  readonly columns: Schema;
  /** Names of columns. */
  readonly key: readonly string[];
}

export interface TableState {
  /** For people: whose it is. */
  readonly from: string;
  /** Values in the order of the shape's columns, rows in any order. */
  readonly rows: readonly RowValues[];
}

/** Rows that are encoded in one go. */
const blockRows = 4096;

/** Of the rows as a set, 32 hex digits: docs/digest.md, with the table's name and these columns. Equal sets have equal hashes, in whatever order. */
export function stateHash({ name, columns }: TableShape, rows: readonly RowValues[]): string {
  const digest = new OutputDigest(name, columns, sha256);
  for (let from = 0; from < rows.length; from += blockRows) digest.append(batchOfRows(columns.map(({ name: column, type }) => ({ name: column, type, eventTime: false })), rows.slice(from, from + blockRows)));
  return digest.setDigest();
}
