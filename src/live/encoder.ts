/** Rows of outputs, late rows and dead letters as messages. */
import { cell, type Batch } from '../core/batch.js';
import { partitionOf } from '../core/murmur2.js';
import type { DeadLetter, LateRow } from '../core/step.js';
import { timestampUnits, type Int64, type Schema, type SqlType } from '../core/types.js';
import { recordOf } from '../formats/avro-schema.js';
import { ConfluentWriter } from '../formats/confluent.js';
import { jsonWriter, keyText, type JsonStyle } from '../formats/json-writer.js';
import type { SinkTopic } from './connectors.js';
import type { LogMessage } from './log.js';
import type { SchemaRegistry } from './registry.js';
import type { RowHeaders } from './released-by.js';
import type { Format } from './table-options.js';

type RowWriter = (batch: Batch, row: number) => Buffer;

/** Epoch ms; undefined: NULL, or before 1970, which Kafka does not know. */
type RowTime = (batch: Batch, row: number) => number | undefined;

/** Messages of one output. */
export class OutputEncoder {
  private constructor(
    private readonly sink: SinkTopic, private readonly partitions: number, private readonly value: RowWriter, private readonly key: RowWriter | null,
    /** Column of the kind of change; null: rows are only ever added. */
    private readonly changes: number | null,
    private readonly time: RowTime | null,
  ) {}

  static async open(sink: SinkTopic, partitions: number, registry: SchemaRegistry | null): Promise<OutputEncoder> {
    const { table, format, keyFormat, key, keyNames, value, timestamp, subject, keySubject, style, keyStyle } = sink;
    const columns = (wanted: readonly number[], names: readonly string[] | null): Columns => wanted.map((column) => ({ column, name: names?.[column] ?? table.schema[column]!.name, type: table.schema[column]!.type }));
    const writeValue = await rowWriter(format, table.name, columns(value, null), subject, style, registry);
    const writeKey = key.length === 0 ? null : await rowWriter(keyFormat ?? (key.length === 1 ? 'raw' : 'json'), table.name, columns(key, keyNames), keySubject, keyStyle, registry);
    const time = timestamp === null ? null : rowTime(timestamp, table.schema[timestamp]!.type);
    return new OutputEncoder(sink, partitions, writeValue, writeKey, table.changes === 'none' ? null : table.schema.length - 1, time);
  }

  /** Rows without a key go to the lane's own partition: their order is the lane's. */
  messages(batch: Batch, lane: number, headersOf: RowHeaders): LogMessage[] {
    const { sink } = this, { topic, partitioner } = sink;
    const messages: LogMessage[] = [];
    for (let row = 0; row < batch.length; row += 1) {
      const key = this.key === null ? null : this.key(batch, row);
      const op = this.changes === null ? '+I' : cell(batch.columns[this.changes]!, row);
      const partition = key === null || partitioner === 'lane' ? lane % this.partitions : partitionOf(key, this.partitions);
      const headers = headersOf(row);
      const timestamp = this.time?.(batch, row);
      messages.push({ topic, partition, key, value: sink.isEnvelope ? envelope(this.value(batch, row), op) : op === '-D' ? null : this.value(batch, row), ...(headers === undefined ? {} : { headers }), ...(timestamp === undefined ? {} : { timestamp }) });
    }
    return messages;
  }
}

/** As Flink writes changes in Debezium's form: what is taken back is deleted, and what takes its place created. */
function envelope(row: Buffer, op: unknown): Buffer {
  const isGone = op === '-U' || op === '-D';
  return Buffer.from(isGone ? `{"before":${row.toString()},"after":null,"op":"d"}` : `{"before":null,"after":${row.toString()},"op":"c"}`);
}

function rowTime(column: number, { precision }: SqlType): RowTime {
  const perMilli = timestampUnits(precision ?? 6) / 1000;
  return (batch, row) => {
    const value = cell(batch.columns[column]!, row) as Int64 | null;
    const millis = value === null ? -1 : typeof value === 'bigint' ? Number(value / BigInt(perMilli)) : Math.floor(value / perMilli);
    return millis < 0 ? undefined : millis;
  };
}

type Columns = readonly (Schema[number] & { readonly column: number })[];

async function rowWriter(format: Format, table: string, columns: Columns, subject: string, style: JsonStyle, registry: SchemaRegistry | null): Promise<RowWriter> {
  if (format === 'raw') {
    const { column, type } = columns[0]!;
    const text = keyText(type);
    return (batch, row) => Buffer.from(text(cell(batch.columns[column]!, row)));
  }
  if (format === 'json') {
    const write = jsonWriter(columns, style);
    return (batch, row) => Buffer.from(write(batch, row));
  }
  const record = recordOf(table, columns);
  const writer = new ConfluentWriter(record, columns, await registry!.register(subject, record));
  return (batch, row) => writer.encode(batch, row);
}

export const lateMessage = (topic: string, partition: number, row: LateRow): LogMessage =>
  ({ topic, partition, key: Buffer.from(row.input), value: Buffer.from(JSON.stringify(row)) });

/** The message's own bytes; where it came from and why it is here in the headers. */
export function deadLetterMessage(topic: string, partition: number, letter: DeadLetter): LogMessage {
  const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text, 'latin1'));
  const { input, partition: from, position, operator, expression, error, statement, eventTime } = letter;
  return {
    topic, partition, key: bytes(letter.key), value: bytes(letter.value),
    headers: { ...letter.headers, input, partition: String(from), offset: String(position), operator, expression, error, statement: String(statement), event_time: eventTime === null ? '' : String(eventTime) },
  };
}
