/** Reads files of records in text, record by record: positions are exact, and no bad record is lost. */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TapewrightError } from '../core/errors.js';
import { utf8Units } from '../core/utf8.js';
import type { RawBatch, Reader, ReaderRequest } from './reader.js';
import { RowBuilder } from './row-builder.js';
import type { RejectedRow } from './source.js';

/** What a record turned out to be. `row`: its values were written to the builder. */
export type Outcome =
  | { readonly kind: 'row' | 'blank' }
  | { readonly kind: 'watermark'; readonly value: number }
  | { readonly kind: 'rejected'; readonly column: string | null; readonly error: string; readonly value: string };

export const isRow: Outcome = { kind: 'row' };
export const isBlank: Outcome = { kind: 'blank' };

export interface TextFormat {
  readonly remarks: readonly string[];
  /** Called with the first bytes of each file (all of a small one); returns where its rows begin. */
  start(bytes: Buffer, file: string): number;
  /** Index after the record that begins at `at`, its line feed included; -1 when it does not end within `bytes`. */
  endOf(bytes: Buffer, at: number): number;
  /** Whether a record can be no row, without reading it: blank, or a watermark. */
  isAside(record: string): boolean;
  decode(record: string, row: number, rows: RowBuilder): Outcome;
}

const pieceBytes = 1 << 20;
/** A record longer than this is rejected. */
const recordBytesMax = 1 << 20;
const rejectedMax = 4096;

export class TextReader implements Reader {
  readonly rowsTotal = null;
  readonly #rows: RowBuilder;
  /** For a look at the record after a full batch. */
  readonly #ahead: RowBuilder;
  #file = -1;
  #stream: Readable | null = null;
  #pieces: AsyncIterator<Buffer> | null = null;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #isUtf8 = true;
  #ended = true;
  /** Of the next row: rows count, whether good or rejected; blank lines and watermarks do not. */
  #position = 0;
  #watermark = -Infinity;
  #marked = false;

  private constructor(private readonly request: ReaderRequest, private readonly format: TextFormat) {
    this.#rows = new RowBuilder(request.columns.map((column) => column.type), request.batchRows);
    this.#ahead = new RowBuilder(request.columns.map((column) => column.type), 1);
  }

  /** Reads the beginning of the first file, so that a missing column shows before a row is read. */
  static async open(request: ReaderRequest, format: TextFormat): Promise<TextReader> {
    const reader = new TextReader(request, format);
    try {
      await reader.#nextFile();
    } catch (cause) {
      await reader.close();
      throw cause;
    }
    return reader;
  }

  get remarks(): readonly string[] {
    return this.format.remarks;
  }

