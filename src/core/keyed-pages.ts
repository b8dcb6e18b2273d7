/**
 * Keyed state as bytes: records of a key and a value, in pages that are written once. What is changed goes to the page at
 * the end, so a checkpoint has to write only the pages that came since the one before; pages that are mostly dead are
 * copied to the end as well, now and then. Where a key's record lies is kept in a hash index, which no checkpoint needs.
 */
import type { ByteReader } from './byte-reader.js';
import { ByteWriter } from './bytes.js';
import { TapewrightError } from './errors.js';
import { faults } from './faults.js';
import { KeyIndex } from './key-index.js';
import { Page, UNIT } from './page.js';
import { RecordHead, Span, recordSize, writeRecord } from './page-record.js';
import { areSameBytes, copyBytes, hashOfBytes } from './record-bytes.js';

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
  readonly #index = new KeyIndex();
  /** The key that was sought last: its hash, and where its bytes are. */
  #sought = 0;
  readonly #key = new Span();
  /** Of the keys told to `seek`. */
  #hashes = new Int32Array(0);
  /** Where the records of those keys likely are. */
  #likely = new Uint32Array(0);
  #size = 0;
  #used = 0;
  #live = 0;
  /** The record that was read last, -1 where it may have changed. */
  #readAddress = -1;
  readonly #head = new RecordHead();

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
    const { view, length } = this.key;
    return this.#find(view, 0, length, hashOfBytes(view, 0, length));
  }

  /**
   * Keys that `findNext` will be asked for in turn: key k is bytes[starts[k], ends[k]), which stay so until then. To look at the
   * index for all of them at once, and then at their records, takes little longer than for one: none waits for what another
   * reads from memory.
   */
  seek(bytes: DataView, starts: Int32Array, ends: Int32Array, length: number): void {
    if (this.#hashes.length < length) {
      this.#hashes = new Int32Array(2 * length);
      this.#likely = new Uint32Array(2 * length);
    }
    const hashes = this.#hashes, likely = this.#likely;
    for (let key = 0; key < length; key += 1) hashes[key] = hashOfBytes(bytes, starts[key]!, ends[key]!);
    this.#index.likely(hashes, length, likely);
    let all = 0;
    for (let key = 0; key < length; key += 1) {
      const page = this.#pages[likely[key]! >>> this.#unitBits];
      if (page != null) all ^= page.bytes[this.#placeOf(likely[key]!)]!;
    }
    // What nobody keeps is not read.
    this.#sought = all;
  }

  /** As `find`, of key `key` of those that were told to `seek`. */
  findNext(bytes: DataView, from: number, to: number, key: number): number {
    return this.#find(bytes, from, to, this.#hashes[key]!);
  }

  #find(bytes: DataView, from: number, to: number, hash: number): number {
    this.#key.set(bytes, from, to);
    this.#sought = hash;
    if (this.#size === 0) return -1;
    let address = this.#index.find(hash);
    while (address >= 0 && !this.#hasKey(address)) address = this.#index.find(hash, true);
    return address;
  }

  /** The value at an address, to be read at once. */
  valueAt(address: number): ByteReader {
    this.#header(address);
    return this.#page(address).readerAt(this.#head.valueAt);
  }

  keyAt(address: number): ByteReader {
    this.#header(address);
    return this.#page(address).readerAt(this.#head.valueAt - this.#head.keyLength);
  }

  /** Appends the bytes of the value at an address; returns where they begin. */
  copyValue(address: number, writer: ByteWriter): number {
    this.#header(address);
    const { valueAt, valueLength } = this.#head;
    const at = writer.reserve(valueLength);
    copyBytes(this.#page(address).view, valueAt, valueAt + valueLength, writer.view, at);
    return at;
  }

  /** Whether `value` is what stands at an address. */
  hasValue(address: number): boolean {
    return this.hasValueBytes(address, this.value.view, 0, this.value.length);
  }

  hasValueBytes(address: number, bytes: DataView, from: number, to: number): boolean {
    this.#header(address);
    return this.#head.valueLength === to - from && areSameBytes(bytes, from, to, this.#page(address).view, this.#head.valueAt);
  }

  /** Writes the record of the key that was sought last, whose address was told, with `value`. */
  put(address: number): void {
    this.putBytes(address, this.value.view, 0, this.value.length);
  }

  /** As `put`, of a value that is bytes[from, to). */
  putBytes(address: number, bytes: DataView, from: number, to: number): void {
    const hash = this.#sought;
    const size = recordSize(this.#key.to - this.#key.from, to - from);
    if (address >= 0 && (this.#page(address).isOpen || faults.pageNotMarked)) {
      this.#header(address);
      // What no checkpoint has seen may change where it stands.
      if (this.#head.size === size && this.#head.valueLength === to - from) {
        copyBytes(bytes, from, to, this.#page(address).view, this.#head.valueAt);
        return;
      }
    }
    const page = this.#reserve(size);
    const at = page.used - size;
    writeRecord(page, at, hash, this.#key, bytes, from, to);
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
    this.#readAddress = -1;
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
        page.kill(unit * UNIT, this.#head.size);
        this.#live -= this.#head.size;
      }
      this.#each(number, (address, hash) => {
        this.#index.add(hash, address);
        this.#size += 1;
      });
    }
  }

  #reserve(size: number): Page {
    // Where a record was, another may come to lie.
    this.#readAddress = -1;
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
    // Where there is much state already, a page is soon full.
    if (this.#openNumber < 0) this.#openNumber = this.#newPage(this.#live > this.#pageBytes ? this.#pageBytes : Math.min(this.#pageBytes, FIRST_BYTES));
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
    const size = this.#head.size;
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
    const { view } = this.#pages[number]!;
    this.#each(number, (address, hash, size) => {
      const from = this.#placeOf(address);
      const page = this.#reserve(size);
      const at = page.used - size;
      copyBytes(view, from, from + size, page.view, at);
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
      const size = this.#head.size;
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
    if (address === this.#readAddress) return;
    this.#readAddress = address;
    this.#head.read(this.#page(address), this.#placeOf(address));
  }

  #hasKey(address: number): boolean {
    this.#header(address);
    const { keyLength, valueAt } = this.#head;
    const { bytes, from, to } = this.#key;
    return keyLength === to - from && areSameBytes(bytes, from, to, this.#page(address).view, valueAt - keyLength);
  }
}
