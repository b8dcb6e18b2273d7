/** The columns of a table from its changes. */
import { TapewrightError } from '../core/errors.js';
import { sqlType, timestampUnits, type SqlType } from '../core/types.js';
import { toInt64 } from '../core/int64.js';
import type { SourceColumn } from '../sources/source.js';
import { jsonReader, notA, textReader, type Value } from '../sources/values.js';
import { TRUNCATE, UPSERT, type LeftOut } from '../core/change.js';
import type { Change, WrittenType } from './debezium-envelope.js';

/** Debezium writes this where a value was left out as unchanged: as it is, as bytes, or as what an hstore holds. */
const placeholder = '__debezium_unavailable_value';
const placeholderBytes = Buffer.from(placeholder, 'latin1');
export const leftOutTexts: readonly string[] = [placeholder, placeholderBytes.toString('base64'), JSON.stringify({ [placeholder]: placeholder })];
/** Of arrays: the only element, the last one being the UUID of its name; of arrays of integers its bytes, one an element. */
const leftOutElements: ReadonlySet<unknown> = new Set([...leftOutTexts, 'b68a35a7-17ad-35b3-af2a-ae46edb4545a']);

/**
 * The first and the last day that a DATE holds. PostgreSQL's infinities come as days beyond, and not the same ones from a
 * snapshot as from the log (Debezium 3.7): they are NULL.
 */
const firstDay = -719_162, lastDay = 2_932_896;

type CellReader = (change: Change) => Value;

/** Reads rows of the columns asked for, by name: metadata columns by their key. */
export class ChangeReader {
  readonly #cells: readonly CellReader[];
  /** Columns of the table itself: those that a change may leave out. */
  readonly #own: readonly string[];

  /** `whole`: transactions are applied whole, so that a delete and a create that are a change of key come one behind the other. Throws SQL_UNSUPPORTED for metadata that there is not. */
  constructor(private readonly columns: readonly SourceColumn[], whole = false) {
    this.#own = columns.filter(({ metadata }) => metadata === undefined).map(({ name }) => name);
    this.#cells = columns.map((column) => (column.metadata === undefined ? fieldReader(column) : metadataReader(column.metadata, column.type, this.#own, whole)));
  }

  /** The values in the order of the columns; or which of them is none of its type. */
  read(change: Change): readonly Exclude<Value, undefined>[] | { readonly column: string; readonly error: string } {
    const values: Exclude<Value, undefined>[] = [];
    for (let index = 0; index < this.#cells.length; index += 1) {
      const value = this.#cells[index]!(change);
      if (value === undefined) return { column: this.columns[index]!.name, error: notA(this.columns[index]!.type) };
      values.push(value);
    }
    return values;
  }

  /** What the change says besides its row, which cannot be read: NULL where that is none of its type either. */
  bare(change: Change): readonly Exclude<Value, undefined>[] {
    const bare = { ...change, operation: TRUNCATE, image: {}, text: null };
    return this.#cells.map((cell) => cell(bare) ?? null);
  }
}

/** Metadata that tables of changes have, by key as Flink names them; a Kafka table has them with `value.` before. */
const changeMetadata = ['source.timestamp', 'ingestion-timestamp', 'source.database', 'source.schema', 'source.table', 'topic', 'partition', 'offset', 'timestamp'];

function metadataReader(key: string, type: SqlType, own: readonly string[], whole: boolean): CellReader {
  const read = type.kind === 'STRING' ? plainReader(type) : jsonReader(type);
  const given = (value: unknown): Value => (value === null || value === undefined ? null : read(exact(value), () => bareText(value)));
  switch (key.replace(/^value\./, '')) {
    case '$change': return ({ operation }) => operation;
    case '$unchanged': return (change) => unchangedOf(change, own, whole);
    case 'source.timestamp': return ({ source }) => given(source['ts_ms'] == null ? null : Number(source['ts_ms']));
    case 'ingestion-timestamp': return ({ taken }) => given(taken);
    case 'source.database': return ({ source }) => given(source['db']);
    case 'source.schema': return ({ source }) => given(source['schema']);
    case 'source.table': return ({ source }) => given(source['table']);
    case 'topic': return ({ record }) => given(record.topic);
    case 'partition': return ({ record }) => given(record.partition);
    case 'offset': return ({ record }) => given(record.offset);
    case 'timestamp': return ({ record }) => given(record.timestamp);
    default: throw new TapewrightError('SQL_UNSUPPORTED', `METADATA FROM '${key}': a table of changes has ${changeMetadata.join(', ')}, each also with value. before it`, { key });
  }
}

function isLeftOut(value: unknown): boolean {
  if (typeof value === 'string') return leftOutTexts.includes(value);
  if (typeof value !== 'object' || value === null) return false;
  if (Buffer.isBuffer(value)) return value.equals(placeholderBytes);
  if (!Array.isArray(value)) return (value as Readonly<Record<string, unknown>>)[placeholder] === placeholder;
  const [first] = value as readonly unknown[];
  if (value.length === 1) return leftOutElements.has(first) || isLeftOut(first);
  return value.length === placeholderBytes.length && value.every((element, index) => Number(element) === placeholderBytes[index]);
}

function unchangedOf({ operation, image, moved }: Change, own: readonly string[], whole: boolean): string | null {
  const left = operation === UPSERT ? own.filter((name) => isLeftOut(image[name])) : [];
  if (whole && moved !== null) return JSON.stringify({ left, moved } satisfies LeftOut);
  return left.length === 0 ? null : JSON.stringify(left);
}

