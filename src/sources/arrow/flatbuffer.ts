/**
 * Reads tables of FlatBuffers, Arrow's metadata, with every place checked: a damaged length becomes a RangeError, not
 * a loop over what is not there.
 */
export class FlatTable {
  readonly #fields: number;

  private constructor(private readonly view: DataView, private readonly at: number) {
    this.#fields = at - view.getInt32(at, true);
    // The list of fields has its own size, in bytes, as its first number.
    view.getUint16(this.#fields, true);
  }

  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true));
  }

  byte(field: number, absent: number): number {
    const at = this.#place(field);
    return at === 0 ? absent : this.view.getUint8(at);
  }

  short(field: number, absent: number): number {
    const at = this.#place(field);
    return at === 0 ? absent : this.view.getInt16(at, true);
  }

  int(field: number, absent: number): number {
    const at = this.#place(field);
    return at === 0 ? absent : this.view.getInt32(at, true);
  }

  /** A length or a place: at least 0, and safe. */
  long(field: number): number {
    const at = this.#place(field);
    return at === 0 ? 0 : longAt(this.view, at);
  }

  text(field: number): string {
    const at = this.#reference(field);
    if (at === 0) return '';
    const length = this.view.getUint32(at, true);
    if (at + 4 + length > this.view.byteLength) throw new RangeError('a name is cut short');
    return new TextDecoder('utf-8').decode(new Uint8Array(this.view.buffer, this.view.byteOffset + at + 4, length));
  }

  table(field: number): FlatTable | null {
    const at = this.#reference(field);
    return at === 0 ? null : new FlatTable(this.view, at);
  }

  tables(field: number): FlatTable[] {
    const { first, count } = this.#vector(field, 4);
    return Array.from({ length: count }, (_, index) => new FlatTable(this.view, first + index * 4 + this.view.getUint32(first + index * 4, true)));
  }

  /** Structs of `size` bytes: of each the numbers of 64 bits at these places. */
  structs(field: number, size: number, places: readonly number[]): number[][] {
    const { first, count } = this.#vector(field, size);
    return Array.from({ length: count }, (_, index) => places.map((place) => longAt(this.view, first + index * size + place)));
  }

  #vector(field: number, size: number): { first: number; count: number } {
    const at = this.#reference(field);
    if (at === 0) return { first: 0, count: 0 };
    const count = this.view.getUint32(at, true);
    if (at + 4 + count * size > this.view.byteLength) throw new RangeError('a list is cut short');
    return { first: at + 4, count };
  }

  /** Where a field's value lies; 0: it is absent, and has its default. */
  #place(field: number): number {
    const entry = 4 + field * 2;
    if (entry + 2 > this.view.getUint16(this.#fields, true)) return 0;
    const offset = this.view.getUint16(this.#fields + entry, true);
    return offset === 0 ? 0 : this.at + offset;
  }

  #reference(field: number): number {
    const at = this.#place(field);
    return at === 0 ? 0 : at + this.view.getUint32(at, true);
  }
}

function longAt(view: DataView, at: number): number {
  const value = Number(view.getBigInt64(at, true));
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) throw new RangeError(`${value} is no length`);
  return value;
}
