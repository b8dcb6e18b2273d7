/** Lines of recorded topics as batches: in the usual form by comparison with those before, else by reading all of their JSON. */
import type { ChangeEvent, TransactionEnd } from '../cdc/event.js';
import { utf8Units } from '../core/utf8.js';
import type { DebeziumAvro } from '../formats/debezium-avro.js';
import { CHANGE_READ, DebeziumAvroReader, END_READ, UNREAD, type AvroTopic } from '../formats/debezium-avro-reader.js';
import { decodeRecord, type Change, type Decoded } from '../formats/debezium-envelope.js';
import { captureOf, topicAhead, type CapturedRecord } from '../formats/debezium-record.js';
import { DebeziumScanner, scannedBytes, type PayloadPlaces, type Shape } from '../formats/debezium-scanner.js';
import { LAST_COMMIT, LSN, OFFSET, ORDER, PARTITION, TIME, TIMESTAMP, unsaid, type Origin } from '../formats/debezium-shape.js';
import { ChangeReader } from '../formats/debezium-values.js';
import { cellsOf, type Cells } from '../formats/message-cells.js';
import { BAD, CHANGE, END, MESSAGE, TRUNCATED, type BadRecord, type CaptureBatch, type DecodedTable, type UnreadableRow } from './capture-batch.js';
import { startsWith } from './capture-lines.js';
import { CaptureColumns } from './capture-columns.js';
import { EMPTY, FRAMED, RecordReader, TEXTS, lineOf, type RecordBatch } from './capture-records.js';
import type { RowValues } from './row-columns.js';

/** Cells of one table while a batch is filled. */
interface Filling {
  readonly cells: readonly Cells[];
  readonly reader: ChangeReader;
  rows: number;
  capacity: number;
  /** Where the scanner asks for `rows`: of each topic that is the table's. */
  readonly places: { readonly rows: number[]; readonly table: number }[];
}

interface Topic extends AvroTopic {
  readonly fillings: readonly Filling[];
  /** How lines of the topic begin. */
  readonly beginnings: readonly Buffer[];
}

const anyTopic = Buffer.from('{"topic":"', 'latin1');

export class CaptureDecoder {
  readonly #topics: readonly Topic[];
  readonly #fillings: readonly Filling[];
  readonly #scanner: DebeziumScanner;
  /** Null: no schemas are at hand. */
  readonly #avroReader: DebeziumAvroReader | null;
  readonly #columns: CaptureColumns;
  /** Of changes that are read in full. */
  readonly #origins = new Map<string, Origin>();
  #numberOf = new Map<Origin, number>();
  #addedOrigins: Origin[] = [];
  #ends: (readonly (readonly [string, number])[])[] = [];
  /** Of those that the scanner gives: it gives the same ones again. */
  #numberOfEnd = new Map<readonly (readonly [string, number])[], number>();
  #bad: BadRecord[] = [];
  #unreadable: UnreadableRow[] = [];
  #line = 0;

  /** `transactionTopic`: null where changes stand for themselves. `messageTopic`: of messages in the log; null: none is read. `tellsAll`: lines that are no JSON object are bad, too. */
  constructor(tables: readonly DecodedTable[], transactionTopic: string | null, private readonly avro: DebeziumAvro | null, private readonly tellsAll: boolean, messageTopic: string | null = null) {
    this.#fillings = tables.map(({ columns }) => ({ cells: cellsOf(columns.map(({ type }) => type)), reader: new ChangeReader(columns, transactionTopic !== null), rows: 0, capacity: 0, places: [] }));
    const names = new Set([...tables.flatMap(({ topics }) => topics), ...[transactionTopic, messageTopic].filter((topic) => topic !== null)]);
    this.#topics = [...names].map((name) => {
      const own = tables.flatMap(({ topics }, index) => (topics.includes(name) ? [index] : []));
      return {
        name, tables: own.map((index) => tables[index]!.columns), fillings: own.map((index) => this.#fillings[index]!), cells: own.map((index) => this.#fillings[index]!.cells), rows: own.map(() => 0), envelopes: [],
        beginnings: name === '' ? [] : [`{"topic":${JSON.stringify(name)}`, `{"topic": ${JSON.stringify(name)}`].map((text) => Buffer.from(text, 'utf8')),
      };
    });
    for (const { rows, fillings } of this.#topics) fillings.forEach((filling, table) => filling.places.push({ rows, table }));
    this.#scanner = new DebeziumScanner(this.#topics, transactionTopic !== null);
    this.#avroReader = avro === null ? null : new DebeziumAvroReader(avro, this.#scanner.parts, transactionTopic !== null);
    this.#columns = new CaptureColumns(Math.max(1, ...this.#topics.map(({ tables: own }) => own.length)));
  }

