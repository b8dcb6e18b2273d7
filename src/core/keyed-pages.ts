/**
 * Keyed state as bytes: records of a key and a value, in pages that are written once. What is changed goes to the page at
 * the end, so a checkpoint has to write only the pages that came since the one before; pages that are mostly dead are
 * copied to the end as well, now and then. Where a key's record lies is kept in a hash index, which no checkpoint needs.
 *
 * A record: hash of the key (u32), lengths of key and value (varints), key, value, up to the next multiple of 8 bytes.
 */
import type { ByteReader } from './byte-reader.js';
import { ByteWriter } from './bytes.js';
import { TapewrightError } from './errors.js';
import { faults } from './faults.js';
import { KeyIndex } from './key-index.js';
import { Page, UNIT } from './page.js';

export interface PageLimits {
  /** Of a page, a power of two from 64 on; a record that is longer has a page of its own. */
  readonly pageBytes: number;
  /** Keys whose state an operator keeps at hand beside the pages. */
  readonly keysAtHand: number;
}

export const usualPages: PageLimits = { pageBytes: 1 << 20, keysAtHand: 16_384 };

const FIRST_BYTES = 4096;
/** So many pages that are less than half full become one. */
const SMALL_PAGES = 8;

export class KeyedPages {
  /** The key that `find` and `put` are about, and the value that `put` writes: to be filled before. */
  readonly key = new ByteWriter(64);
  readonly value = new ByteWriter(256);
  #pageBytes: number;
  #unitsPerPage: number;
  /** An address is the number of its page, then as many bits: where its record begins there, in units. */
  #unitBits: number;
  #pages: (Page | null)[] = [];
  #freeNumbers: number[] = [];
  #openNumber = -1;
  /** The page in which room was made last: the open one, or that of a record which has one of its own. */
  #lastNumber = -1;
  readonly #index = new KeyIndex((address) => this.#readerAt(address).u32());
  /** Hash of the key that was sought last. */
  #sought = 0;
  readonly #isSought = (address: number): boolean => this.#hasKey(address);
  #size = 0;
  #used = 0;
  #live = 0;
  /** Where the record that was read last begins its key and its value, and how many bytes it has in all. */
  #read = { keyLength: 0, valueAt: 0, valueLength: 0, size: 0 };

  constructor({ pageBytes }: PageLimits = usualPages) {
    this.#pageBytes = pageBytes;
    this.#unitsPerPage = pageBytes / UNIT;
    this.#unitBits = 31 - Math.clz32(this.#unitsPerPage);
  }

  /** Keys. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of all pages. */
  get bytes(): number {
    return this.#used;
  }

  /** The address of the key's record, valid until the next change; -1: there is none. */
  find(): number {
    this.#sought = hashOf(this.key);
    return this.#size === 0 ? -1 : this.#index.find(this.#sought, this.#isSought);
  }

  /** The value at an address, to be read at once. */
  valueAt(address: number): ByteReader {
    this.#header(address);
    return this.#page(address).readerAt(this.#read.valueAt);
  }

  keyAt(address: number): ByteReader {
    this.#header(address);
    return this.#page(address).readerAt(this.#read.valueAt - this.#read.keyLength);
  }

