/** Records of a file: lines of CSV, JSON lines, rows of Parquet, each as the texts of the columns asked for. */

/** Null stands for an empty field without quotes, a JSON null, or NULL. */
export type Values = readonly (string | null)[];

/** Consecutive records. */
export interface Piece {
  readonly length: number;
  /** Values in the order of the columns asked for; a text: why the record cannot be read; null: it is blank. */
  values(record: number): Values | string | null;
  /** The record as it stands in the file. */
  text(record: number): string;
  /** Of the file on disk, read so far. */
  readonly bytes: number;
}

export const notUtf8 = 'the record is not UTF-8; if the file is Latin-1, say so with --encoding latin1';