  /** Whole lines, each with its line feed; UTF-8. */
  decode(lines: Buffer): CaptureBatch {
    const scanned = scannedBytes(lines), { bytes } = scanned;
    this.#begin();
    this.#scanner.beginLines(scanned);
    for (let at = 0; at < bytes.length;) at = this.#next(bytes, at);
    return this.#take();
  }

  /** What `decode` gives of the lines that recorders write of the records. */
  decodeRecords(batch: RecordBatch): CaptureBatch {
    const asked = batch.topicNames.map((name) => this.#topics.find((topic) => topic.name === name) ?? null);
    const reader = new RecordReader(batch);
    this.#begin();
    this.#scanner.beginPayloads(reader.values, reader.keys, reader.headers);
    this.#avroReader?.begin(reader.values, reader.keys, reader.headers);
    for (let record = 0; record < batch.length; record += 1) {
      const number = batch.topics[record]!, topic = number < 0 ? null : asked[number]!;
      if (topic !== null) this.#record(reader, record, topic);
      if (number >= 0) this.#line += 1;
    }
    return this.#take();
  }

  #record(reader: RecordReader, record: number, topic: Topic): void {
    const scanner = this.#scanner;
    const found = reader.find(record);
    // A tombstone.
    if (found === EMPTY) return;
    reader.say(record, this.#line, scanner.parts.numbers);
    if (found === TEXTS) {
      const shape = scanner.readPayloads(reader.places, topic);
      if (shape !== null) this.#enter(shape);
      else if (this.#readRecord(reader, record, topic) !== null) scanner.learnPayloads(reader.places, topic);
      return;
    }
    if (found === FRAMED && this.#framed(reader.places, topic)) return;
    const decoded = this.#readRecord(reader, record, topic);
    if (found === FRAMED) this.#learn(decoded, reader.places, topic);
  }

  /** A record whose value begins as Confluent's framing does; what it says beside its payloads is in the registers. False: it has to be read in full. */
  #framed(places: PayloadPlaces, topic: Topic): boolean {
    const avro = this.#avroReader, read = avro === null ? UNREAD : avro.read(places, topic);
    if (read === CHANGE_READ) {
      const known = avro!.origin;
      if (known.number < 0) known.number = this.#originOf(known.origin);
      this.#enterChange(known.number, topic);
    } else if (read === END_READ) this.#enterEnd();
    return read !== UNREAD;
  }

  /** Of a record that had to be read in full. */
  #learn(decoded: Decoded | null, places: PayloadPlaces, topic: Topic): void {
    if (decoded?.kind === 'event') this.#avroReader?.learn(decoded.event, places, topic);
  }

  #readRecord(reader: RecordReader, record: number, topic: Topic): Decoded | null {
    return this.#read(reader.captured(record, this.#line), topic, () => lineOf(reader.batch, record));
  }

