/** What records of captured topics say besides their rows, column by column while a batch is filled. */
import { LAST_COMMIT, LSN, OFFSET, ORDER, PARTITION, TIME } from '../formats/debezium-shape.js';

const first = 1024;

type Doubles = Float64Array<ArrayBuffer>;

export class CaptureColumns {
  #length = 0;
  #capacity = first;
  #kinds = new Uint8Array(first);
  #origins = new Int32Array(first);
  /** Partitions, offsets, orders, LSNs, last commits, times. */
  #numbers: Doubles[] = Array.from({ length: 6 }, () => new Float64Array(first));
  #xids = new Int32Array(first);
  #rows: Int32Array<ArrayBuffer>;

  /** `width`: tables that one topic may be of. */
  constructor(private readonly width: number) {
    this.#rows = new Int32Array(first * width);
  }

  begin(): void {
    this.#length = 0;
  }

  /** The number of the record. */
  add(kind: number, origin: number): number {
    if (this.#length === this.#capacity) this.#grow();
    const at = this.#length;
    this.#length += 1;
    this.#kinds[at] = kind;
    this.#origins[at] = origin;
    return at;
  }

  /** `numbers`: by the registers of debezium-shape.ts. */
  place(at: number, numbers: Float64Array, xid: number): void {
    const columns = this.#numbers;
    columns[0]![at] = numbers[PARTITION]!;
    columns[1]![at] = numbers[OFFSET]!;
    columns[2]![at] = numbers[ORDER]!;
    columns[3]![at] = numbers[LSN]!;
    columns[4]![at] = numbers[LAST_COMMIT]!;
    columns[5]![at] = numbers[TIME]!;
    this.#xids[at] = xid;
  }

  row(at: number, table: number, row: number): void {
    this.#rows[at * this.width + table] = row;
  }

  take() {
    const length = this.#length, cells = length * this.width;
    // One buffer for all of them: each that moves to another thread costs both.
    const buffer = new ArrayBuffer(length * (8 * this.#numbers.length + 8 + 1) + 4 * cells);
    const [partitions, offsets, orders, lsns, lastCommits, times] = this.#numbers.map((values, index) => {
      const own = new Float64Array(buffer, 8 * length * index, length);
      own.set(values.subarray(0, length));
      return own;
    }) as [Doubles, Doubles, Doubles, Doubles, Doubles, Doubles];
    const place = 8 * length * this.#numbers.length;
    const origins = new Int32Array(buffer, place, length), xids = new Int32Array(buffer, place + 4 * length, length), rows = new Int32Array(buffer, place + 8 * length, cells);
    const kinds = new Uint8Array(buffer, place + 8 * length + 4 * cells, length);
    origins.set(this.#origins.subarray(0, length));
    xids.set(this.#xids.subarray(0, length));
    rows.set(this.#rows.subarray(0, cells));
    kinds.set(this.#kinds.subarray(0, length));
    return { length, width: this.width, kinds, origins, xids, rows, partitions, offsets, orders, lsns, lastCommits, times };
  }

  #grow(): void {
    this.#capacity *= 2;
    const larger = <Values extends Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Doubles>(values: Values, into: Values): Values => {
      into.set(values);
      return into;
    };
    this.#kinds = larger(this.#kinds, new Uint8Array(this.#capacity));
    this.#origins = larger(this.#origins, new Int32Array(this.#capacity));
    this.#numbers = this.#numbers.map((values) => larger(values, new Float64Array(this.#capacity)));
    this.#xids = larger(this.#xids, new Int32Array(this.#capacity));
    this.#rows = larger(this.#rows, new Int32Array(this.#capacity * this.width));
  }
}
