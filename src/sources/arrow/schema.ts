/** The columns of an Arrow schema: how each lies in a record batch's buffers, and which of DuckDB's types it is like. */
import type { Field, Schema } from 'apache-arrow/schema';
import { DataType, type Dictionary } from 'apache-arrow/type';
import { DateUnit, Precision } from 'apache-arrow/enum';

/** How values lie. `bytes`: of one value. Offsets and views are those of text and binary columns. */
export type Layout =
  | { readonly kind: 'null' | 'bits' | 'days' | 'dayMillis' }
  | { readonly kind: 'integer'; readonly bytes: number; readonly signed: boolean }
  | { readonly kind: 'float'; readonly bytes: number }
  | { readonly kind: 'decimal'; readonly bytes: number; readonly scale: number }
  | { readonly kind: 'time'; readonly unitsPerSecond: number }
  | { readonly kind: 'offsets'; readonly bytes: 4 | 8 }
  | { readonly kind: 'views' }
  | { readonly kind: 'fixed'; readonly bytes: number }
  | { readonly kind: 'codes'; readonly bytes: number; readonly signed: boolean; readonly dictionary: number; readonly of: Layout }
  | { readonly kind: 'unread' };

export interface ArrowColumn {
  readonly name: string;
  /** As DuckDB's DESCRIBE would say it; Arrow's own name for what it has no like of. */
  readonly type: string;
  readonly layout: Layout;
  readonly shape: Shape;
}

/** What a column takes up of a record batch: field nodes and buffers, its children's among them. */
export interface Shape {
  readonly nodes: number;
  readonly buffers: number;
  /** Columns of views, each of which has as many buffers more as the batch says. */
  readonly views: number;
}

export function columnsOf(schema: Schema): ArrowColumn[] {
  return schema.fields.map((field) => ({ name: field.name, ...typeOf(field.type as DataType), shape: shapeOf(field.type as DataType) }));
}

interface Typed {
  readonly type: string;
  readonly layout: Layout;
}

const integers: Readonly<Record<number, string>> = { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' };
const timestamps: readonly string[] = ['TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP', 'TIMESTAMP_NS'];

/** The layout of a column of this type, by which its values are read. */
export function typeOf(type: DataType): Typed {
  if (DataType.isNull(type)) return { type: '"NULL"', layout: { kind: 'null' } };
  if (DataType.isBool(type)) return { type: 'BOOLEAN', layout: { kind: 'bits' } };
  if (DataType.isInt(type)) return { type: `${type.isSigned ? '' : 'U'}${integers[type.bitWidth]}`, layout: { kind: 'integer', bytes: type.bitWidth / 8, signed: type.isSigned } };
  if (DataType.isFloat(type)) return { type: type.precision === Precision.DOUBLE ? 'DOUBLE' : 'FLOAT', layout: { kind: 'float', bytes: 2 << type.precision } };
  if (DataType.isTimestamp(type)) return { type: timestamps[type.unit]!, layout: { kind: 'time', unitsPerSecond: [1, 1e3, 1e6, 1e9][type.unit]! } };
  if (DataType.isDate(type)) return { type: 'DATE', layout: { kind: type.unit === DateUnit.DAY ? 'days' : 'dayMillis' } };
  if (DataType.isUtf8(type) || DataType.isBinary(type)) return { type: DataType.isUtf8(type) ? 'VARCHAR' : 'BLOB', layout: { kind: 'offsets', bytes: 4 } };
  if (DataType.isLargeUtf8(type) || DataType.isLargeBinary(type)) return { type: DataType.isLargeUtf8(type) ? 'VARCHAR' : 'BLOB', layout: { kind: 'offsets', bytes: 8 } };
  if (DataType.isUtf8View(type) || DataType.isBinaryView(type)) return { type: DataType.isUtf8View(type) ? 'VARCHAR' : 'BLOB', layout: { kind: 'views' } };
  if (DataType.isFixedSizeBinary(type)) return { type: 'BLOB', layout: { kind: 'fixed', bytes: type.byteWidth } };
  if (DataType.isDecimal(type) && type.precision <= 38 && type.scale >= 0 && type.scale <= type.precision) {
    return { type: `DECIMAL(${type.precision},${type.scale})`, layout: { kind: 'decimal', bytes: type.bitWidth / 8, scale: type.scale } };
  }
  if (DataType.isDictionary(type)) return dictionaryType(type);
  return { type: String(type), layout: { kind: 'unread' } };
}

function dictionaryType(type: Dictionary): Typed {
  const of = typeOf(type.dictionary as DataType);
  const { bitWidth, isSigned } = type.indices;
  if (of.type !== 'VARCHAR' && of.type !== 'BLOB') return { type: String(type), layout: { kind: 'unread' } };
  return { type: of.type, layout: { kind: 'codes', bytes: bitWidth / 8, signed: isSigned, dictionary: type.id, of: of.layout } };
}

function shapeOf(type: DataType): Shape {
  const children = (type.children ?? []).map((child: Field) => shapeOf(child.type as DataType));
  const own = DataType.isNull(type) ? 0
    : DataType.isStruct(type) || DataType.isFixedSizeList(type) ? 1
    : DataType.isUnion(type) ? (DataType.isDenseUnion(type) ? 2 : 1)
    : DataType.isUtf8(type) || DataType.isBinary(type) || DataType.isLargeUtf8(type) || DataType.isLargeBinary(type) ? 3 : 2;
  return {
    nodes: 1 + sum(children, 'nodes'), buffers: own + sum(children, 'buffers'),
    views: (DataType.isUtf8View(type) || DataType.isBinaryView(type) ? 1 : 0) + sum(children, 'views'),
  };
}

const sum = (shapes: readonly Shape[], key: keyof Shape): number => shapes.reduce((total, shape) => total + shape[key], 0);