  async next(): Promise<RawBatch | null> {
    const { batchRows, from } = this.request;
    const positions = new Float64Array(batchRows), after = new Float64Array(batchRows);
    const rejected: RejectedRow[] = [];
    let length = 0;
    let before = this.#watermark;
    for (;;) {
      // Awaiting once a record would cost as much as reading it, so it is done only when bytes are missing.
      const end = this.#endAtHand() || (await this.#recordEnd());
      if (end < 0) break;
      const start = this.#at;
      const tooLong = end - start > recordBytesMax;
      const record = tooLong ? '' : this.#bytes.toString('utf8', start, contentEnd(this.#bytes, start, end));
      // What stands between this batch's last row and the next one belongs to this batch.
      const isFull = length === batchRows || rejected.length >= rejectedMax;
      if (isFull && (rejected.length >= rejectedMax ? tooLong || !this.format.isAside(record) : this.#isNextRow(tooLong, start, end, record))) break;
      this.#at = end;
      if (this.#position < from && (tooLong || !this.format.isAside(record))) {
        this.#position += 1;
        continue;
      }
      const outcome = tooLong || (!this.#isUtf8 && !isUtf8(this.#bytes.subarray(start, end)))
        ? this.#undecodable(tooLong, start, end)
        : inBytes(this.format.decode(record, length, this.#rows));
      if (outcome.kind === 'row') {
        if (length === 0) before = this.#watermark;
        positions[length] = this.#position++;
        after[length] = this.#watermark;
        length += 1;
      } else if (outcome.kind === 'watermark') {
        this.#marked = true;
        this.#watermark = Math.max(this.#watermark, outcome.value);
        if (length > 0) after[length - 1] = this.#watermark;
      } else if (outcome.kind === 'rejected') {
        const { column, error, value } = outcome;
        rejected.push({ position: this.#position++, column, error, value });
      }
    }
    if (length === 0 && rejected.length === 0) return null;
    const position = length > 0 ? positions[0]! : rejected[0]!.position;
    const contiguous = length === 0 || positions[length - 1]! - positions[0]! === length - 1;
    return {
      length, position, positions: contiguous ? null : positions,
      watermarks: this.#marked ? { before: length > 0 ? before : this.#watermark, after } : null,
      columns: this.#rows.take(length), rejected,
    };
  }

  interrupt(): void {
    this.#stream?.destroy();
  }

  async close(): Promise<void> {
    this.#stream?.destroy();
    this.#stream = null;
  }

  /** Whether a record is a row of the next batch: what is rejected before it belongs to this one, and so do marks after that. */
  #isNextRow(tooLong: boolean, start: number, end: number, record: string): boolean {
    if (tooLong || (!this.#isUtf8 && !isUtf8(this.#bytes.subarray(start, end)))) return false;
    return this.format.decode(record, 0, this.#ahead).kind === 'row';
  }

  #undecodable(tooLong: boolean, start: number, end: number): Outcome {
    const value = this.#bytes.toString('latin1', start, Math.min(end, start + recordBytesMax)).replace(/\r?\n$/, '');
    return { kind: 'rejected', column: null, error: tooLong ? 'the record is longer than 1 MiB' : 'the record is not UTF-8', value };
  }

  /** Index after the next record if it is whole among the bytes at hand, else 0. */
  #endAtHand(): number {
    return this.#at < this.#bytes.length ? Math.max(0, this.format.endOf(this.#bytes, this.#at)) : 0;
  }

  /** Index after the next record, its bytes being at hand; -1 at the end of the last file. */
  async #recordEnd(): Promise<number> {
    for (;;) {
      if (this.#at < this.#bytes.length) {
        const end = this.format.endOf(this.#bytes, this.#at);
        if (end >= 0) return end;
        if (this.#ended) return this.#bytes.length;
        // Of a record without end only the beginning is kept.
        if (this.#bytes.length - this.#at > 2 * recordBytesMax) return this.#skipLine();
      } else if (this.#ended && !(await this.#nextFile())) return -1;
      if (!this.#ended) await this.#refill();
    }
  }

  /** Drops the middle of an overlong record up to its line feed; what is left is still overlong, and so rejected. */
  async #skipLine(): Promise<number> {
    const head = Buffer.from(this.#bytes.subarray(this.#at, this.#at + recordBytesMax + 1));
    for (;;) {
      const feed = this.#bytes.indexOf(10, this.#at);
      if (feed >= 0 || this.#ended) {
        const tail = feed < 0 ? Buffer.alloc(0) : this.#bytes.subarray(feed + 1);
        this.#bytes = Buffer.concat([head, Buffer.from('\n'), tail]);
        this.#at = 0;
        return head.length + 1;
      }
      this.#at = this.#bytes.length;
      await this.#refill();
    }
  }

  async #refill(): Promise<void> {
    const next = await this.#pieces!.next().catch((cause: unknown) => this.#damaged(cause));
    if (next.done === true) this.#ended = true;
    else {
      const rest = this.#bytes.subarray(this.#at);
      this.#bytes = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
      this.#at = 0;
      this.#isUtf8 = isUtf8(this.#bytes);
    }
  }

  async #nextFile(): Promise<boolean> {
    if (this.#file + 1 >= this.request.files.length) return false;
    this.#file += 1;
    const file = this.request.files[this.#file]!;
    this.#stream = await openText(file);
    this.#pieces = this.#stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#bytes = Buffer.alloc(0);
    this.#at = 0;
    this.#ended = false;
    while (!this.#ended && this.#bytes.length < pieceBytes) await this.#refill();
    if (this.#bytes.toString('latin1', 0, 4) === 'PAR1') {
      throw new TapewrightError('DATASET_INVALID', `${file} is a Parquet file; give it the extension .parquet, or the format in dataset.yaml`, { path: file });
    }
    const mark = this.#bytes.length >= 3 && this.#bytes[0] === 0xef && this.#bytes[1] === 0xbb && this.#bytes[2] === 0xbf ? 3 : 0;
    this.#at = mark + this.format.start(this.#bytes.subarray(mark), file);
    return true;
  }

  #damaged(cause: unknown): never {
    const file = this.request.files[this.#file]!;
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new TapewrightError('DATASET_CORRUPT', `${file} is damaged: reading stops after row ${this.#position} (${said}); fetch or write the file again`, { path: file, position: this.#position, said }, { cause });
  }
}

/** What a format rejects it gives as text; what is kept are the bytes. */
const inBytes = (outcome: Outcome): Outcome => (outcome.kind === 'rejected' ? { ...outcome, value: utf8Units(outcome.value) } : outcome);

/** Where a record's line end begins. */
function contentEnd(bytes: Buffer, start: number, end: number): number {
  const feed = end > start && bytes[end - 1] === 10 ? end - 1 : end;
  return feed > start && bytes[feed - 1] === 13 ? feed - 1 : feed;
}

/** The file's bytes, decompressed when they are gzip. */
export async function openText(file: string): Promise<Readable> {
  const handle = await open(file);
  const head = Buffer.alloc(2);
  await handle.read(head, 0, 2, 0);
  await handle.close();
  const bytes = createReadStream(file, { highWaterMark: pieceBytes });
  if (head[0] !== 0x1f || head[1] !== 0x8b) return bytes;
  return pipeline(bytes, createGunzip({ chunkSize: pieceBytes }), () => undefined);
}