  /** Whether `value` is what stands at an address. */
  hasValue(address: number): boolean {
    this.#header(address);
    const { valueAt, valueLength } = this.#read;
    return valueLength === this.value.length && isSame(this.#page(address).bytes, valueAt, this.value.buffer, valueLength);
  }

  /** Writes the record of the key that `find` was asked for last, and whose address it has told. */
  put(address: number): void {
    const hash = this.#sought;
    const size = sizeOf(this.key.length, this.value.length);
    if (address >= 0 && (this.#page(address).isOpen || faults.pageNotMarked)) {
      this.#header(address);
      // What no checkpoint has seen may change where it stands.
      if (this.#read.size === size && this.#read.valueLength === this.value.length) {
        copyBytes(this.value.buffer, this.value.length, this.#page(address).bytes, this.#read.valueAt);
        return;
      }
    }
    const page = this.#reserve(size);
    const at = page.used - size;
    this.#write(page.bytes, at, hash);
    const placed = this.#lastNumber * this.#unitsPerPage + at / UNIT;
    if (address >= 0) {
      this.#index.replace(hash, address, placed);
      this.#kill(address);
    } else {
      this.#index.add(hash, placed);
      this.#size += 1;
    }
  }

  /** Forgets the record at an address; -1: there is none. */
  delete(address: number): void {
    if (address < 0) return;
    this.#index.remove(this.#readerAt(address).u32(), address);
    this.#kill(address);
    this.#size -= 1;
  }

  /** Addresses of all records, page by page. Nothing is to be changed meanwhile. */
  addresses(): number[] {
    return Array.from(this.#pages.keys(), (number) => this.addressesOf(number)).flat();
  }

  /** Pages that there are or were: their numbers are below. */
  get pageNumbers(): number {
    return this.#pages.length;
  }

  /** Addresses of the records of one page. Nothing but `delete` may be called meanwhile. */
  addressesOf(page: number): number[] {
    const addresses: number[] = [];
    if (page < this.#pages.length) this.#each(page, (address) => addresses.push(address));
    return addresses;
  }

  clear(): void {
    this.#pages = [];
    this.#freeNumbers = [];
    this.#openNumber = -1;
    this.#index.clear();
    this.#size = this.#used = this.#live = 0;
  }

  /** Copies what lives in pages that are mostly dead, as long as a quarter of all is dead. To be called now and then. */
  settle(): void {
    while (this.#used - this.#live > this.#used / 4 + 2 * this.#pageBytes) {
      let worst = -1;
      let share = 1;
      this.#pages.forEach((page, number) => {
        if (page === null || page.isOpen || page.live / page.used >= share) return;
        worst = number;
        share = page.live / page.used;
      });
      if (worst < 0) return;
      this.#copy(worst);
    }
  }

  /** All pages, which never change from here on; `writer` is told what of them is dead. */
  snapshot(writer: ByteWriter): Uint8Array[] {
    this.#mergeSmall();
    this.#closeOpen();
    const pages = this.#pages.filter((page) => page !== null);
    writer.varint(this.#pageBytes);
    writer.varint(pages.length);
    for (const page of pages) page.writeDead(writer);
    return pages.map((page) => page.bytes);
  }

  /** Into a store that is empty. `pages` begin with its own, as `snapshot` gave them; they are not to be changed. */
  restore(reader: ByteReader, pages: readonly Uint8Array[]): void {
    // Addresses are those of the pages that were written.
    this.#pageBytes = reader.varint();
    this.#unitsPerPage = this.#pageBytes / UNIT;
    this.#unitBits = 31 - Math.clz32(this.#unitsPerPage);
    const count = reader.varint();
    if (pages.length < count) throw new TapewrightError('CHECKPOINT_MISMATCH', `the snapshot has ${pages.length} pages where ${count} are wanted: delete it and start again`, { pages: pages.length, wanted: count });
    for (let number = 0; number < count; number += 1) {
      const page = Page.of(pages[number]!);
      this.#pages.push(page);
      this.#used += page.used;
      this.#live += page.used;
      let unit = 0;
      for (let left = reader.varint(); left > 0; left -= 1) {
        unit += reader.varint();
        const address = number * this.#unitsPerPage + unit;
        this.#header(address);
        page.kill(unit * UNIT, this.#read.size);
        this.#live -= this.#read.size;
      }
      this.#each(number, (address, hash) => {
        this.#index.add(hash, address);
        this.#size += 1;
      });
    }
  }

  #reserve(size: number): Page {
    this.#used += size;
    this.#live += size;
    if (size > this.#pageBytes) {
      const number = this.#newPage(size);
      const page = this.#pages[number]!;
      page.reserve(size, size);
      page.close();
      this.#lastNumber = number;
      return page;
    }
    if (this.#openNumber >= 0 && this.#pages[this.#openNumber]!.used + size > this.#pageBytes) this.#closeOpen();
    if (this.#openNumber < 0) this.#openNumber = this.#newPage(Math.min(this.#pageBytes, FIRST_BYTES));
    this.#lastNumber = this.#openNumber;
    const page = this.#pages[this.#openNumber]!;
    page.reserve(size, this.#pageBytes);
    return page;
  }

  #newPage(capacity: number): number {
    const number = this.#freeNumbers.pop() ?? this.#pages.length;
    this.#pages[number] = new Page(capacity);
    return number;
  }

  #closeOpen(): void {
    if (this.#openNumber < 0) return;
    const page = this.#pages[this.#openNumber]!;
    if (page.live === 0) this.#drop(this.#openNumber);
    else page.close();
    this.#openNumber = -1;
  }

  #drop(number: number): void {
    this.#used -= this.#pages[number]!.used;
    this.#pages[number] = null;
    this.#freeNumbers.push(number);
  }

  #kill(address: number): void {
    const number = address >>> this.#unitBits;
    const page = this.#pages[number]!;
    this.#header(address);
    const { size } = this.#read;
    page.kill(this.#placeOf(address), size);
    this.#live -= size;
    if (page.live > 0) return;
    if (!page.isOpen) this.#drop(number);
    else {
      this.#used -= page.used;
      page.empty();
    }
  }

  /** Writes what lives in a page at the end, and forgets the page. */
  #copy(number: number): void {
    const { bytes } = this.#pages[number]!;
    this.#each(number, (address, hash, size) => {
      const from = this.#placeOf(address);
      const page = this.#reserve(size);
      const at = page.used - size;
      page.bytes.set(bytes.subarray(from, from + size), at);
      this.#index.replace(hash, address, this.#lastNumber * this.#unitsPerPage + at / UNIT);
      this.#live -= size;
    });
    this.#drop(number);
  }

