/** The columns of a topic that is recorded: a table's, or what its writer's schema says. */
import { TapewrightError } from '../core/errors.js';
import { decimalType, sqlType, timestampType, type Schema, type SqlType } from '../core/types.js';
import type { AvroRecord, AvroType } from '../formats/avro-schema.js';
import type { SourceColumn } from '../sources/source.js';

/** Where a row came from: what every recorded row has behind its own columns. */
export const originColumns = ['kafka_partition', 'kafka_offset', 'kafka_timestamp', 'arrival'] as const;

/** `own` and the origin. Throws USAGE where a column has a name of the origin's. */
export function recordedSchema(own: Schema): Schema {
  const taken = own.find(({ name }) => (originColumns as readonly string[]).includes(name));
  if (taken !== undefined) throw new TapewrightError('USAGE', `column '${taken.name}' has the name of one that a recording adds (${originColumns.join(', ')}): give a table with other names (--sql, --table)`, { column: taken.name });
  return [
    ...own, { name: 'kafka_partition', type: sqlType('INT', false) }, { name: 'kafka_offset', type: sqlType('BIGINT', false) },
    { name: 'kafka_timestamp', type: timestampType(3, false) }, { name: 'arrival', type: sqlType('BIGINT', false) },
  ];
}

/** Messages that could not be decoded, or have no event time. Key and value are their bytes. */
export const rejectedSchema: Schema = [
  { name: 'kafka_partition', type: sqlType('INT', false) }, { name: 'kafka_offset', type: sqlType('BIGINT', false) },
  { name: 'expression', type: sqlType('STRING') }, { name: 'error', type: sqlType('STRING', false) },
  { name: 'key', type: sqlType('BYTES') }, { name: 'value', type: sqlType('BYTES') }, { name: 'arrival', type: sqlType('BIGINT', false) },
];

/** Fields that no column holds are left out, and told of. */
export function columnsOfAvro(record: AvroRecord): { readonly columns: SourceColumn[]; readonly leftOut: readonly string[] } {
  const columns: SourceColumn[] = [];
  const leftOut: string[] = [];
  for (const { name, type } of record.fields) {
    const found = typeOf(type);
    if (found === null) leftOut.push(name);
    else columns.push({ name, type: found, eventTime: false });
  }
  return { columns, leftOut };
}

const plain: Readonly<Record<string, SqlType['kind']>> = {
  boolean: 'BOOLEAN', int: 'INT', long: 'BIGINT', float: 'FLOAT', double: 'DOUBLE', string: 'STRING', enum: 'STRING',
};

/** All may be NULL: a schema that comes later may lack the field. */
function typeOf(type: AvroType): SqlType | null {
  if (typeof type === 'string') return plain[type] === undefined ? null : sqlType(plain[type]);
  if (isUnion(type)) {
    const others = type.filter((each) => each !== 'null');
    return others.length === 1 ? typeOf(others[0]!) : null;
  }
  const { logicalType, precision, scale } = type as { readonly logicalType?: string; readonly precision?: number; readonly scale?: number };
  if (logicalType?.endsWith('timestamp-millis') === true) return timestampType(3);
  if (logicalType?.endsWith('timestamp-micros') === true) return timestampType(6);
  if (logicalType === 'date') return sqlType('DATE');
  if (logicalType === 'decimal' && precision !== undefined) return decimalType(precision, scale ?? 0);
  return typeOf(type.type);
}

const isUnion = (type: AvroType): type is readonly AvroType[] => Array.isArray(type);
