/** What a Parquet file says of itself: its columns, and where each stretch of rows keeps their bytes. */
import type { FileHandle } from 'node:fs/promises';
import { parquetMetadata } from 'hyparquet';
import type { FileColumn } from '../columns.js';

type Metadata = ReturnType<typeof parquetMetadata>;
type SchemaElement = Metadata['schema'][number];

export interface ParquetColumn extends FileColumn {
  /** Rows may be NULL: pages tell which. */
  readonly optional: boolean;
}

/** Bytes [start, end) of the file that hold a column's rows of a row group. */
export interface ColumnChunk {
  readonly start: number;
  readonly end: number;
  readonly codec: string;
  readonly encodings: readonly string[];
}

export interface RowGroup {
  readonly rows: number;
  /** By column. */
  readonly chunks: readonly ColumnChunk[];
}

export interface Footer {
  readonly rows: number;
  readonly columns: readonly ParquetColumn[];
  readonly groups: readonly RowGroup[];
}

/** Bytes of the footer: more is no file that people have. */
const footerMax = 2 ** 28;

/** Throws an Error where the footer is damaged, or says what cannot be. */
export async function readFooter(handle: FileHandle, size: number): Promise<Footer> {
  const tail = await bytesAt(handle, size - 8, 8);
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true) + 8;
  if (length > size || length > footerMax) throw new Error(`the footer says it has ${length} bytes`);
  const metadata = parquetMetadata(await bytesAt(handle, size - length, length));
  const columns = leaves(metadata.schema);
  const groups = metadata.row_groups.map((group) => ({
    rows: whole(group.num_rows), chunks: group.columns.map(({ meta_data: meta, file_path: path }) => {
      if (meta === undefined || path !== undefined) throw new Error('a column lies elsewhere');
      const first = meta.dictionary_page_offset ?? meta.data_page_offset;
      // Some writers give 0 for none.
      const start = whole(first > 0n && first < meta.data_page_offset ? first : meta.data_page_offset);
      const end = start + whole(meta.total_compressed_size);
      if (end > size) throw new Error('a column ends beyond the file');
      return { start, end, codec: meta.codec, encodings: meta.encodings };
    }),
  }));
  if (groups.some(({ chunks }) => chunks.length !== columns.length)) throw new Error('a row group has other columns than the file');
  return { rows: groups.reduce((sum, group) => sum + group.rows, 0), columns, groups };
}

export async function bytesAt(handle: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await handle.read(bytes, at, length - at, start + at);
    if (bytesRead === 0) throw new Error('the file ends early');
    at += bytesRead;
  }
  return bytes;
}

function whole(value: bigint): number {
  if (value < 0n || value > 2n ** 48n) throw new Error(`${value} is no size`);
  return Number(value);
}

/** Columns that hold values; one inside another, or repeated, has a type that no table column fits. */
function leaves(schema: readonly SchemaElement[]): ParquetColumn[] {
  const [root, ...elements] = schema;
  const flat = elements.length === root?.num_children;
  return elements.filter(({ num_children }) => !num_children).map((element) => ({
    name: element.name, optional: element.repetition_type === 'OPTIONAL',
    type: flat && element.repetition_type !== 'REPEATED' ? typeOf(element) : '?',
  }));
}

/** As DuckDB would name it; `?` for what is left to DuckDB. */
function typeOf({ type, logical_type: logical, converted_type: converted }: SchemaElement): string {
  switch (type) {
    case 'DOUBLE': return 'DOUBLE';
    case 'INT32': {
      if (logical?.type === 'DATE' || converted === 'DATE') return 'DATE';
      const plain = logical === undefined ? converted === undefined || converted === 'INT_32' : logical.type === 'INTEGER' && logical.bitWidth === 32 && logical.isSigned;
      return plain ? 'INTEGER' : '?';
    }
    case 'INT64': {
      if (logical?.type === 'TIMESTAMP') {
        if (logical.isAdjustedToUTC) return logical.unit === 'MICROS' ? 'TIMESTAMP WITH TIME ZONE' : '?';
        return { MILLIS: 'TIMESTAMP_MS', MICROS: 'TIMESTAMP', NANOS: 'TIMESTAMP_NS' }[logical.unit];
      }
      const plain = logical === undefined ? converted === undefined || converted === 'INT_64' : logical.type === 'INTEGER' && logical.bitWidth === 64 && logical.isSigned;
      return plain ? 'BIGINT' : '?';
    }
    case 'BYTE_ARRAY': {
      if (logical?.type === 'STRING' || (logical === undefined && converted === 'UTF8')) return 'VARCHAR';
      if (logical?.type === 'JSON' || (logical === undefined && converted === 'JSON')) return 'JSON';
      return logical === undefined && converted === undefined ? 'BLOB' : '?';
    }
    default: return '?';
  }
}
