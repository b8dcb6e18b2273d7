/** Metadata columns: what Kafka knows of a message, by the keys of Flink's connector. */
import { timestampUnits, typeName, type SqlType } from '../core/types.js';
import { scaledTime } from '../formats/avro-values.js';
import type { Value } from '../sources/values.js';
import type { LogHeader, LogRecord } from './log.js';

export type MetadataReader = (record: LogRecord, partition: number) => Exclude<Value, undefined>;

/** How the column is read, or why it cannot be. */
export function metadataReader(key: string, type: SqlType, topic: string): MetadataReader | string {
  const { kind } = type;
  const be = (types: string): string => `metadata '${key}' is ${types}, not ${typeName(type, false)}`;
  switch (key) {
    case 'topic': return kind === 'STRING' ? () => topic : be('STRING');
    case 'partition': return kind === 'INT' || kind === 'BIGINT' ? (_, partition) => partition : be('INT');
    case 'offset': return kind === 'BIGINT' ? ({ offset }) => offset : be('BIGINT');
    case 'timestamp': {
      if (kind !== 'TIMESTAMP_LTZ' && kind !== 'TIMESTAMP') return be('TIMESTAMP_LTZ(3)');
      const convert = scaledTime(1e3, timestampUnits(type.precision ?? 6));
      return type.precision === 3 ? ({ timestamp }) => timestamp : ({ timestamp }) => convert(timestamp) ?? null;
    }
    case 'headers': return kind === 'STRING' ? ({ headers }) => headersText(headers ?? []) : be('here STRING, a JSON object');
    default: return `metadata '${key}' is not given live; there are 'topic', 'partition', 'offset', 'timestamp' and 'headers'`;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A JSON object in the order of the names' first headers; of several of a name the last, as in Flink's map. */
export function headersText(headers: readonly LogHeader[]): string {
  const last = new Map(headers.map(({ name, value }) => [name, value]));
  return `{${[...last].map(([name, value]) => `${JSON.stringify(name)}:${value === null ? 'null' : bytesText(value)}`).join(',')}}`;
}

/** A text where the bytes are UTF-8, else `{"base64":"…"}`. */
function bytesText(bytes: Buffer): string {
  try {
    return JSON.stringify(utf8.decode(bytes));
  } catch {
    return `{"base64":"${bytes.toString('base64')}"}`;
  }
}
