/** Which column, or expression, of a file stands for a table's column, and how it is read. */
import { TapewrightError } from '../core/errors.js';
import { typeName, type SqlType } from '../core/types.js';
import { quoteName } from './quote.js';
import type { Wire } from './decode.js';
import type { Binding, SourceColumn } from './source.js';

export interface FileColumn {
  readonly name: string;
  /** As DuckDB's DESCRIBE says it: `DECIMAL(10,2)`. */
  readonly type: string;
}

export interface Place {
  readonly table: string;
  readonly file: string;
}

export interface Match {
  /** DuckDB expression over the file's columns. */
  readonly expression: string;
  /** From `select`: an expression of the user's rather than a column. */
  readonly given: boolean;
  /** Name of the file's column, when it is one. */
  readonly fileColumn: string | null;
  readonly remark: string | null;
}

/** Finds the file's column by exact name, else by the only one that differs in case, else (event time) `timestamp`. */
export function matchColumn(column: SourceColumn, binding: Binding, fileColumns: readonly FileColumn[], place: Place): Match {
  const given = binding.select[column.name];
  if (given !== undefined) {
    const plain = plainName(given);
    const named = plain === null ? undefined : find(plain, fileColumns);
    if (named !== undefined) return { expression: quoteName(named.name), given: false, fileColumn: named.name, remark: null };
    return { expression: `(${given}\n)`, given: true, fileColumn: null, remark: null };
  }
  const found = find(column.name, fileColumns);
  if (found !== undefined) {
    const remark = found.name === column.name ? null : `${place.table}.${column.name} is read from the file's column ${found.name}`;
    return { expression: quoteName(found.name), given: false, fileColumn: found.name, remark };
  }
  const standIn = column.eventTime ? find('timestamp', fileColumns) : undefined;
  if (standIn === undefined) throw missing(column, fileColumns, place);
  const remark = `${place.table}.${column.name} is taken from the file's column ${standIn.name}${isInteger(standIn.type) ? ' (epoch milliseconds)' : ''}`;
  return { expression: quoteName(standIn.name), given: false, fileColumn: standIn.name, remark };
}

function find(name: string, fileColumns: readonly FileColumn[]): FileColumn | undefined {
  const exact = fileColumns.find((column) => column.name === name);
  if (exact !== undefined) return exact;
  const alike = fileColumns.filter((column) => column.name.toLowerCase() === name.toLowerCase());
  return alike.length === 1 ? alike[0] : undefined;
}

/** The name in a `select` entry that is nothing but a column's name. */
export function plainName(expression: string): string | null {
  const text = expression.trim();
  if (/^[A-Za-z_][A-Za-z0-9_$]*$/.test(text)) return text;
  return /^"([^"]|"")+"$/.test(text) ? text.slice(1, -1).replaceAll('""', '"') : null;
}

/** Names of columns for a message: what is no table may have thousands, and long ones. */
function listed(names: readonly string[]): string {
  const short = names.slice(0, 50).map((name) => (name.length > 60 ? `${name.slice(0, 60)}…` : name));
  return `${short.join(', ')}${names.length > 50 ? `, … (${names.length} in all)` : ''}`;
}

export function missing(column: SourceColumn, fileColumns: readonly FileColumn[], { table, file }: Place): TapewrightError {
  const names = fileColumns.map((each) => each.name);
  return new TapewrightError(
    'DATASET_INVALID',
    `${file} has no column ${column.name} for table ${table}; its columns are ${listed(names)}; name one with --map ${table}.${column.name}=EXPRESSION`,
    { table, column: column.name, file, columns: names },
  );
}

export interface WireColumn {
  /** DuckDB expression whose vector the wire describes. */
  readonly expression: string;
  readonly wire: Wire;
  /** Integers that the column can hold only as doubles: beyond ±2^53 a time is unusable, and a DOUBLE is refused rather than rounded. */
  readonly beyond: 'keep' | 'round' | 'refuse';
  readonly remark: string | null;
}

