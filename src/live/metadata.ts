/** Metadata columns: what Kafka knows of a message, by the keys of Flink's connector. */
import { timestampUnits, typeName, type SqlType } from '../core/types.js';
import { scaledTime } from '../formats/avro-values.js';
import type { Value } from '../sources/values.js';
import type { LogRecord } from './log.js';

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
    default: return `metadata '${key}' is not given live; there are 'topic', 'partition', 'offset' and 'timestamp'`;
  }
}
