/** The pages of a column chunk, unpacked: a dictionary, and the rows' values or their codes in it. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { snappyUncompress } from 'hyparquet';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import { ZSTDDecoder } from 'zstddec';
import { unpackLz4Block } from '../arrow/lz4.js';
import { HybridReader, isAllOnes } from './hybrid.js';
import { unpackPieces } from './zstd-stream.js';

/** Codecs and encodings that are read here. */
export const codecs: readonly string[] = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4_RAW'];
export const encodings: readonly string[] = ['PLAIN', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY', 'RLE', 'BIT_PACKED'];

/** Of one page, unpacked: a hostile file says more than it holds. */
const bytesMax = 2 ** 30;

/** Values one after the other, those of NULL rows left out. `bytes` begins at a multiple of 8. */
export interface Dictionary {
  readonly count: number;
  readonly bytes: Uint8Array;
}

export interface DataPage {
  readonly rows: number;
  /** By row, 1 where it is NULL; null: none is. */
  readonly nulls: Uint8Array | null;
  /** Codes by row; null: `bytes` holds the values. */
  readonly codes: PageCodes | null;
  readonly bytes: Uint8Array;
  /** What follows `bytes`, where the page is unpacked piece by piece, each valid until anything is unpacked again; null: nothing does. */
  readonly more: Generator<Uint8Array, undefined> | null;
  /** Values in `bytes`, or codes that are not NULL. */
  readonly values: number;
}

interface Header {
  readonly type: number;
  readonly unpacked: number;
  readonly packed: number;
  readonly count: number;
  readonly encoding: number;
  /** Of a page of version 2: bytes of the levels, which are not packed, and whether the values are. */
  readonly levels: number | null;
  readonly isPacked: boolean;
}

const plain = 0, plainDictionary = 2, rleDictionary = 8;

let zstd: ZSTDDecoder | null = null;

/** Must have been waited for once before pages are read. */
export async function prepareZstd(): Promise<void> {
  if (zstd !== null) return;
  const decoder = new ZSTDDecoder();
  await decoder.init();
  zstd = decoder;
}

/** Pages of more are streamed where they can be: what is unpacked is used while it is in the cache. */
const streamedFrom = 1 << 18;

/** Codes of so many rows are taken at once at the most: they stay in the cache between unpacking and use. */
export const codesMax = 4096;
const taken = new Int32Array(codesMax);

/** The codes of a page, in the order of its rows. */
export class PageCodes {
  #row = 0;

  constructor(private readonly reader: HybridReader, private readonly nulls: Uint8Array | null) {}

  /** Those of the next `rows` rows, at most `codesMax`, 0 where one is NULL; valid until anyone asks again. */
  take(rows: number): Int32Array {
    const { nulls } = this;
    const from = this.#row;
    this.#row += rows;
    let values = rows;
    if (nulls !== null) for (let row = from; row < this.#row; row += 1) values -= nulls[row]!;
    this.reader.read(values, taken);
    // From one after the other to one a row, from behind.
    if (values < rows) for (let row = rows - 1; row >= 0; row -= 1) taken[row] = nulls![from + row] !== 0 ? 0 : taken[--values]!;
    return taken;
  }
}

/** Walks over a chunk's bytes, page by page. Throws an Error where they are damaged. */
export class Pages {
  readonly #bytes: Uint8Array;
  readonly #codec: string;
  readonly #optional: boolean;
  #at = 0;
  dictionary: Dictionary | null = null;

  /** `streams`: plain values may come piece by piece. */
  constructor(bytes: Uint8Array, codec: string, optional: boolean, private readonly streams = false) {
    this.#bytes = bytes;
    this.#codec = codec;
    this.#optional = optional;
  }

  /** The next page of rows. A dictionary before it is taken in. */
  next(): DataPage {
    for (;;) {
      const header = this.#header();
      const packed = this.#bytes.subarray(this.#at, this.#at + header.packed);
      this.#at += header.packed;
      if (header.type === 2) this.dictionary = { count: header.count, bytes: aligned(this.#unpack(packed, header.unpacked)) };
      else if (header.type === 0) return this.#first(packed, header);
      else if (header.type === 3) return this.#second(packed, header);
    }
  }

  #header(): Header {
    if (this.#at >= this.#bytes.length) throw new Error('pages are missing');
    const reader = { view: new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, this.#bytes.length - this.#at), offset: 0 };
    const fields = deserializeTCompactProtocol(reader) as Record<string, unknown>;
    this.#at += reader.offset;
    const type = count(fields['field_1']), unpacked = count(fields['field_2']), packed = count(fields['field_3']);
    if (unpacked > bytesMax || this.#at + packed > this.#bytes.length) throw new Error(`a page says it has ${packed} bytes, ${unpacked} unpacked`);
    const detail = fields[type === 0 ? 'field_5' : type === 2 ? 'field_7' : 'field_8'] as Record<string, unknown> | undefined;
    if (type !== 1 && detail === undefined) throw new Error('a page has no header of its own');
    const of = (field: number): unknown => detail?.[`field_${field}`];
    if (type !== 3) return { type, unpacked, packed, count: type === 1 ? 0 : count(of(1)), encoding: type === 1 ? 0 : count(of(2)), levels: null, isPacked: true };
    return { type, unpacked, packed, count: count(of(1)), encoding: count(of(4)), levels: count(of(5)) + count(of(6)), isPacked: of(7) !== false };
  }

  #first(packed: Uint8Array, header: Header): DataPage {
    if (this.#isStreamed(header)) return this.#firstStreamed(packed, header);
    const bytes = this.#unpack(packed, header.unpacked);
    if (!this.#optional) return this.#page(bytes, 0, header, null);
    if (bytes.length < 4) throw new Error('a page has no levels');
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    if (4 + length > bytes.length) throw new Error('the levels end beyond their page');
    return this.#page(bytes, 4 + length, header, nullsOf(bytes.subarray(4, 4 + length), header.count));
  }

  #second(packed: Uint8Array, header: Header): DataPage {
    const levels = header.levels!;
    if (levels > packed.length || levels > header.unpacked) throw new Error('the levels end beyond their page');
    const rest = packed.subarray(levels);
    const nulls = this.#optional ? nullsOf(packed.subarray(0, levels), header.count) : null;
    if (header.isPacked && this.#isStreamed(header)) return plainPage(header.count, nulls, new Uint8Array(0), unpackPieces(rest, header.unpacked - levels));
    const bytes = header.isPacked ? this.#unpack(rest, header.unpacked - levels) : rest;
    return this.#page(bytes, 0, header, nulls);
  }

  #isStreamed({ encoding, unpacked }: Header): boolean {
    return this.streams && encoding === plain && unpacked >= streamedFrom && this.#codec === 'ZSTD';
  }

  #firstStreamed(packed: Uint8Array, { unpacked, count: rows }: Header): DataPage {
    const pieces = unpackPieces(packed, unpacked);
    if (!this.#optional) return plainPage(rows, null, new Uint8Array(0), pieces);
    // A piece is written over by the next.
    let head = Buffer.alloc(0);
    let levels = 4;
    while (head.length < levels) {
      const { value, done } = pieces.next();
      if (done === true) throw new Error('the levels end beyond their page');
      head = Buffer.concat([head, value]);
      if (head.length >= 4) levels = 4 + head.readUInt32LE(0);
      if (levels > unpacked) throw new Error('the levels end beyond their page');
    }
    return plainPage(rows, nullsOf(head.subarray(4, levels), rows), head.subarray(levels), pieces);
  }

  #page(bytes: Uint8Array, at: number, { count: rows, encoding }: Header, nulls: Uint8Array | null): DataPage {
    if (encoding === plain) return plainPage(rows, nulls, aligned(bytes.subarray(at)), null);
    const values = valuesIn(rows, nulls);
    if (encoding !== plainDictionary && encoding !== rleDictionary) throw new Error(`encoding ${encoding} is not known here`);
    if (this.dictionary === null) throw new Error('codes stand before their dictionary');
    const width = values > 0 ? (bytes[at] ?? 255) : 0;
    if (width > 31) throw new Error(`codes of ${width} bits are not known`);
    const some = values < rows ? nulls : null;
    return { rows, nulls: some, codes: new PageCodes(new HybridReader(bytes, at + 1, width, this.dictionary.count), some), bytes, more: null, values };
  }

  #unpack(packed: Uint8Array, length: number): Uint8Array {
    const bytes = unpackPage(packed, this.#codec, length);
    if (bytes.length !== length) throw new Error(`${bytes.length} bytes were unpacked where ${length} were said`);
    return bytes;
  }
}

function valuesIn(rows: number, nulls: Uint8Array | null): number {
  let values = rows;
  if (nulls !== null) for (let row = 0; row < rows; row += 1) values -= nulls[row]!;
  return values;
}

const plainPage = (rows: number, nulls: Uint8Array | null, bytes: Uint8Array, more: DataPage['more']): DataPage =>
  ({ rows, nulls, codes: null, bytes, more, values: valuesIn(rows, nulls) });

function unpackPage(packed: Uint8Array, codec: string, length: number): Uint8Array {
  if (length === 0 && packed.length === 0) return packed;
  switch (codec) {
    case 'UNCOMPRESSED': return packed;
    case 'ZSTD': return zstd!.decode(packed, length);
    case 'GZIP': return gunzipSync(packed, { maxOutputLength: Math.max(1, length) });
    case 'BROTLI': return brotliDecompressSync(packed, { maxOutputLength: Math.max(1, length) });
    default: {
      const bytes = new Uint8Array(length);
      if (codec === 'SNAPPY') snappyUncompress(packed, bytes);
      else unpackLz4Block(packed, bytes);
      return bytes;
    }
  }
}

/** Levels of one bit: 0 is NULL. Null where no row is. */
function nullsOf(bytes: Uint8Array, rows: number): Uint8Array | null {
  if (isAllOnes(bytes, rows)) return null;
  const levels = new Int32Array(rows), nulls = new Uint8Array(rows);
  new HybridReader(bytes, 0, 1, 2).read(rows, levels);
  for (let row = 0; row < rows; row += 1) nulls[row] = 1 - levels[row]!;
  return nulls;
}

function count(value: unknown): number {
  if (typeof value !== 'number' || value < 0 || !Number.isInteger(value)) throw new Error('a page header is damaged');
  return value;
}

/** Typed arrays of wider elements may lie over it. Not by slice, which copies nothing of a Buffer. */
const aligned = (bytes: Uint8Array): Uint8Array => (bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes));
