/**
 * The footer of a Parquet file whose row groups are those of others, one file's after the other's. The footers are gone
 * through as they are encoded (Thrift's compact protocol), and copied but for what says where bytes lie and how many there are.
 */
import { ByteReader, ByteWriter } from '../core/bytes.js';

/** A footer, and how many bytes of row groups come before its own in the file that is made. */
export interface FooterPart {
  readonly footer: Uint8Array;
  readonly shift: number;
}

/** What a footer says of its file. */
export interface FooterFacts {
  readonly rows: number;
  readonly groups: number;
  /** The columns, as they are encoded. */
  readonly schema: Uint8Array;
}

// Numbers of fields, as Parquet's definition of its footer has them.
const file = { schema: 2, rows: 3, groups: 4 } as const;
const group = { columns: 1, start: 5, ordinal: 7 } as const;
const column = { start: 2, metadata: 3, offsetIndex: 4, columnIndex: 6 } as const;
const metadata = { data: 9, index: 10, dictionary: 11, bloomFilter: 14 } as const;

const STOP = 0, LIST = 9, STRUCT = 12;

type Field = (id: number, type: number) => void;

/** Throws an Error where the bytes are no footer. */
export function factsOf(footer: Uint8Array): FooterFacts {
  const reader = new ByteReader(footer);
  let rows = 0, groups = 0, schema = footer.subarray(0, 0);
  eachField(reader, (id, type) => {
    const from = reader.position;
    if (id === file.rows) rows = number(reader);
    else {
      if (id === file.groups) groups = listHeader(new ByteReader(footer.subarray(from))).length;
      skip(reader, type);
      if (id === file.schema) schema = footer.subarray(from, reader.position);
    }
  });
  return { rows, groups, schema };
}

/** The footer of all parts, whose schemas are one. */
export function mergedFooter(parts: readonly FooterPart[]): Uint8Array {
  const facts = parts.map(({ footer }) => factsOf(footer));
  const sum = (fact: 'rows' | 'groups'): number => facts.reduce((total, one) => total + one[fact], 0);
  const copy = new FooterCopy(parts[0]!.footer, parts[0]!.shift);
  let ordinal = 0;
  copy.fields((id, type) => {
    if (id === file.rows) copy.replace(sum('rows'));
    else if (id === file.groups) {
      listHeader(copy.reader);
      writeListHeader(copy.writer, sum('groups'));
      parts.forEach((part, index) => {
        const groups = index === 0 ? copy : new FooterCopy(part.footer, part.shift, copy.writer);
        if (index > 0) moveToGroups(groups.reader);
        for (let k = 0; k < facts[index]!.groups; k += 1) groups.group(ordinal++);
      });
    } else copy.value(type);
  });
  return copy.writer.toBytes();
}

function moveToGroups(reader: ByteReader): void {
  let at = 0;
  eachField(reader, (id, type) => {
    if (id === file.groups) at = reader.position;
    skip(reader, type);
  });
  reader.moveTo(at);
  listHeader(reader);
}

class FooterCopy {
  readonly reader: ByteReader;

  constructor(private readonly footer: Uint8Array, private readonly shift: number, readonly writer = new ByteWriter(footer.length * 2)) {
    this.reader = new ByteReader(footer);
  }

  /** Goes through a struct; `field` copies each value, of which the header is copied already. */
  fields(field: Field): void {
    const { reader, writer } = this;
    let from = reader.position;
    eachField(reader, (id, type) => {
      writer.raw(this.footer.subarray(from, reader.position));
      field(id, type);
      from = reader.position;
    });
    writer.u8(STOP);
  }

  value(type: number): void {
    const from = this.reader.position;
    skip(this.reader, type);
    this.writer.raw(this.footer.subarray(from, this.reader.position));
  }

  /** Another number instead of the next. */
  replace(value: number): void {
    number(this.reader);
    this.writer.varint(value * 2);
  }

  /** Where bytes lie; 0 is nowhere. */
  #place(): void {
    const place = number(this.reader);
    this.writer.varint((place === 0 ? 0 : place + this.shift) * 2);
  }

  group(ordinal: number): void {
    this.fields((id, type) => {
      if (id === group.columns) {
        const { length } = listHeader(this.reader);
        writeListHeader(this.writer, length);
        for (let index = 0; index < length; index += 1) this.#column();
      } else if (id === group.start) this.#place();
      else if (id === group.ordinal) this.replace(ordinal);
      else this.value(type);
    });
  }

  #column(): void {
    this.fields((id, type) => {
      if (id === column.metadata) this.#metadata();
      else if (id === column.start || id === column.offsetIndex || id === column.columnIndex) this.#place();
      else this.value(type);
    });
  }

  #metadata(): void {
    this.fields((id, type) => {
      if (id === metadata.data || id === metadata.index || id === metadata.dictionary || id === metadata.bloomFilter) this.#place();
      else this.value(type);
    });
  }
}

/** `field` is called where the value of each field begins, and goes to where it ends. */
function eachField(reader: ByteReader, field: Field): void {
  for (let id = 0; ;) {
    const header = reader.u8();
    if (header === STOP) return;
    id = header >> 4 === 0 ? number(reader) : id + (header >> 4);
    field(id, header & 15);
  }
}

/** An integer of any width, zigzag: none that is less than 0 is met here. */
const number = (reader: ByteReader): number => Math.floor(reader.varint() / 2);

function listHeader(reader: ByteReader): { readonly length: number; readonly type: number } {
  const header = reader.u8();
  return { length: header >> 4 === 15 ? reader.varint() : header >> 4, type: header & 15 };
}

/** Of structs. */
function writeListHeader(writer: ByteWriter, length: number): void {
  writer.u8((Math.min(length, 15) << 4) | STRUCT);
  if (length >= 15) writer.varint(length);
}

/** By type, 1 to 8: how many bytes a value has; -1: a number of variable length, -2: as many as a number before it says. */
const sizes = [0, 0, 0, 1, -1, -1, -1, 8, -2];

function skip(reader: ByteReader, type: number): void {
  if (type === STRUCT) return eachField(reader, (_, each) => skip(reader, each));
  if (type === LIST || type === LIST + 1) {
    const list = listHeader(reader);
    // In lists, unlike in structs, a truth value is a byte of its own.
    for (let index = 0; index < list.length; index += 1) if (list.type <= 2) reader.skip(1); else skip(reader, list.type);
    return;
  }
  const size = sizes[type];
  if (size === undefined) throw new Error(`a field of type ${type}, which no footer has`);
  if (size === -1) reader.varint();
  else reader.skip(size === -2 ? reader.varint() : size);
}