const integerDigits: Readonly<Record<string, number>> = {
  TINYINT: 3, UTINYINT: 3, SMALLINT: 5, USMALLINT: 5, INTEGER: 10, UINTEGER: 10, BIGINT: 19, UBIGINT: 20, HUGEINT: 38,
};
const isInteger = (type: string): boolean => type in integerDigits;
const narrow: Readonly<Record<string, readonly string[]>> = {
  TINYINT: ['TINYINT'],
  SMALLINT: ['TINYINT', 'UTINYINT', 'SMALLINT'],
  INT: ['TINYINT', 'UTINYINT', 'SMALLINT', 'USMALLINT', 'INTEGER'],
  BIGINT: ['TINYINT', 'UTINYINT', 'SMALLINT', 'USMALLINT', 'INTEGER', 'UINTEGER', 'BIGINT'],
  FLOAT: ['TINYINT', 'UTINYINT', 'SMALLINT', 'USMALLINT', 'FLOAT'],
  DOUBLE: ['TINYINT', 'UTINYINT', 'SMALLINT', 'USMALLINT', 'INTEGER', 'UINTEGER', 'FLOAT', 'DOUBLE'],
};

/** How `expression`, of the file type `fileType`, becomes the column's declared type. Throws DATASET_INVALID when it cannot. */
export function wireColumn(column: SourceColumn, expression: string, fileType: string, place: Place): WireColumn {
  const plain = (wire: Wire, wired = expression, beyond: WireColumn['beyond'] = 'keep'): WireColumn => ({ expression: wired, wire, beyond, remark: null });
  const { kind } = column.type;
  const isDecimal = fileType.startsWith('DECIMAL(');
  // A bare NULL is of every type.
  const fits = narrow[kind]?.includes(fileType) === true || fileType === '"NULL"';
  switch (kind) {
    case 'BOOLEAN':
      if (fileType === 'BOOLEAN' || fileType === '"NULL"') return plain({ kind: 'double' }, `CAST(${expression} AS DOUBLE)`);
      break;
    case 'TINYINT': case 'SMALLINT': case 'INT': case 'FLOAT': case 'DOUBLE':
      if (fits) return plain({ kind: 'double' }, fileType === 'DOUBLE' ? expression : `CAST(${expression} AS DOUBLE)`);
      if (kind === 'DOUBLE' && fileType === 'BIGINT') return plain({ kind: 'int64', divide: 1 }, expression, 'refuse');
      if (kind === 'DOUBLE' && isDecimal) return plain({ kind: 'double' }, `CAST(${expression} AS DOUBLE)`);
      break;
    case 'BIGINT':
      if (fits) return plain({ kind: 'int64', divide: 1 }, fileType === 'BIGINT' ? expression : `CAST(${expression} AS BIGINT)`);
      break;
    case 'DECIMAL':
      if (decimalFits(column.type, fileType)) return plain(...decimalWire(column.type, expression));
      break;
    case 'STRING':
      if (/^(VARCHAR|ENUM|UUID|"NULL")/.test(fileType)) return plain({ kind: 'text', latin1: false }, fileType === 'VARCHAR' ? expression : `CAST(${expression} AS VARCHAR)`);
      break;
    case 'BYTES':
      if (fileType === 'BLOB') return plain({ kind: 'text', latin1: true });
      break;
    case 'DATE':
      if (fileType === 'DATE') return plain({ kind: 'days' });
      break;
    case 'TIMESTAMP': case 'TIMESTAMP_LTZ': {
      const time = timeColumn(column, expression, fileType, place);
      if (time !== null) return time;
    }
  }
  throw mismatch(column, fileType, place);
}

function mismatch(column: SourceColumn, fileType: string, { table, file }: Place): TapewrightError {
  const hint = `--map ${table}.${column.name}=EXPRESSION`;
  return new TapewrightError(
    'DATASET_INVALID',
    `${table}.${column.name} is declared ${typeName(column.type, false)}, but in ${file} it is ${fileType}; declare that type, or convert it with ${hint}`,
    { table, column: column.name, file, declared: typeName(column.type, false), found: fileType },
  );
}

