/**
 * Changes read from Avro's bytes straight into cells, by functions of their writer's schema. Whatever is not of the usual
 * form is left to who reads all of Avro, and what records share (origins, the counts of transactions) is learned from it.
 */
import type { CaptureEvent } from '../cdc/event.js';
import type { LeftOut } from '../core/change.js';
import { UnusualSchema, type AvroFunction } from './avro-steps.js';
import { ENDED, GONE, UPSERTED, envelopeProgram, keyCheck, keyProgram, type AvroProgram, type ChangeProgram } from './debezium-avro-code.js';
import { AvroParts, type AvroOrigin } from './debezium-avro-parts.js';
import type { DebeziumAvro } from './debezium-avro.js';
import type { Change } from './debezium-envelope.js';
import { noCounts, type Counts, type DebeziumParts } from './debezium-parts.js';
import { objectOf } from './debezium-record.js';
import type { PayloadPlaces, ScannedBytes, ScannedTopic } from './debezium-scanner.js';
import { LAST_COMMIT, LSN, ORDER, TAKEN, TIME, isScannable } from './debezium-shape.js';
import { KnownBytes } from './known-bytes.js';

/** Bytes before Avro begins: a zero, and the schema's id. */
const headerBytes = 5;

/** Headers, and runs of a connector that they tell of, of which more are not remembered. */
const headersMost = 32, runsMost = 4096;

/** What a record was: -1: it has to be read in full. */
export const UNREAD = -1, NOTHING_READ = 0, CHANGE_READ = 1, END_READ = 2;

const NEW_KEY = 1, OLD_KEY = 2;

/** What is known of records of a topic whose values one schema wrote. */
export interface Envelope {
  readonly id: number;
  readonly program: AvroProgram | null;
  /** By the number of what the source and the headers say. */
  readonly origins: Map<number, AvroOrigin>;
  /** By the number of the bytes that say them. */
  readonly counts: Counts[];
  /** Of the schemas of keys: those that only check them, and those that write what they say. */
  readonly checks: Map<number, AvroFunction | null>;
  readonly keys: Map<number, AvroFunction | null>;
  /** What was asked for last. */
  keyId: number;
  check: AvroFunction | null;
  originKey: number;
  lastOrigin: AvroOrigin | null;
}

/** A topic, and what is known of its records, which is empty at first. */
export interface AvroTopic extends ScannedTopic {
  readonly envelopes: Envelope[];
}

export class DebeziumAvroReader {
  readonly #parts: AvroParts;
  #values: ScannedBytes | null = null;
  #keys: ScannedBytes | null = null;
  #headers: ScannedBytes | null = null;
  readonly #knownHeaders = new KnownBytes(headersMost);
  /** By the number of known headers: the number of the run; and those by their names. */
  readonly #runOf: number[] = [];
  readonly #runs = new Map<string | null, number>([[null, 0]]);
  /** Of the headers that were looked at last. */
  #headersAt = -1;
  #headersEnd = -1;
  #run = 0;
  /** Whether they say that the key of a row changed: `NEW_KEY` of a row that is gone, `OLD_KEY` of one that came. */
  #moves = 0;
  /** Of the record that was not read for the lack of its origin: what it is to be known by; -1: for another reason. */
  #pending = -1;

  /** `tellsMoved`: of changes of keys it is told where in the log they are. */
  constructor(private readonly avro: DebeziumAvro, private readonly parts: DebeziumParts, private readonly tellsMoved: boolean) {
    this.#parts = new AvroParts(parts);
  }

  /** What follows are records whose payloads are in these columns. */
  begin(values: ScannedBytes, keys: ScannedBytes | null, headers: ScannedBytes | null): void {
    this.#values = values;
    this.#keys = keys;
    this.#headers = headers;
    this.#headersAt = -1;
  }

  /** Of the change that was read. */
  get origin(): AvroOrigin {
    return this.#parts.origin!;
  }

