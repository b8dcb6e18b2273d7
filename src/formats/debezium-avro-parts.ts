/** Parts of changes in Avro besides their values. Everything here runs for each record. */
import type { DebeziumParts } from './debezium-parts.js';
import { LAST_COMMIT, LSN, type Origin } from './debezium-shape.js';

const quote = 34, colon = 58, bracket = 91, zero = 48;

/** More digits may not be exact. */
const digitsMost = 15;

/** What changes of one origin share, and how their source names it. */
export interface AvroOrigin {
  readonly origin: Origin;
  /** Its number, as who reads changes gives it; -1: none yet. */
  number: number;
  readonly database: string | null;
  readonly schema: string | null;
  readonly table: string | null;
}

export class AvroParts {
  /** By the registers of debezium-shape.ts. */
  readonly numbers: Float64Array;
  /** Of the source, which bytes its members were that stay the same. */
  source = 0;
  /** Whether the row was read by a snapshot, or created, whether it is gone, and whether it has an image before that. */
  isRead = false;
  isCreated = false;
  isGone = false;
  hasBefore = false;
  origin: AvroOrigin | null = null;
  /** Where its key changed, as the column says it; null: it did not. */
  moved: string | null = null;
  /** Of a transaction's record: what it says, which counts it has (-1: new ones), and where they stand. */
  status = 0;
  collections = -1;
  collectionsAt = 0;
  collectionsEnd = 0;
  /** The id that was read last, where it is a number: how many digits, and its code. */
  #xid = -1;
  #digits = 0;
  #code = 0;
  #generation = -1;
  /** Digits that were read last. */
  #sum = 0;

  constructor(private readonly parts: DebeziumParts) {
    this.numbers = parts.numbers;
  }

  /** Behind the digits at `at`, which go to `#sum`. */
  #digitsEnd(bytes: Uint8Array, from: number, end: number): number {
    let at = from, sum = 0;
    for (; at < end; at += 1) {
      const digit = bytes[at]! - zero;
      if (!(digit >= 0 && digit <= 9)) break;
      sum = sum * 10 + digit;
    }
    this.#sum = sum;
    return at;
  }

  /** `790:26880096`, to the code of what stands before the colon; false: it is not of the usual form. */
  transaction(bytes: Uint8Array, start: number, size: number): boolean {
    return this.#before(bytes, start, start + size) >= 0;
  }

  /** Where the colon of the id is, or its end; -1: it is not of the usual form. */
  #before(bytes: Uint8Array, start: number, end: number): number {
    const { parts } = this, { xids } = parts;
    let at = this.#digitsEnd(bytes, start, end);
    const digits = at - start, isNumber = at < end && bytes[at] === colon && digits > 0 && digits <= digitsMost;
    if (isNumber && this.#sum === this.#xid && digits === this.#digits && xids.generation === this.#generation) {
      parts.xid = this.#code;
      return at;
    }
    while (at < end && bytes[at] !== colon) at += 1;
    if (at === start) return -1;
    const code = parts.xid = xids.codeAt(bytes, start, at - start);
    this.#xid = isNumber ? this.#sum : -1;
    this.#digits = digits;
    this.#code = code;
    this.#generation = xids.generation;
    return code === 0 ? -1 : at;
  }

  /** As `transaction`, of an END: what stands behind the colon counts, too. */
  end(bytes: Uint8Array, start: number, size: number): boolean {
    const end = start + size;
    if (this.#digitsEnd(bytes, start, end) === start) return false;
    const at = this.#before(bytes, start, end);
    if (at < 0 || at >= end || this.#digitsEnd(bytes, start, at) !== at) return false;
    if (this.#digitsEnd(bytes, at + 1, end) !== end || end === at + 1 || end - at > digitsMost + 1) return false;
    this.numbers[LSN] = this.#sum;
    return true;
  }

  /** `["26870192","26880096"]`: where the last commit ended. */
  sequence(bytes: Uint8Array, start: number, size: number): boolean {
    const end = start + size;
    if (size < 4 || bytes[start] !== bracket || bytes[start + 1] !== quote) return true;
    const at = this.#digitsEnd(bytes, start + 2, end);
    if (at === start + 2 || at === end || bytes[at] !== quote) return true;
    if (at - start - 2 > digitsMost) return false;
    this.numbers[LAST_COMMIT] = this.#sum;
    return true;
  }
}