function decimalFits(type: SqlType, fileType: string): boolean {
  const whole = type.precision! - type.scale!;
  const match = /^DECIMAL\((\d+),(\d+)\)$/.exec(fileType);
  if (match !== null) return Number(match[2]) <= type.scale! && Number(match[1]) - Number(match[2]) <= whole;
  // An integer that is wider than the decimal still fits where its values do; DuckDB refuses one that does not.
  return isInteger(fileType);
}

export function decimalWire(type: SqlType, expression: string): [Wire, string] {
  const wide = type.precision! > 18;
  // The cast to the declared type checks the digits; the second one fixes the width of the vector.
  const cast = `CAST(${expression} AS DECIMAL(${type.precision}, ${type.scale}))`;
  return wide
    ? [{ kind: 'int128' }, `CAST(${cast} AS DECIMAL(38, ${type.scale}))`]
    : [{ kind: 'int64', divide: 1 }, `CAST(${cast} AS DECIMAL(18, ${type.scale}))`];
}

/** As `wireColumn`, over CSV (all columns are text) or JSON (integers are BIGINT): what has no type of its own is cast, and a failing cast stops the run. */
export function textWire(column: SourceColumn, expression: string, fileType: string, place: Place): WireColumn {
  const { kind } = column.type;
  const cast = (type: string): WireColumn => wireColumn(column, `CAST(${expression} AS ${type})`, type, place);
  if (isInteger(fileType) && integerNames[kind] !== undefined) return cast(integerNames[kind]!);
  if (fileType !== 'VARCHAR' || kind === 'STRING') return wireColumn(column, expression, fileType, place);
  if (kind === 'TIMESTAMP' || kind === 'TIMESTAMP_LTZ') {
    const type = (column.type.precision ?? 6) > 6 ? 'TIMESTAMP_NS' : 'TIMESTAMP';
    const epoch = `regexp_full_match(trim(${expression}), '[+-]?[0-9]+')`;
    return wireColumn(column, `CASE WHEN ${epoch} THEN CAST(epoch_ms(TRY_CAST(${expression} AS BIGINT)) AS ${type}) ELSE CAST(${expression} AS ${type}) END`, type, place);
  }
  if (kind === 'DECIMAL') return cast(`DECIMAL(${column.type.precision},${column.type.scale})`);
  return cast(integerNames[kind] ?? (kind === 'BYTES' ? 'BLOB' : kind));
}

const integerNames: Readonly<Record<string, string>> = { TINYINT: 'TINYINT', SMALLINT: 'SMALLINT', INT: 'INTEGER', BIGINT: 'BIGINT' };

/** Vectors of the timestamp types hold a 64-bit count of their own unit. */
const unitsPerSecond: Readonly<Record<string, number>> = {
  TIMESTAMP_S: 1, TIMESTAMP_MS: 1e3, TIMESTAMP: 1e6, 'TIMESTAMP WITH TIME ZONE': 1e6, TIMESTAMP_NS: 1e9,
};

function timeColumn(column: SourceColumn, expression: string, fileType: string, place: Place): WireColumn | null {
  const precision = column.type.precision ?? 6;
  const wanted = precision <= 3 ? 1e3 : precision <= 6 ? 1e6 : 1e9;
  const beyond = precision <= 3 ? 'round' : 'keep';
  if (isInteger(fileType) && fileType !== 'UBIGINT' && fileType !== 'HUGEINT') {
    if (!column.eventTime) return null;
    const count = wanted === 1e3 ? `CAST(${expression} AS BIGINT)` : `CAST(${expression} AS BIGINT) * ${wanted / 1e3}`;
    const remark = `${place.table}.${column.name} is read as epoch milliseconds (the file has ${fileType})`;
    return { expression: count, wire: { kind: 'int64', divide: 1 }, beyond, remark };
  }
  const units = unitsPerSecond[fileType];
  if (units === undefined) return null;
  if (units >= wanted) return { expression, wire: { kind: 'int64', divide: (units / wanted) as 1 | 1e3 | 1e6 }, beyond, remark: null };
  const finer = wanted === 1e3 ? 'epoch_ms' : wanted === 1e6 ? 'epoch_us' : 'epoch_ns';
  return { expression: `${finer}(${expression})`, wire: { kind: 'int64', divide: 1 }, beyond, remark: null };
}
