/** Rows of outputs, late rows and dead letters as messages. */
import { cell, printable, type Batch } from '../core/batch.js';
import { partitionOf } from '../core/murmur2.js';
import type { DeadLetter, LateRow } from '../core/step.js';
import type { Schema } from '../core/types.js';
import { recordOf } from '../formats/avro-schema.js';
import { ConfluentWriter } from '../formats/confluent.js';
import type { SinkTopic } from './connectors.js';
import type { LogMessage } from './log.js';
import type { SchemaRegistry } from './registry.js';

/** Messages of one output. */
export class OutputEncoder {
  readonly #schema: Schema;

  private constructor(private readonly sink: SinkTopic, private readonly partitions: number, private readonly avro: ConfluentWriter | null) {
    this.#schema = sink.table.changes === 'none' ? sink.table.schema : sink.table.schema.slice(0, -1);
  }

  static async open(sink: SinkTopic, partitions: number, registry: SchemaRegistry | null): Promise<OutputEncoder> {
    const schema = sink.table.changes === 'none' ? sink.table.schema : sink.table.schema.slice(0, -1);
    if (sink.format === 'json') return new OutputEncoder(sink, partitions, null);
    const record = recordOf(sink.table.name, schema);
    const id = await registry!.register(`${sink.topic}-value`, record);
    return new OutputEncoder(sink, partitions, new ConfluentWriter(record, schema, id));
  }

  /** Rows without a key go to the lane's own partition: their order is the lane's. */
  messages(batch: Batch, lane: number): LogMessage[] {
    const { topic, key } = this.sink;
    return Array.from({ length: batch.length }, (_, row) => {
      const keyBytes = key.length === 0 ? null : Buffer.from(key.length === 1 ? String(cell(batch.columns[key[0]!]!, row)) : JSON.stringify(Object.fromEntries(key.map((column) => [this.#schema[column]!.name, jsonValue(batch, column, row, this.#schema)]))));
      const isDeleted = this.sink.table.changes !== 'none' && cell(batch.columns[this.#schema.length]!, row) === '-D';
      const value = isDeleted ? null : this.avro !== null ? this.avro.encode(batch, row) : Buffer.from(JSON.stringify(Object.fromEntries(this.#schema.map(({ name }, column) => [name, jsonValue(batch, column, row, this.#schema)]))));
      return { topic, partition: keyBytes === null ? lane % this.partitions : partitionOf(keyBytes, this.partitions), key: keyBytes, value };
    });
  }
}

/** As Flink's `json` format has it: times in SQL's form, numbers as numbers, NaN and infinities as texts. */
export function jsonValue({ columns }: Batch, column: number, row: number, schema: Schema): unknown {
  const value = printable(columns[column]!, row);
  if (value === null) return null;
  const { kind, precision } = schema[column]!.type;
  if ((kind === 'TIMESTAMP' || kind === 'TIMESTAMP_LTZ') && (precision ?? 6) <= 3) {
    return new Date(Number(value)).toISOString().replace('T', ' ').slice(0, kind === 'TIMESTAMP' ? -1 : undefined);
  }
  if (kind === 'DATE') return new Date(Number(value) * 86_400_000).toISOString().slice(0, 10);
  return kind === 'BOOLEAN' ? value !== 0 : value;
}

export const lateMessage = (topic: string, partition: number, row: LateRow): LogMessage =>
  ({ topic, partition, key: Buffer.from(row.input), value: Buffer.from(JSON.stringify(row)) });

/** The message's own bytes; where it came from and why it is here in the headers. */
export function deadLetterMessage(topic: string, partition: number, letter: DeadLetter): LogMessage {
  const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text, 'latin1'));
  const { input, partition: from, position, operator, expression, error, statement, eventTime } = letter;
  return {
    topic, partition, key: bytes(letter.key), value: bytes(letter.value),
    headers: { input, partition: String(from), offset: String(position), operator, expression, error, statement: String(statement), event_time: eventTime === null ? '' : String(eventTime) },
  };
}
