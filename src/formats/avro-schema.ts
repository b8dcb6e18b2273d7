/** Avro schemas of tables, as producers register them. */
import { TapewrightError } from '../core/errors.js';
import type { Field, Schema, SqlType } from '../core/types.js';

export type AvroType = string | readonly AvroType[] | { readonly type: string; readonly [property: string]: unknown };

export interface AvroRecord {
  readonly type: 'record';
  readonly name: string;
  readonly namespace?: string;
  readonly fields: readonly { readonly name: string; readonly type: AvroType; readonly default?: unknown }[];
}

/** `MarketData` of the domain, in its order; `event_time` is its `timestamp`. */
export const marketData: AvroRecord = {
  type: 'record', name: 'MarketData', namespace: 'com.finance.marketdata',
  fields: [
    { name: 'symbol', type: 'string' }, { name: 'price', type: 'double' }, { name: 'volume', type: 'long' }, { name: 'bid', type: 'double' },
    { name: 'ask', type: 'double' }, { name: 'timestamp', type: { type: 'long', logicalType: 'timestamp-millis' } }, { name: 'exchange', type: 'string' },
    { name: 'event_type', type: { type: 'enum', name: 'EventType', symbols: ['TRADE', 'QUOTE', 'BBO'] } },
  ],
};

/** Whether rows with these columns can be written as `MarketData`. */
export function isMarketData(columns: Schema): boolean {
  const kinds = new Map(columns.map(({ name, type }) => [name === 'event_time' ? 'timestamp' : name, type.kind]));
  const wanted: Readonly<Record<string, readonly SqlType['kind'][]>> = {
    symbol: ['STRING'], price: ['DOUBLE'], volume: ['BIGINT', 'INT'], bid: ['DOUBLE'], ask: ['DOUBLE'], timestamp: ['TIMESTAMP', 'TIMESTAMP_LTZ'], exchange: ['STRING'], event_type: ['STRING'],
  };
  return Object.entries(wanted).every(([name, allowed]) => allowed.includes(kinds.get(name)!));
}

/** A record of the columns, each NULL or a value, as Flink's `avro-confluent` writes one. */
export function recordOf(name: string, columns: Schema): AvroRecord {
  const safe = name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
  return { type: 'record', name: safe, fields: columns.map((field) => ({ name: fieldName(field), type: ['null', typeOf(field)], default: null })) };
}

function fieldName({ name }: Field): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new TapewrightError('DATASET_INVALID', `column '${name}' cannot be a field of an Avro record: letters, digits and _ only; rename it in the dataset's select`, { column: name });
}

function typeOf({ name, type }: Field): AvroType {
  switch (type.kind) {
    case 'BOOLEAN': return 'boolean';
    case 'TINYINT': case 'SMALLINT': case 'INT': return 'int';
    case 'BIGINT': return 'long';
    case 'FLOAT': return 'float';
    case 'DOUBLE': return 'double';
    case 'STRING': return 'string';
    case 'DECIMAL': return { type: 'bytes', logicalType: 'decimal', precision: type.precision!, scale: type.scale! };
    case 'DATE': return { type: 'int', logicalType: 'date' };
    case 'TIMESTAMP': case 'TIMESTAMP_LTZ': {
      const unit = (type.precision ?? 6) <= 3 ? 'millis' : 'micros';
      if ((type.precision ?? 6) > 6) break;
      return { type: 'long', logicalType: type.kind === 'TIMESTAMP' ? `local-timestamp-${unit}` : `timestamp-${unit}` };
    }
    default:
  }
  throw new TapewrightError('DATASET_INVALID', `column '${name}' is ${type.kind}, which is not published in Avro; publish it with --format json, or leave it out`, { column: name });
}