  /** Reads a record whose value begins with a zero: a change to the cells of its topic's next rows, and what it says besides to the registers. What it says beside its payloads is there before. */
  read(places: PayloadPlaces, topic: AvroTopic): number {
    const { bytes, view } = this.#values!, at = places[0]!, last = places[1]!;
    this.#pending = -1;
    const envelope = this.#envelopeOf(topic, bytes, at, last), program = envelope?.program ?? null;
    if (envelope === null || program === null) return UNREAD;
    this.#begin();
    const found = program.read(bytes, view, at + headerBytes, last);
    if (program.kind === 'change') return found >= 0 && this.#change(found, envelope, program, places, topic) ? CHANGE_READ : this.#clear(topic);
    if (found < 0 || !this.#hasKey(envelope, places)) return UNREAD;
    if (found !== ENDED) return NOTHING_READ;
    this.parts.counts = envelope.counts[this.#parts.collections]!;
    return END_READ;
  }

  /** What the record does not say. */
  #begin(): void {
    const { numbers } = this.#parts, { parts } = this;
    numbers[ORDER] = 0;
    numbers[LSN] = numbers[LAST_COMMIT] = numbers[TAKEN] = NaN;
    numbers[TIME] = -Infinity;
    parts.xid = 0;
    parts.counts = noCounts;
    this.#parts.status = -1;
    this.#parts.collections = 0;
  }

  #change(found: number, envelope: Envelope, { fill }: ChangeProgram, places: PayloadPlaces, topic: AvroTopic): boolean {
    const parts = this.#parts, isGone = found === GONE;
    const run = this.#runOfHeaders(places);
    if (run < 0 || (isGone ? !this.#goneKey(envelope, places, topic) : found !== UPSERTED || !this.#hasKey(envelope, places))) return false;
    const key = (parts.source * 2 + Number(parts.isRead)) * runsMost + run;
    if (key !== envelope.originKey) {
      const origin = envelope.origins.get(key);
      if (origin === undefined) {
        this.#pending = key;
        return false;
      }
      envelope.originKey = key;
      envelope.lastOrigin = origin;
    }
    parts.origin = envelope.lastOrigin;
    parts.isGone = isGone;
    parts.moved = this.#moves === 0 ? null : this.#moved();
    const { bytes, view } = this.#values!;
    fill(bytes, view, 0, 0);
    return true;
  }

  #moved(): string | null {
    const { isGone, isCreated, numbers } = this.#parts, lsn = numbers[LSN]!;
    const isMoved = this.tellsMoved && (isGone ? (this.#moves & NEW_KEY) !== 0 : isCreated && (this.#moves & OLD_KEY) !== 0);
    return isMoved && !Number.isNaN(lsn) ? JSON.stringify({ left: [], moved: String(lsn) } satisfies LeftOut) : null;
  }

  /** Takes back what was written of a row that has to be read in full. */
  #clear({ cells, rows }: AvroTopic): number {
    cells.forEach((own, table) => { for (const each of own) each.clear(rows[table]!); });
    return UNREAD;
  }

  /** Learns from the record that was not read: what all of Avro gives for it. */
  learn(event: CaptureEvent<Change>, places: PayloadPlaces, topic: AvroTopic): void {
    const { bytes } = this.#values!;
    const envelope = this.#envelopeOf(topic, bytes, places[0]!, places[1]!), program = envelope?.program ?? null;
    if (envelope === null || program === null) return;
    if (event.kind === 'end' && program.kind === 'boundary' && this.#parts.status === ENDED && this.#parts.collections < 0) {
      const known = program.collections.add(bytes, this.#parts.collectionsAt, this.#parts.collectionsEnd);
      if (known >= 0) envelope.counts[known] = [...event.counts];
    }
    if (event.kind !== 'change' || this.#pending < 0) return;
    const { table, snapshot, run, row: { source } } = event;
    const names = ['db', 'schema', 'table'].map((name) => source[name] ?? null);
    if (!names.every((name): name is string | null => name === null || typeof name === 'string')) return;
    const [database, schema, own] = names;
    envelope.origins.set(this.#pending, { number: -1, origin: { topic: topic.name, table, snapshot, run }, database: database!, schema: schema!, table: own! });
  }

  /** Null: its value is none of a schema that is at hand. */
  #envelopeOf(topic: AvroTopic, bytes: Buffer, at: number, last: number): Envelope | null {
    if (last - at < headerBytes) return null;
    const id = idAt(bytes, at), known = topic.envelopes;
    for (let index = 0; index < known.length; index += 1) if (known[index]!.id === id) return known[index]!;
    // Damaged ids are all different: they would be remembered for good.
    if (this.avro.writer(id) === null) return null;
    const envelope: Envelope = {
      id, program: topic.tables.every(isScannable) ? this.#compiled(id, ({ schema, types }) => envelopeProgram(schema, types, topic, this.#parts)) : null,
      origins: new Map(), counts: [], checks: new Map(), keys: new Map(), keyId: -1, check: null, originKey: -1, lastOrigin: null,
    };
    known.push(envelope);
    return envelope;
  }

  /** Null: the schema is unusual, or there is none. */
  #compiled<Made>(id: number, make: (schema: NonNullable<ReturnType<DebeziumAvro['writer']>>) => Made): Made | null {
    const writer = this.avro.writer(id);
    if (writer === null) return null;
    try {
      return make(writer);
    } catch (cause) {
      if (cause instanceof UnusualSchema) return null;
      throw cause;
    }
  }

  /** Whether the key can be read, if there is one: what it says counts only where the row is gone. */
  #hasKey(envelope: Envelope, places: PayloadPlaces): boolean {
    const at = places[2]!, last = places[3]!;
    if (at < 0) return true;
    const { bytes, view } = this.#keys!;
    if (last - at < headerBytes || bytes[at] !== 0) return false;
    const id = idAt(bytes, at);
    if (id !== envelope.keyId) {
      let check = envelope.checks.get(id);
      if (check === undefined && this.avro.writer(id) === null) return false;
      if (check === undefined) envelope.checks.set(id, check = this.#compiled(id, ({ schema }) => keyCheck(schema)));
      envelope.keyId = id;
      envelope.check = check;
    }
    const { check } = envelope;
    return check !== null && check(bytes, view, at + headerBytes, last) === last;
  }

  /** Writes the key of a row that is gone. */
  #goneKey(envelope: Envelope, places: PayloadPlaces, topic: AvroTopic): boolean {
    const at = places[2]!, last = places[3]!;
    if (at < 0) return this.#parts.hasBefore;
    const { bytes, view } = this.#keys!;
    if (last - at < headerBytes || bytes[at] !== 0) return false;
    const id = idAt(bytes, at);
    let write = envelope.keys.get(id);
    if (write === undefined && this.avro.writer(id) === null) return false;
    if (write === undefined) {
      const types = this.avro.writer(envelope.id)!.types;
      envelope.keys.set(id, write = this.#compiled(id, ({ schema }) => keyProgram(schema, types, topic)));
    }
    return write !== null && write(bytes, view, at + headerBytes, last) === last;
  }

  /** The number of the connector's run, and to `#moves` what the headers say of the key; -1: there are too many runs. */
  #runOfHeaders(places: PayloadPlaces): number {
    const at = places[4]!, last = places[5]!;
    if (at < 0) {
      this.#headersAt = -1;
      return (this.#moves = 0);
    }
    // Records may share them.
    if (at === this.#headersAt && last === this.#headersEnd) return this.#run;
    const { bytes, view } = this.#headers!;
    let known = this.#knownHeaders.find(view, at, last);
    if (known >= 0 && this.#knownHeaders.sizes[known] !== last - at) known = -1;
    this.#moves = 0;
    const run = known >= 0 ? this.#runOf[known]! : this.#learnHeaders(bytes, at, last);
    this.#headersAt = at;
    this.#headersEnd = last;
    this.#run = run;
    return run;
  }

  #learnHeaders(bytes: Buffer, at: number, last: number): number {
    const headers = objectOf(bytes.toString('utf8', at, last)) ?? {};
    this.#moves = (headers['__debezium.newkey'] === undefined ? 0 : NEW_KEY) | (headers['__debezium.oldkey'] === undefined ? 0 : OLD_KEY);
    const told = headers['__debezium.context.runId'], run = typeof told === 'string' ? told : null;
    let number = this.#runs.get(run);
    if (number === undefined) {
      if (this.#runs.size === runsMost) return -1;
      this.#runs.set(run, number = this.#runs.size);
    }
    // Keys differ from record to record.
    const known = this.#moves !== 0 ? -1 : this.#knownHeaders.add(bytes, at, last);
    if (known >= 0) this.#runOf[known] = number;
    return number;
  }
}

const idAt = (bytes: Buffer, at: number): number => ((bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!) >>> 0;
