/** Reads the data files of an Iceberg table, through DuckDB, each as the table sees it. */
import { TapewrightError } from '../../core/errors.js';
import type { Duck } from '../duck.js';
import { quoteList, quoteName } from '../quote.js';
import { openDuckReader } from '../duck-reader.js';
import type { Reader, ReaderRequest } from '../reader.js';
import { corrupt } from '../corrupt.js';
import { rowsIn, type Part, type Scans } from '../scans.js';
import { nullOf } from './literal.js';
import type { DataFile } from './manifests.js';
import { parquetTree, type ParquetNode } from './parquet-tree.js';
import { projectionOf } from './projection.js';
import { openTable, toldOf, type IcebergTable } from './table.js';

export async function openIcebergReader(request: ReaderRequest): Promise<Reader> {
  const table = await openTable(request.binding.path);
  return openDuckReader(request, new IcebergScans(table, request.binding.order), `${request.table}: ${toldOf(table, request.binding.order)}`);
}

/** A part is a data file, or all of them when rows are ordered by a column. */
class IcebergScans implements Scans {
  readonly #files: ReadonlyMap<string, { readonly file: DataFile; readonly index: number }>;

  constructor(private readonly table: IcebergTable, private readonly order: string | null) {
    this.#files = new Map(table.data.map((file, index) => [file.path, { file, index }]));
  }

  async parts(): Promise<Part[]> {
    const { data, metadata } = this.table;
    const rows = data.reduce((sum, file) => sum + file.rows, 0);
    if (data.length === 0) return [{ files: [metadata.path], first: 0, rows: 0 }];
    if (this.order !== null) return [{ files: data.map(({ path }) => path), first: 0, rows }];
    let first = 0;
    return data.map((file) => {
      const part = { files: [file.path], first, rows: file.rows };
      first += file.rows;
      return part;
    });
  }

  async scan(duck: Duck, { files }: Part): Promise<string> {
    const selects: string[] = [];
    for (const path of files) selects.push(await this.#select(duck, path));
    return `(${selects.join(' UNION ALL ')})`;
  }

  async #select(duck: Duck, path: string): Promise<string> {
    const { schema, mapping } = this.table.metadata;
    const found = this.#files.get(path);
    // No data file at all: the columns are still there.
    if (found === undefined) return `SELECT ${schema.map(({ name, type }) => `${nullOf(type)} AS ${quoteName(name)}`).join(', ')}, 0 AS file_row_number, '' AS filename WHERE false`;
    const { file: { rows, constants }, index } = found;
    const columns = await this.#columns(duck, path, rows, mapping);
    const list = projectionOf(schema, columns, constants, path);
    // Files tie by the order in which they were added, not by their names.
    return `SELECT ${list}, file_row_number, '${String(index).padStart(9, '0')}' AS filename FROM read_parquet(${quoteList([path])}, file_row_number = true, hive_partitioning = false)`;
  }

  async #columns(duck: Duck, path: string, rows: number, mapping: IcebergTable['metadata']['mapping']): Promise<readonly ParquetNode[]> {
    const found = await rowsIn(duck, path);
    if (found !== rows) throw new TapewrightError('DATASET_CORRUPT', `${path} is damaged: it has ${found} rows, and its manifest says ${rows}; fetch or write the file again`, { path });
    try {
      return await parquetTree(duck, path, mapping);
    } catch (cause) {
      throw cause instanceof TapewrightError ? cause : corrupt(path, 'its schema cannot be read', cause);
    }
  }
}