  #begin(): void {
    this.#columns.begin();
    for (const filling of this.#fillings) {
      filling.rows = 0;
      filling.capacity = Math.max(64, filling.capacity);
      for (const cells of filling.cells) cells.begin(filling.capacity);
      for (const { rows, table } of filling.places) rows[table] = 0;
    }
  }

  /** Where the line at `at` ends. */
  #next(bytes: Buffer, at: number): number {
    const scanner = this.#scanner;
    scanner.parts.line = this.#line;
    const likely = scanner.readLikely(at, bytes.length);
    if (likely !== null) return this.#enterLine(likely);
    const topic = this.#topicAt(bytes, at);
    if (topic !== null) {
      const shape = scanner.read(at, bytes.length, topic);
      if (shape !== null) return this.#enterLine(shape);
    }
    const feed = bytes.indexOf(10, at);
    // A topic that nobody asks for.
    if (topic === null && startsWith(bytes, at, anyTopic)) this.#line += 1;
    else this.#full(bytes, at, feed, topic);
    return feed + 1;
  }

  #enterLine(shape: Shape): number {
    this.#line += 1;
    this.#enter(shape);
    return this.#scanner.end;
  }

  /** The row was written; there is room for the next one. */
  #advance(filling: Filling): void {
    filling.rows += 1;
    if (filling.rows === filling.capacity) {
      filling.capacity *= 2;
      for (const cells of filling.cells) cells.reserve(filling.capacity);
    }
    for (const { rows, table } of filling.places) rows[table] = filling.rows;
  }

  #topicAt(bytes: Buffer, at: number): Topic | null {
    for (const topic of this.#topics) {
      if (topic.name === '') return topic;
      for (const beginning of topic.beginnings) if (startsWith(bytes, at, beginning)) return topic;
    }
    return null;
  }

  /** What the scanner has read. */
  #enter({ meaning, topic }: Shape): void {
    if (meaning.kind === 'change') this.#enterChange(this.#originOf(meaning.origin), topic as Topic);
    else if (meaning.kind === 'end') this.#enterEnd();
  }

  #enterEnd(): void {
    const { numbers, counts, xid } = this.#scanner.parts, columns = this.#columns;
    columns.place(columns.add(END, this.#endOf(counts)), numbers, xid);
  }

  #enterChange(origin: number, { fillings }: Topic): void {
    const { numbers, xid } = this.#scanner.parts, columns = this.#columns;
    if (fillings.length === 0) return;
    const at = columns.add(CHANGE, origin);
    columns.place(at, numbers, xid);
    for (let table = 0; table < fillings.length; table += 1) {
      const filling = fillings[table]!;
      columns.row(at, table, filling.rows);
      this.#advance(filling);
    }
  }

  #originOf(origin: Origin): number {
    let number = this.#numberOf.get(origin);
    if (number === undefined) {
      this.#numberOf.set(origin, number = this.#numberOf.size);
      this.#addedOrigins.push(origin);
    }
    return number;
  }

  #endOf(counts: readonly (readonly [string, number])[]): number {
    let number = this.#numberOfEnd.get(counts);
    if (number === undefined) this.#numberOfEnd.set(counts, number = this.#ends.push(counts) - 1);
    return number;
  }

  #full(bytes: Buffer, start: number, end: number, topic: Topic | null): void {
    const text = bytes.toString('utf8', start, end);
    if (text.trim() === '') return;
    const line = this.#line;
    this.#line += 1;
    const ahead = topicAhead(text);
    if (ahead !== null && !this.#topics.some(({ name }) => name === ahead)) return;
    const record = captureOf(text, line);
    const own = record === null ? null : (this.#topics.find(({ name }) => name === record.topic) ?? null);
    if (record === null || own === null) {
      const isNone = record === null || record.topic === '';
      if (isNone && this.tellsAll) this.#reject({ topic: '', error: record === null ? 'the line is not a JSON object' : 'the line is no record of a topic, as others are', line: utf8Units(text) });
      return;
    }
    const framed = Buffer.isBuffer(record.value) ? this.#placesOf(record, record.value) : null;
    if (framed !== null && this.#framed(framed, own)) return;
    const decoded = this.#read(record, own, () => text);
    if (framed !== null) this.#learn(decoded, framed, own);
    else if (decoded !== null && topic === own) this.#scanner.learnLine(start, end, own);
  }

  /** Gives the payloads of a line to who reads Avro. Null: they are not of the usual form. */
  #placesOf({ key, partition, offset, timestamp, headers }: CapturedRecord, value: Buffer): PayloadPlaces | null {
    if (typeof key === 'string' || value[0] !== 0 || ![partition, offset, timestamp ?? 0].every(Number.isSafeInteger)) return null;
    const said = Buffer.from(JSON.stringify(headers)), { numbers } = this.#scanner.parts;
    this.#avroReader?.begin(scannedBytes(value), key === null ? null : scannedBytes(key), scannedBytes(said));
    numbers[PARTITION] = partition;
    numbers[OFFSET] = offset;
    numbers[TIMESTAMP] = timestamp ?? NaN;
    return Int32Array.of(0, value.length, key === null ? -1 : 0, key?.length ?? -1, 0, said.length);
  }

  /** Null: it is bad. */
  #read(record: CapturedRecord, own: Topic, line: () => string): Decoded | null {
    const decoded = decodeRecord(record, this.avro);
    if (decoded.kind === 'bad') {
      this.#reject({ topic: record.topic, error: decoded.error, line: utf8Units(line()) }, record.partition, record.offset);
      return null;
    }
    if (decoded.kind === 'event') {
      const { event } = decoded;
      if (event.kind === 'end') this.#end(event);
      else if (event.kind === 'change') this.#change(event, own, line);
      else if (event.kind === 'message') this.#place(this.#columns.add(MESSAGE, 0), 0, 0, 0, event.lsn, NaN, NaN, 0);
    }
    return decoded;
  }

  #place(at: number, partition: number, offset: number, order: number, lsn: number, lastCommit: number, time: number, xid: number): void {
    const numbers = Float64Array.from(unsaid);
    numbers[PARTITION] = partition;
    numbers[OFFSET] = offset;
    numbers[ORDER] = order;
    numbers[LSN] = lsn;
    numbers[LAST_COMMIT] = lastCommit;
    numbers[TIME] = time;
    this.#columns.place(at, numbers, xid);
  }

  #reject(record: BadRecord, partition = 0, offset = 0): void {
    const at = this.#columns.add(BAD, this.#bad.push(record) - 1);
    this.#place(at, partition, offset, 0, NaN, NaN, NaN, 0);
  }

  #end({ xid, lsn, time, counts }: TransactionEnd): void {
    const at = this.#columns.add(END, this.#ends.push([...counts]) - 1);
    this.#place(at, 0, 0, 0, lsn, NaN, time, this.#scanner.parts.xids.codeOf(xid));
  }

  #change(event: ChangeEvent<Change>, topic: Topic, line: () => string): void {
    const { partition, offset, order, lsn, lastCommit, time, xid, table, snapshot, run, row: change } = event;
    if (topic.fillings.length === 0) return;
    const named = JSON.stringify([topic.name, table, snapshot, run]);
    let origin = this.#origins.get(named);
    if (origin === undefined) this.#origins.set(named, origin = { topic: topic.name, table, snapshot, run });
    const at = this.#columns.add(event.isTruncate ? TRUNCATED : CHANGE, this.#originOf(origin));
    this.#place(at, partition, offset, order, lsn ?? NaN, lastCommit ?? NaN, time, xid === null ? 0 : this.#scanner.parts.xids.codeOf(xid));
    topic.fillings.forEach((filling, table) => {
      const values = filling.reader.read(change);
      if (!('error' in values)) {
        this.#columns.row(at, table, this.#write(filling, values));
        return;
      }
      const image = JSON.stringify(change.image, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
      // What the record says besides its row may be asked for all the same.
      const bare = this.#write(filling, filling.reader.bare(change));
      this.#columns.row(at, table, ~(this.#unreadable.push({ ...values, image, line: utf8Units(line()), row: bare }) - 1));
    });
  }

  #write(filling: Filling, values: RowValues): number {
    const row = filling.rows;
    values.forEach((value, index) => {
      filling.cells[index]!.clear(row);
      filling.cells[index]!.set(row, value);
    });
    this.#advance(filling);
    return row;
  }

  #take(): CaptureBatch {
    const { added, ascii, restart } = this.#scanner.parts.xids.takeBytes();
    const batch: CaptureBatch = {
      ...this.#columns.take(), addedXids: added, asciiXids: ascii, restartXids: restart, addedOrigins: this.#addedOrigins, ends: this.#ends, bad: this.#bad, unreadable: this.#unreadable,
      tables: this.#fillings.map(({ cells, rows }) => ({ length: rows, columns: cells.map((each) => each.take(rows)) })),
    };
    this.#addedOrigins = [];
    this.#ends = [];
    this.#numberOfEnd.clear();
    this.#bad = [];
    this.#unreadable = [];
    return batch;
  }
}
