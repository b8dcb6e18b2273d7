/** What DuckDB reads for a binding: files as tables, in parts whose rows follow each other. */
import { corrupt } from './corrupt.js';
import { textRows, type Duck } from './duck.js';
import { quoteList, quoteText } from './quote.js';
import type { ReaderRequest } from './reader.js';

/** A query over one file, or over all of them when rows are ordered by a column. */
export interface Part {
  readonly files: readonly string[];
  /** Position of its first row. */
  readonly first: number;
  /** Null where only reading tells. */
  readonly rows: number | null;
}

export interface Scans {
  /** One or more, in the order of their rows. */
  parts(duck: Duck): Promise<readonly Part[]>;
  /** A table of the part's columns, with file_row_number and filename, in file order. */
  scan(duck: Duck, part: Part): Promise<string>;
}

/** Files as they lie there. */
export class FileScans implements Scans {
  constructor(private readonly request: ReaderRequest) {}

  async parts(duck: Duck): Promise<Part[]> {
    const { files, binding } = this.request;
    if (binding.format !== 'parquet') return [{ files, first: 0, rows: null }];
    const parts: Part[] = [];
    let first = 0;
    for (const file of files) {
      const rows = await rowsIn(duck, file);
      parts.push({ files: [file], first, rows });
      first += rows;
    }
    return binding.order === null ? parts : [{ files, first: 0, rows: first }];
  }

  async scan(_: Duck, { files }: Part): Promise<string> {
    const { format, order } = this.request.binding;
    const common = `${quoteList(files)}, filename = true, hive_partitioning = false`;
    if (format === 'parquet') return `read_parquet(${common}, file_row_number = true)`;
    // Types are learned from all rows, so that they do not depend on which come first.
    const read = format === 'csv'
      ? `read_csv(${common}, all_varchar = true, header = true)`
      : `read_json(${common}, format = 'newline_delimited', sample_size = -1, maximum_object_size = 1048576)`;
    return `(SELECT *, ${order === null ? '0' : 'row_number() OVER ()'} AS file_row_number FROM ${read})`;
  }
}

/** By the file's footer. Throws DATASET_CORRUPT. */
export async function rowsIn(duck: Duck, file: string): Promise<number> {
  try {
    const [row] = await textRows(duck.connection, `SELECT CAST(num_rows AS VARCHAR) FROM parquet_file_metadata(${quoteText(file)})`);
    return Number(row![0]);
  } catch (cause) {
    throw corrupt(file, 'its footer cannot be read', cause);
  }
}
