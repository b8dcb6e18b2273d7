/**
 * The rows of one side of a comparison, ascending by key: sorted piece by piece on disk, so that memory holds a piece and
 * no table, however large.
 */
import { randomUUID } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ByteReader, ByteWriter } from '../core/bytes.js';
import { OutputDigest } from '../core/digest.js';
import { readPacked, writePacked } from '../core/packed.js';
import { sha256 } from '../runtime/sha256.js';
import { batchOfRows, type RowValues } from '../sources/row-columns.js';
import { keyOrder, type TableShape, type TableState } from './table-state.js';

/** Rows that are sorted in memory at once, and those of a block: what is read again at once of each piece. */
const pieceRows = 50_000, blockRows = 256;

export interface SortOptions {
  /** Of this comparison: who made it removes it. */
  readonly folder: string;
  readonly signal: AbortSignal | null;
  /** Of rows read so far. */
  readonly onRows: (rows: number) => void;
  readonly pieceRows?: number;
}

interface Block {
  readonly at: number;
  readonly bytes: number;
  readonly rows: number;
}

/** A sorted piece while it is read. */
interface Cursor {
  readonly blocks: readonly Block[];
  block: number;
  rows: readonly RowValues[];
  row: number;
}

export class SortedRows {
  private constructor(
    readonly shape: TableShape, readonly from: string, readonly rows: number, readonly hash: string,
    private readonly file: FileHandle, private readonly pieces: readonly (readonly Block[])[],
  ) {}

  /** Reads all rows of `state`. Throws what reading throws, and the reason of `signal`. */
  static async of(shape: TableShape, { from, rows: read }: TableState, { folder, signal, onRows, pieceRows: most = pieceRows }: SortOptions): Promise<SortedRows> {
    const file = await open(join(folder, randomUUID()), 'wx+');
    try {
      const digest = new OutputDigest(shape.name, shape.columns, sha256);
      const sorter = new Sorter(shape, file);
      const columns = shape.columns.map(({ name, type }) => ({ name, type, eventTime: false }));
      let rows = 0, waiting: RowValues[] = [];
      for await (const some of read()) {
        signal?.throwIfAborted();
        digest.append(batchOfRows(columns, some));
        for (const row of some) waiting.push(row);
        rows += some.length;
        onRows(rows);
        if (waiting.length < most) continue;
        await sorter.write(waiting);
        waiting = [];
      }
      await sorter.write(waiting);
      return new SortedRows(shape, from, rows, digest.setDigest(), file, sorter.pieces);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Ascending by key, block by block; rows of one key follow each other. */
  async *read(): AsyncGenerator<readonly RowValues[], void, undefined> {
    const compare = keyOrder(this.shape);
    // Descending, so that who is next is the last.
    const cursors: Cursor[] = [];
    const place = (cursor: Cursor): void => {
      let low = 0, high = cursors.length;
      while (low < high) {
        const middle = (low + high) >> 1, other = cursors[middle]!;
        if (compare(other.rows[other.row]!, cursor.rows[cursor.row]!) > 0) low = middle + 1;
        else high = middle;
      }
      cursors.splice(low, 0, cursor);
    };
    for (const blocks of this.pieces) place({ blocks, block: 0, rows: await this.#block(blocks[0]!), row: 0 });
    let out: RowValues[] = [];
    for (let cursor = cursors.pop(); cursor !== undefined; cursor = cursors.pop()) {
      out.push(cursor.rows[cursor.row]!);
      if (out.length === blockRows) {
        yield out;
        out = [];
      }
      cursor.row += 1;
      if (cursor.row === cursor.rows.length) {
        cursor.block += 1;
        if (cursor.block === cursor.blocks.length) continue;
        cursor.rows = await this.#block(cursor.blocks[cursor.block]!);
        cursor.row = 0;
      }
      place(cursor);
    }
    if (out.length > 0) yield out;
  }

  async #block({ at, bytes, rows }: Block): Promise<readonly RowValues[]> {
    const { buffer } = await this.file.read(Buffer.alloc(bytes), 0, bytes, at);
    const reader = new ByteReader(buffer);
    return Array.from({ length: rows }, () => this.shape.columns.map(() => readPacked(reader)));
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

class Sorter {
  readonly pieces: (readonly Block[])[] = [];
  #end = 0;

  constructor(private readonly shape: TableShape, private readonly file: FileHandle) {}

  async write(rows: RowValues[]): Promise<void> {
    if (rows.length === 0) return;
    rows.sort(keyOrder(this.shape));
    const blocks: Block[] = [];
    const writer = new ByteWriter(1 << 16);
    for (let from = 0; from < rows.length; from += blockRows) {
      const some = rows.slice(from, from + blockRows);
      const before = writer.length;
      for (const row of some) for (const value of row) writePacked(writer, value);
      blocks.push({ at: this.#end + before, bytes: writer.length - before, rows: some.length });
    }
    await this.file.write(writer.written(), 0, writer.length, this.#end);
    this.#end += writer.length;
    this.pieces.push(blocks);
  }
}
