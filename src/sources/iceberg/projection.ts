/** The columns of the table, by id, out of one data file: renamed, widened, added and dropped ones as they are now. */
import { TapewrightError } from '../../core/errors.js';
import { quoteName } from '../quote.js';
import { defaultLiteral, nullOf, partitionLiteral } from './literal.js';
import { partsOf, type ParquetNode } from './parquet-tree.js';
import { decimalOf, duckType, type IcebergField, type IcebergType } from './types.js';

/** DuckDB's SELECT list for the file: every column of the table under its name and of its type. Throws DATASET_INVALID. */
export function projectionOf(schema: readonly IcebergField[], columns: readonly ParquetNode[], constants: ReadonlyMap<number, unknown>, file: string): string {
  return schema.map((field) => `${columnOf(field, columns, constants, file)} AS ${quoteName(field.name)}`).join(', ');
}

function columnOf(field: IcebergField, columns: readonly ParquetNode[], constants: ReadonlyMap<number, unknown>, file: string): string {
  const found = columns.find(({ id }) => id === field.id);
  if (found !== undefined) return valueOf(field, found, quoteName(found.name), field.name, file);
  if (!constants.has(field.id)) return absent(field, field.name, file);
  const literal = partitionLiteral(field.type, constants.get(field.id));
  if (literal === null) throw new TapewrightError('DATASET_INVALID', `${file}: the partition's value of ${field.name} is no ${typeText(field.type)}`, { path: file, column: field.name });
  return literal;
}

/** What rows that were written before the column have in it. */
function absent(field: IcebergField, column: string, file: string): string {
  if (field.initial !== undefined) {
    const literal = defaultLiteral(field.type, field.initial);
    if (literal !== null) return literal;
    throw new TapewrightError('DATASET_INVALID', `${file}: the default of ${column} is no ${typeText(field.type)}`, { path: file, column });
  }
  if (!field.required) return nullOf(field.type);
  throw new TapewrightError('DATASET_INVALID', `${file} has no column with the id ${field.id} of ${column}, which the table requires and has no default for`, { path: file, column, id: field.id });
}

/** The value of a field whose node in the file is `node`, and stands as `text` in SQL: `text` itself where nothing changed. */
function valueOf(field: IcebergField, node: ParquetNode, text: string, column: string, file: string): string {
  const { type } = field;
  const mismatch = (): TapewrightError => new TapewrightError(
    'DATASET_INVALID', `${file}: ${column} (id ${field.id}) is ${node.type ?? node.kind ?? 'a struct'} in the file and ${typeText(type)} in the table, and Iceberg has no such widening; the file or the metadata are not what their writer says`,
    { path: file, column, found: node.type, declared: typeText(type) },
  );
  switch (type.kind) {
    case 'primitive': {
      const value = node.type === null || node.repeated ? null : widened(type, node.type, text);
      if (value === null) throw mismatch();
      return value;
    }
    case 'struct':
      if (node.kind !== null || node.type !== null) throw mismatch();
      return structOf(type.fields, node, text, column, file);
    case 'list': {
      const [element] = partsOf(node);
      if (node.kind !== 'LIST' || element === undefined) throw mismatch();
      const inner = valueOf(type.element, element, variable(column), `${column}.element`, file);
      return inner === variable(column) ? text : `list_transform(${text}, lambda ${variable(column)}: ${inner})`;
    }
    case 'map': {
      const [key, value] = partsOf(node);
      if (node.kind !== 'MAP' || key === undefined || value === undefined) throw mismatch();
      const entry = variable(column);
      const [keyIn, valueIn] = [`${entry}.key`, `${entry}.value`];
      const [keyOut, valueOut] = [valueOf(type.key, key, keyIn, `${column}.key`, file), valueOf(type.value, value, valueIn, `${column}.value`, file)];
      if (keyOut === keyIn && valueOut === valueIn) return text;
      return `CASE WHEN ${text} IS NULL THEN NULL ELSE map_from_entries(list_transform(map_entries(${text}), lambda ${entry}: struct_pack(k := ${keyOut}, v := ${valueOut}))) END`;
    }
  }
}

function structOf(fields: readonly IcebergField[], node: ParquetNode, text: string, column: string, file: string): string {
  let same = fields.length === node.children.length;
  const parts = fields.map((field, index) => {
    const found = node.children.find(({ id }) => id === field.id);
    if (found === undefined) same = false;
    const inside = found === undefined ? '' : `${text}.${quoteName(found.name)}`;
    const value = found === undefined ? absent(field, `${column}.${field.name}`, file) : valueOf(field, found, inside, `${column}.${field.name}`, file);
    if (value !== inside || node.children[index] !== found || found?.name !== field.name) same = false;
    return `${quoteName(field.name)} := ${value}`;
  });
  return same ? text : `CASE WHEN ${text} IS NULL THEN NULL ELSE struct_pack(${parts.join(', ')}) END`;
}

/** A name for what a lambda takes: another one at every depth, for a column's path has a point more at each. */
const variable = (column: string): string => `tapewright_${column.split('.').length}`;

const smallIntegers = ['TINYINT', 'UTINYINT', 'SMALLINT', 'USMALLINT'];
const readAs: Readonly<Record<string, readonly string[]>> = {
  boolean: ['BOOLEAN'], int: ['INTEGER', ...smallIntegers], long: ['BIGINT', 'INTEGER', 'UINTEGER', ...smallIntegers],
  float: ['FLOAT'], double: ['DOUBLE', 'FLOAT'], date: ['DATE'], time: ['TIME'], string: ['VARCHAR'], uuid: ['UUID'], binary: ['BLOB'],
  timestamp: ['TIMESTAMP', 'TIMESTAMP_MS'], timestamptz: ['TIMESTAMP WITH TIME ZONE'],
};

/** A primitive as the table has it now; null when Iceberg does not widen the file's type to it. */
function widened(type: IcebergType & { kind: 'primitive' }, found: string, text: string): string | null {
  const target = duckType(type);
  if (found === target) return text;
  const decimal = decimalOf(type.name);
  if (decimal !== null) {
    const from = /^DECIMAL\((\d+),(\d+)\)$/.exec(found);
    return from !== null && Number(from[2]) === decimal.scale && Number(from[1]) <= decimal.precision ? `CAST(${text} AS ${target})` : null;
  }
  if (readAs[type.name]?.includes(found) === true) return `CAST(${text} AS ${target})`;
  // Spark's old 96-bit times are of UTC and do not say so; Hive's strings are bytes.
  if (type.name === 'timestamptz' && found === 'TIMESTAMP') return `(${text} AT TIME ZONE 'UTC')`;
  return type.name === 'string' && found === 'BLOB' ? `decode(${text})` : null;
}

const typeText = (type: IcebergType): string => (type.kind === 'primitive' ? type.name : `a ${type.kind}`);
