/** Records of a captured topic as changes and ends of transactions. */
import { isUtf8 } from 'node:buffer';
import type { CaptureEvent } from '../cdc/event.js';
import type { ChangeValues } from '../cdc/state-bytes.js';
import { DebeziumAvro, schemaId } from '../formats/debezium-avro.js';
import { decodeRecord } from '../formats/debezium-envelope.js';
import type { CapturedRecord } from '../formats/debezium-record.js';
import { ChangeReader } from '../formats/debezium-values.js';
import type { SourceColumn } from '../sources/source.js';
import type { Schemas } from './avro-decoder.js';
import type { LogRecord } from './log.js';

/** What cannot be read, and of which column. */
export interface Unreadable {
  readonly column: string | null;
  readonly error: string;
}

export interface DecodedChange {
  /** Null: a tombstone, a heartbeat, or what cannot be read at all. A row that cannot be read is null in it: it counts in its transaction. */
  readonly event: CaptureEvent<ChangeValues> | null;
  readonly unreadable: Unreadable | null;
}

const nothing: DecodedChange = { event: null, unreadable: null };

export class ChangeDecoder {
  readonly #reader: ChangeReader | null;
  readonly #avro: DebeziumAvro | null;

  /** `columns`: of the table, those that are read; null: the topic tells of transactions, or messages. `schemas`: payloads are Avro; null: they are JSON. `whole`: transactions are applied whole. */
  constructor(private readonly topic: string, columns: readonly SourceColumn[] | null, private readonly schemas: Schemas | null, whole: boolean) {
    this.#reader = columns === null ? null : new ChangeReader(columns, whole);
    this.#avro = schemas === null ? null : new DebeziumAvro(new Map());
  }

  /** How many of the records, from the first on, can be decoded by now; the next one needs what is being fetched. */
  ready(records: readonly LogRecord[]): number {
    for (const [index, record] of records.entries()) {
      for (const id of this.#unknown(record)) {
        const known = this.schemas!.known(id);
        if (known === null) return index;
        this.#avro!.learn(id, 'refused' in known ? known : known.schema);
      }
    }
    return records.length;
  }

  /** Throws REGISTRY_UNREACHABLE. */
  async prepare(records: readonly LogRecord[]): Promise<void> {
    for (const record of records) {
      for (const id of this.#unknown(record)) {
        const known = await this.schemas!.learn(id);
        this.#avro!.learn(id, 'refused' in known ? known : known.schema);
      }
    }
  }

  #unknown({ key, value }: LogRecord): number[] {
    const avro = this.#avro;
    if (avro === null) return [];
    return [key, value].flatMap((bytes) => {
      const id = bytes === null ? null : schemaId(bytes);
      return id === null || avro.knows(id) ? [] : [id];
    });
  }

  /** Of a record that is prepared. */
  decode(record: LogRecord, partition: number): DecodedChange {
    if (record.value === null) return nothing;
    const captured = this.#captured(record, partition);
    if (captured === null) return { event: null, unreadable: { column: null, error: 'the message is not UTF-8: JSON is' } };
    const decoded = decodeRecord(captured, this.#avro);
    if (decoded.kind === 'bad') return { event: null, unreadable: { column: null, error: decoded.error } };
    if (decoded.kind === 'nothing') return nothing;
    const { event } = decoded;
    if (event.kind !== 'change') return { event, unreadable: null };
    if (this.#reader === null) return nothing;
    const values = this.#reader.read(event.row);
    if ('error' in values) return { event: { ...event, row: null }, unreadable: { column: values.column, error: values.error } };
    // As a checkpoint keeps it.
    return { event: { ...event, row: values.map((value) => (typeof value === 'string' ? wellFormed(value) : value)) }, unreadable: null };
  }

  /** Null: JSON that is not UTF-8. */
  #captured({ offset, timestamp, key, value, headers }: LogRecord, partition: number): CapturedRecord | null {
    const isAvro = this.#avro !== null;
    if (!isAvro && [key, value].some((bytes) => bytes !== null && !isUtf8(bytes))) return null;
    const payload = (bytes: Buffer | null): string | Buffer | null => (isAvro ? bytes : (bytes?.toString('utf8') ?? null));
    return { topic: this.topic, partition, offset, timestamp, key: payload(key), value: payload(value), headers: textHeaders(headers) };
  }
}

const surrogate = /[\uD800-\uDFFF]/;

/** A surrogate that stands alone becomes what UTF-8 makes of it. */
const wellFormed = (text: string): string => (surrogate.test(text) ? Buffer.from(text, 'utf8').toString('utf8') : text);

/** The last of each name. */
export const textHeaders = (headers: LogRecord['headers']): Record<string, string> => Object.fromEntries((headers ?? []).map(({ name, value }) => [name, value?.toString('utf8') ?? '']));