function fieldReader({ name, type }: SourceColumn): CellReader {
  const plain = plainReader(type);
  const typed = new Map<string, (value: unknown, raw: () => string, written: WrittenType) => Value>();
  return (change) => {
    const { image, types, text } = change;
    const value = Object.hasOwn(image, name) ? image[name] : undefined;
    const written = types?.get(name);
    if (value === null || value === undefined || isLeftOut(value)) return null;
    const raw = (): string => (text === null ? bareText(value) : text(name));
    if (written?.name == null) return plain(value, raw);
    let read = typed.get(written.name);
    if (read === undefined) typed.set(written.name, read = readerOf(written.name, type));
    return read(value, raw, written);
  };
}

/** Values whose type is not told: times count as Debezium's adaptive precision has it, by the digits of the column. */
function plainReader(type: SqlType): (value: unknown, raw: () => string) => Value {
  const read = jsonReader(type);
  switch (type.kind) {
    case 'STRING': return (value, raw) => (typeof value === 'object' ? jsonText(value, raw) : read(exact(value), raw));
    case 'DATE': return (value, raw) => (typeof value === 'number' ? dayOf(value) : read(value, raw));
    case 'TIMESTAMP': case 'TIMESTAMP_LTZ': {
      const units = timestampUnits(type.precision ?? 6);
      return (value, raw) => (typeof value === 'string' ? read(value, raw) : countOf(value, raw, units, units));
    }
    case 'DECIMAL': return (value, raw) => (typeof value === 'string' && !isNumber.test(value) ? undefined : typeof value === 'object' ? variableDecimal(value, type) : read(exact(value), raw));
    default: return (value, raw) => read(exact(value), raw);
  }
}

const isNumber = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** Integers beyond 2^53 as their digits. */
const exact = (value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

/** Of a value that has no source text; '' where it is an array, a map or a struct, which all say themselves otherwise. */
const bareText = (value: unknown): string => (typeof value === 'object' ? '' : String(value));

/** Arrays, maps and structs as JSON. */
function jsonText(value: unknown, raw: () => string): string {
  const text = exactJson(value);
  return /\d{16}/.test(text) ? raw() || text : text;
}

/** With integers beyond 2^53 as the numbers that they are. */
function exactJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(exactJson).join(',')}]`;
  return `{${Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}:${exactJson(each)}`).join(',')}}`;
}

/** By Connect's name of the type. */
function readerOf(name: string, type: SqlType): (value: unknown, raw: () => string, written: WrittenType) => Value {
  const plain = plainReader(type);
  const ticks: Readonly<Record<string, 1e3 | 1e6 | 1e9>> = {
    'io.debezium.time.Timestamp': 1e3, 'org.apache.kafka.connect.data.Timestamp': 1e3, 'io.debezium.time.MicroTimestamp': 1e6, 'io.debezium.time.NanoTimestamp': 1e9,
  };
  const from = ticks[name];
  if (from !== undefined && (type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ')) {
    const units = timestampUnits(type.precision ?? 6);
    return (value, raw) => countOf(value, raw, from, units);
  }
  if (name === 'org.apache.kafka.connect.data.Decimal') {
    return (value, _raw, { scale }) => decimalOf(value, scale ?? 0, type);
  }
  if (name === 'io.debezium.time.IsoDate' && type.kind === 'DATE') return (value) => (typeof value === 'string' ? isoDay(value) : undefined);
  if (name === 'io.debezium.data.VariableScaleDecimal') return (value) => variableDecimal(value, type);
  return plain;
}

function variableDecimal(value: unknown, type: SqlType): Value {
  const { scale, value: digits } = value as { readonly scale?: unknown; readonly value?: unknown };
  return decimalOf(digits, Number(scale ?? 0), type);
}

/** Digits before the point that PostgreSQL's numbers have, and more than it has behind: a scale beyond is a damaged one, of which a text would be all zeros. */
const scaleMost = 131_072;

function decimalOf(value: unknown, scale: number, type: SqlType): Value {
  return (typeof value === 'string' || Buffer.isBuffer(value)) && Math.abs(scale) <= scaleMost ? textReader(type)(decimalText(value, scale)) : undefined;
}

/** The decimal whose unscaled value stands in the bytes, two's complement, the greatest first. */
function decimalText(value: string | Buffer, scale: number): string {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : value;
  if (bytes.length === 0) return '0';
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - Math.max(0, scale);
  const sign = unscaled < 0n ? '-' : '';
  return scale <= 0 ? `${sign}${digits}${'0'.repeat(-scale)}` : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const dayOf = (value: number): Value => (!Number.isInteger(value) ? undefined : value < firstDay || value > lastDay ? null : value + 0);

/** `2024-03-01Z`; years have as many digits as they need. */
function isoDay(text: string): Value {
  const match = /^([+-]?\d{4,})-(\d\d)-(\d\d)Z?$/.exec(text);
  if (match === null) return undefined;
  const year = Number(match[1]);
  return year < 1 || year > 9999 ? null : textReader(sqlType('DATE'))(`${String(year).padStart(4, '0')}-${match[2]}-${match[3]}`);
}

/** A count since 1970 of one unit in another; finer ones are floored. */
function countOf(value: unknown, raw: () => string, from: number, to: number): Value {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && from === to) return value + 0;
  const text = typeof value === 'bigint' ? value.toString() : Number.isSafeInteger(value) ? String(value) : raw();
  if (!/^-?\d+$/.test(text)) return undefined;
  const count = BigInt(text);
  const factor = BigInt(Math.max(from, to) / Math.min(from, to));
  const scaled = from <= to ? count * factor : (count - ((count % factor) + factor) % factor) / factor;
  return BigInt.asIntN(64, scaled) === scaled ? toInt64(scaled) : undefined;
}
