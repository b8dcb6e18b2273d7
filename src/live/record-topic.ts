/** A topic that is recorded: its partitions, its columns, and how its messages become rows. */
import { cell, type Batch } from '../core/batch.js';
import { TapewrightError } from '../core/errors.js';
import { timestampUnits, type SqlType } from '../core/types.js';
import type { AvroRecord } from '../formats/avro-schema.js';
import { rawSchema } from '../engine/physical.js';
import { sourceColumns } from '../runtime/source-columns.js';
import { planTexts } from '../runtime/pipeline.js';
import type { SourceColumn } from '../sources/source.js';
import { sourceTopic } from './connectors.js';
import { AvroFormat } from './avro-decoder.js';
import { Decoder } from './decoder.js';
import type { Log, LogBounds, LogRecord } from './log.js';
import type { RecordOptions } from './record.js';
import type { EventSpan } from './record-dataset.js';
import { columnsOfAvro } from './record-schema.js';
import { SchemaRegistry } from './registry.js';
import { sourceDecoder } from './source-decoder.js';

/** For the first message of an empty topic, in ms. */
const firstWait = 500;

export interface RecordedTopic {
  readonly topic: string;
  readonly bounds: readonly LogBounds[];
  readonly columns: readonly SourceColumn[];
  readonly decoder: Decoder;
  /** `span` with the event times of these rows; where rows have none, with the times of their messages. */
  spanOf(batch: Batch, records: readonly LogRecord[], span: EventSpan | undefined): EventSpan;
}

type Asked = Pick<RecordOptions, 'table' | 'settings' | 'signal' | 'until' | 'onRemark'>;

export async function openTopic(log: Log, topic: string, options: Asked): Promise<RecordedTopic> {
  const bounds = await log.bounds(topic);
  if (bounds === null) throw new TapewrightError('KAFKA_REFUSED', `there is no topic ${topic}: check its name, or create it`, { topic });
  const { columns, decoder } = options.table === null ? await fromRegistry(log, topic, bounds, options) : fromTable(topic, options);
  return { topic, bounds, columns, decoder, spanOf: spanner(columns) };
}

type Decoding = Pick<RecordedTopic, 'columns' | 'decoder'>;

/** All columns that the table reads, whatever the SQL does with them. */
function fromTable(topic: string, { table, settings }: Asked): Decoding {
  const { texts, name } = table!;
  const reading = { path: '--table', text: `SELECT * FROM \`${name.replaceAll('`', '``')}\`;\n` };
  const pipeline = planTexts({ ...texts, sql: [...texts.sql, reading] });
  const input = pipeline.sources.findIndex((source) => source.name === name);
  if (input < 0) throw new TapewrightError('USAGE', `--table ${name}: the SQL declares no such table to read`, { table: name });
  const source = pipeline.sources[input]!;
  const columns = sourceColumns(pipeline, input, rawSchema(source).map((_, index) => index));
  const from = sourceTopic({ ...source, options: { ...source.options, connector: 'kafka', topic } }, { kind: 'earliest' });
  const registry = from.format === 'avro-confluent' || from.key?.format === 'avro-confluent' ? registryOf(settings) : null;
  return { columns, decoder: sourceDecoder(from, columns, registry) };
}

function registryOf({ registries, registryAuthorization }: RecordOptions['settings']): SchemaRegistry {
  if (registries.length === 0) throw new TapewrightError('USAGE', 'Avro needs a schema registry: give --registry URL or set SCHEMA_REGISTRY; of a topic in JSON give the table that it is: --sql FILE.sql --table NAME');
  return new SchemaRegistry(registries, registryAuthorization);
}

/** The schema of the first message. What later ones add is not recorded; what they lack is NULL. */
async function fromRegistry(log: Log, topic: string, bounds: readonly LogBounds[], { settings, signal, until, onRemark }: Asked): Promise<Decoding> {
  const registry = registryOf(settings);
  const first = await firstMessage(log, topic, bounds, signal, until);
  if (first.value === null || first.value.length < 6 || first.value[0] !== 0) throw new TapewrightError('USAGE', `the first message of ${topic} is not in the wire format of a schema registry; if it is JSON, give the table that it is: --sql FILE.sql --table NAME`, { topic });
  const id = first.value.readUInt32BE(1);
  const record = JSON.parse(await registry.schema(id)) as AvroRecord;
  if (record.type !== 'record') throw new TapewrightError('USAGE', `schema ${id} of ${topic} is no record: it has no columns`, { topic, id });
  const { columns, leftOut } = columnsOfAvro(record);
  if (leftOut.length > 0) onRemark(`fields that no column holds are left out: ${leftOut.join(', ')}`);
  return { columns, decoder: new Decoder(columns, new AvroFormat(columns, registry)) };
}

async function firstMessage(log: Log, topic: string, bounds: readonly LogBounds[], signal: AbortSignal, until: RecordOptions['until']): Promise<LogRecord> {
  const reader = await log.read(bounds.map(({ partition, start }) => ({ topic, partition, offset: start })));
  const isEmpty = bounds.every(({ start, end }) => start === end);
  try {
    while (!signal.aborted) {
      const fetch = await reader.next(firstWait);
      const found = fetch?.records.find(({ value }) => value !== null);
      if (found !== undefined) return found;
      if (until === 'latest' && (isEmpty || reader.emptyAnswers >= 10)) break;
    }
  } finally {
    await reader.close();
  }
  throw new TapewrightError('KAFKA_REFUSED', `${topic} holds no message, so that nothing says what its columns are; give the table that it is: --sql FILE.sql --table NAME`, { topic });
}

const isTime = ({ kind }: SqlType): boolean => kind === 'TIMESTAMP' || kind === 'TIMESTAMP_LTZ';

/** The event time that the table declares, else a column that is called so. */
function spanner(columns: readonly SourceColumn[]): RecordedTopic['spanOf'] {
  const declared = columns.findIndex(({ eventTime, type }) => eventTime && isTime(type));
  const column = declared >= 0 ? declared : columns.findIndex(({ name, type }) => (name === 'event_time' || name === 'timestamp') && isTime(type));
  const perMilli = column < 0 ? 1 : timestampUnits(columns[column]!.type.precision ?? 6) / 1000;
  return (batch, records, span) => {
    let { from, to } = span ?? { from: Infinity, to: -Infinity };
    const count = column < 0 ? records.length : batch.length;
    for (let row = 0; row < count; row += 1) {
      const value = column < 0 ? records[row]!.timestamp : cell(batch.columns[column]!, row);
      if (value === null) continue;
      const at = Math.floor(Number(value) / perMilli);
      if (at < from) from = at;
      if (at >= to) to = at + 1;
    }
    return from < to ? { from, to } : (span ?? { from: records[0]!.timestamp, to: records[0]!.timestamp + 1 });
  };
}