  /** A checkpoint closes the page at the end, however little it holds: these do not become ever more. */
  #mergeSmall(): void {
    const small = [...this.#pages.keys()].filter((number) => {
      const page = this.#pages[number]!;
      return page !== null && !page.isOpen && page.used <= this.#pageBytes / 2;
    });
    if (small.length >= SMALL_PAGES) for (const number of small) this.#copy(number);
  }

  #each(number: number, visit: (address: number, hash: number, size: number) => void): void {
    const page = this.#pages[number]!;
    if (page === null) return;
    const { used } = page;
    for (let at = 0; at < used;) {
      const address = number * this.#unitsPerPage + at / UNIT;
      const hash = this.#readerAt(address).u32();
      this.#header(address);
      const { size } = this.#read;
      if (!page.isDead(at)) visit(address, hash, size);
      at += size;
    }
  }

  #page(address: number): Page {
    return this.#pages[address >>> this.#unitBits]!;
  }

  /** Where a record begins in its page. */
  #placeOf(address: number): number {
    return (address & (this.#unitsPerPage - 1)) * UNIT;
  }

  #readerAt(address: number): ByteReader {
    return this.#page(address).readerAt(this.#placeOf(address));
  }

  #header(address: number): void {
    const at = this.#placeOf(address);
    const { bytes } = this.#page(address);
    const read = this.#read;
    const keyLength = bytes[at + 4]!, valueLength = bytes[at + 5]!;
    if (keyLength < 128 && valueLength < 128) {
      // Most records.
      read.keyLength = keyLength;
      read.valueLength = valueLength;
      read.valueAt = at + 6 + keyLength;
    } else {
      const reader = this.#page(address).readerAt(at + 4);
      read.keyLength = reader.varint();
      read.valueLength = reader.varint();
      read.valueAt = reader.position + read.keyLength;
    }
    read.size = roundUp(read.valueAt + read.valueLength - at);
  }

  #hasKey(address: number): boolean {
    this.#header(address);
    const { keyLength, valueAt } = this.#read;
    return keyLength === this.key.length && isSame(this.#page(address).bytes, valueAt - keyLength, this.key.buffer, keyLength);
  }

  #write(bytes: Uint8Array, at: number, hash: number): void {
    const { key, value } = this;
    for (let byte = 0; byte < 4; byte += 1) bytes[at + byte] = hash >>> (8 * byte);
    let end = writeVarint(bytes, at + 4, key.length);
    end = writeVarint(bytes, end, value.length);
    copyBytes(key.buffer, key.length, bytes, end);
    copyBytes(value.buffer, value.length, bytes, end + key.length);
  }
}

const roundUp = (bytes: number): number => Math.ceil(bytes / UNIT) * UNIT;

/** The first `length` bytes. A call to copy few of them costs more than they do. */
function copyBytes(from: Uint8Array, length: number, to: Uint8Array, at: number): void {
  if (length > 64) to.set(from.subarray(0, length), at);
  else for (let byte = 0; byte < length; byte += 1) to[at + byte] = from[byte]!;
}

const varintBytes = (value: number): number => (value < 128 ? 1 : 1 + varintBytes(Math.floor(value / 128)));

const sizeOf = (key: number, value: number): number => roundUp(4 + varintBytes(key) + varintBytes(value) + key + value);

function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let end = at;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[end++] = (rest % 128) + 128;
  bytes[end++] = rest;
  return end;
}

function isSame(one: Uint8Array, at: number, other: Uint8Array, length: number): boolean {
  for (let byte = 0; byte < length; byte += 1) if (one[at + byte] !== other[byte]) return false;
  return true;
}

/** FNV-1a, mixed once more since its high bits choose the segment. */
function hashOf(key: ByteWriter): number {
  const { buffer, length } = key;
  let hash = 0x811c9dc5;
  for (let byte = 0; byte < length; byte += 1) hash = Math.imul(hash ^ buffer[byte]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
