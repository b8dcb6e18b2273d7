/** Reads Arrow IPC files and streams, feather among them: record batches, cut or joined into the batches that are asked for. */
import { TapewrightError } from '../../core/errors.js';
import { timestampUnits } from '../../core/types.js';
import { settled } from '../beyond.js';
import { matchColumn, wireColumn, type WireColumn } from '../columns.js';
import { columnBuilder, type ColumnBuilder } from '../decode.js';
import type { RawBatch, RawColumn, Reader, ReaderRequest } from '../reader.js';
import type { SourceColumn } from '../source.js';
import { ArrowFile, damaged, type ArrowBatch } from './file.js';
import type { ArrowColumn } from './schema.js';
import { ArrowTexts } from './text.js';
import { converter, type Wanted } from './vector.js';

/** How one column asked for is read from the file at hand. */
interface Bound {
  /** Of the file's columns. */
  readonly index: number;
  readonly source: ArrowColumn;
  readonly wire: WireColumn;
}

/** Rows from..to of the record batch at hand become rows `at` and on of the batch to deliver. */
type Append = (from: number, to: number, at: number) => void;

export class ArrowReader implements Reader {
  readonly remarks: string[] = [];
  #file: ArrowFile;
  #fileIndex = 0;
  #bound: readonly Bound[];
  readonly #builders: readonly (ColumnBuilder | ArrowTexts)[];
  #batch: ArrowBatch | null = null;
  #batchAt = 0;
  #appends: readonly Append[] = [];
  /** Of the next row. */
  #position = 0;

  private constructor(private readonly request: ReaderRequest, file: ArrowFile, readonly rowsTotal: number | null) {
    this.#file = file;
    this.#bound = this.#bind(file, request.files[0]!);
    this.#builders = this.#bound.map(({ wire, source }) => (wire.wire.kind === 'text' ? new ArrowTexts(request.batchRows, source) : columnBuilder(wire.wire, request.batchRows)));
  }

  /** Throws DATASET_MISSING, DATASET_CORRUPT or DATASET_INVALID. */
  static async open(request: ReaderRequest): Promise<ArrowReader> {
    const file = await ArrowFile.open(request.files[0]!);
    try {
      return new ArrowReader(request, file, request.files.length === 1 ? file.rowsTotal : null);
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  async next(): Promise<RawBatch | null> {
    const { batchRows, from } = this.request;
    await this.#skip(from);
    const position = this.#position;
    let length = 0;
    while (length < batchRows) {
      if (this.#batch === null && !(await this.#nextBatch())) break;
      const batch = this.#batch!;
      const take = Math.min(batch.length - this.#batchAt, batchRows - length);
      this.#checked(() => this.#appends.forEach((append) => append(this.#batchAt, this.#batchAt + take, length)));
      this.#batchAt += take;
      this.#position += take;
      length += take;
      if (this.#batchAt === batch.length) this.#batch = null;
    }
    if (length === 0) return null;
    return { length, position, positions: null, watermarks: null, columns: this.#take(position), rejected: [] };
  }

  /** A record batch is read in one go, which does not take long. */
  interrupt(): void {}

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Passes over the rows before the first one to deliver, whole batches unread where the file allows it. */
  async #skip(from: number): Promise<void> {
    while (this.#position < from) {
      if (this.#batch === null) {
        this.#position += await this.#file.skipTo(from - this.#position);
        if (!(await this.#nextBatch())) return;
      }
      const left = Math.min(this.#batch!.length - this.#batchAt, from - this.#position);
      this.#batchAt += left;
      this.#position += left;
      if (this.#batchAt === this.#batch!.length) this.#batch = null;
    }
  }

  /** Makes the next record batch with rows the one at hand; false at the end of the last file. */
  async #nextBatch(): Promise<boolean> {
    for (;;) {
      const batch = await this.#file.next();
      if (batch === null) {
        if (this.#file.unfinished) this.#remark(`${this.request.files[this.#fileIndex]!} was not closed: its rows are taken up to its last whole batch`);
        if (!(await this.#nextFile())) return false;
      } else if (batch.length > 0) {
        this.#checked(() => { this.#appends = this.#bound.map((bound, column) => this.#appender(batch, bound, column)); });
        this.#batch = batch;
        this.#batchAt = 0;
        return true;
      }
    }
  }

  async #nextFile(): Promise<boolean> {
    const path = this.request.files[this.#fileIndex + 1];
    if (path === undefined) return false;
    const file = await ArrowFile.open(path);
    await this.#file.close();
    this.#file = file;
    this.#fileIndex += 1;
    const before = this.#bound;
    this.#bound = this.#bind(file, path);
    this.#bound.forEach(({ wire, source }, index) => {
      const same = JSON.stringify(wire.wire) === JSON.stringify(before[index]!.wire.wire) && source.type === before[index]!.source.type;
      if (!same) throw new TapewrightError('DATASET_INVALID', `${path}: column ${this.request.columns[index]!.name} is of another type than in the files before it`, { path });
    });
    return true;
  }

  #bind(file: ArrowFile, path: string): Bound[] {
    const place = { table: this.request.table, file: path };
    return this.request.columns.map((column) => {
      const match = matchColumn(column, this.request.binding, file.columns, place);
      const index = file.columns.findIndex(({ name }) => name === match.fileColumn);
      const source = file.columns[index]!;
      const wire = wireColumn(column, match.expression, source.type, place);
      this.#remark(match.remark ?? wire.remark);
      return { index, source, wire };
    });
  }

  #appender(batch: ArrowBatch, { index, source, wire }: Bound, column: number): Append {
    const builder = this.#builders[column]!;
    const buffers = batch.column(index);
    if (builder instanceof ArrowTexts) {
      builder.enter(source, batch, buffers);
      return (from, to, at) => builder.append(from, to, at);
    }
    const convert = converter(wire.wire, source.layout, buffers, this.#wanted(this.request.columns[column]!));
    const validity = source.layout.kind === 'null' ? new Uint8Array((batch.length >> 3) + 1) : buffers.validity;
    return (from, to, at) => {
      // Validity is a bit a row: values begin where its bytes do.
      const start = from - (from & 7);
      builder.append(convert(start, to), validity === null ? null : validity.subarray(start >> 3), from - start, to - start, at);
    };
  }

  #wanted({ name, type }: SourceColumn): Wanted {
    const isTime = type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ';
    return {
      scale: type.kind === 'DECIMAL' ? type.scale! : 0, precision: type.kind === 'DECIMAL' ? type.precision! : 0,
      unitsPerSecond: isTime ? timestampUnits(type.precision ?? 6) : 0, name: `${this.request.table}.${name}`,
    };
  }

  #take(position: number): RawColumn[] {
    return this.#builders.map((builder, index) => {
      const name = `${this.request.table}.${this.request.columns[index]!.name}`;
      const column = builder.take();
      if (builder instanceof ArrowTexts) return column;
      if (builder.floored === true) this.#remark(`${name}: times finer than its type are floored`);
      return settled(column, this.#bound[index]!.wire.beyond, name, position);
    });
  }

  #remark(remark: string | null): void {
    if (remark !== null && !this.remarks.includes(remark)) this.remarks.push(remark);
  }

  /** What the file's bytes break in `act` is the file's damage. */
  #checked(act: () => void): void {
    const path = this.request.files[this.#fileIndex]!;
    try {
      act();
    } catch (cause) {
      throw cause instanceof TapewrightError ? cause : damaged(path, `its rows cannot be read after row ${this.#position}`, cause);
    }
  }
}
