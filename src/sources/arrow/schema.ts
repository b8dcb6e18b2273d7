/** The columns of an Arrow schema: how each lies in a record batch's buffers, and which of DuckDB's types it is like. */
import type { FlatTable } from './flatbuffer.js';

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
  | { readonly kind: 'codes'; readonly bytes: number; readonly signed: boolean; readonly dictionary: number }
  | { readonly kind: 'unread' };

/** What a column takes up of a record batch: field nodes and buffers, its children's among them. */
export interface Shape {
  readonly nodes: number;
  readonly buffers: number;
  /** Columns of views, each of which has as many buffers more as the batch says. */
  readonly views: number;
}

export interface ArrowColumn {
  readonly name: string;
  /** As DuckDB's DESCRIBE would say it; Arrow's own name for what it has no like of. */
  readonly type: string;
  readonly layout: Layout;
  readonly shape: Shape;
}

/** More columns, nested ones among them, are damage that leads in a circle. */
const columnsMax = 20_000;

/** What a schema holds, as it is being read. */
export interface Reading {
  readonly dictionaries: Map<number, ArrowColumn>;
  columns: number;
}

/** Also enters the column's dictionary, or its children's, among those of `reading`. Throws an Error for damage. */
export function columnOf(field: FlatTable, reading: Reading): ArrowColumn {
  reading.columns += 1;
  if (reading.columns > columnsMax) throw new RangeError('its columns are nested without end');
  const name = field.text(0);
  const children = field.tables(5).map((child) => columnOf(child, reading));
  const code = field.byte(2, 0);
  const kind = kinds[code];
  if (kind === undefined) throw new Error(`column ${name} is of a type that is not known (Arrow's number ${code})`);
  const { shape, ...typed } = kind(field.table(3), children.map((child) => child.shape));
  const encoding = field.table(4);
  if (encoding === null) return { name, ...typed, shape };
  const id = encoding.long(0), index = encoding.table(1);
  reading.dictionaries.set(id, { name, ...typed, shape });
  const codes: Layout = { kind: 'codes', bytes: integerBytes(index), signed: index === null || index.byte(1, 0) !== 0, dictionary: id };
  const isText = typed.type === 'VARCHAR' || typed.type === 'BLOB';
  return { name, type: isText ? typed.type : `Dictionary<${typed.type}>`, layout: isText ? codes : { kind: 'unread' }, shape: shapeOf(2) };
}

interface Kind {
  readonly type: string;
  readonly layout: Layout;
  readonly shape: Shape;
}

function shapeOf(buffers: number, children: readonly Shape[] = [], views = 0): Shape {
  const sum = (key: keyof Shape): number => children.reduce((total, shape) => total + shape[key], 0);
  return { nodes: 1 + sum('nodes'), buffers: buffers + sum('buffers'), views: views + sum('views') };
}

const kindOf = (type: string, layout: Layout, buffers = 2): Kind => ({ type, layout, shape: shapeOf(buffers) });
const nested = (type: string, buffers: number) => (_: FlatTable | null, children: readonly Shape[]): Kind => ({ type, layout: { kind: 'unread' }, shape: shapeOf(buffers, children) });
const plain = (kind: Kind) => (): Kind => kind;
const views = (type: string): Kind => ({ type, layout: { kind: 'views' }, shape: shapeOf(2, [], 1) });

const timestamps = [['TIMESTAMP_S', 1], ['TIMESTAMP_MS', 1e3], ['TIMESTAMP', 1e6], ['TIMESTAMP_NS', 1e9]] as const;
const integers: Readonly<Record<number, string>> = { 1: 'TINYINT', 2: 'SMALLINT', 4: 'INTEGER', 8: 'BIGINT' };

/** Bytes of an integer type; four where nothing is said. */
function integerBytes(type: FlatTable | null): number {
  const bytes = type === null ? 4 : type.int(0, 0) / 8;
  if (integers[bytes] === undefined) throw new RangeError(`integers of ${bytes * 8} bits are none of Arrow's`);
  return bytes;
}

/** By Arrow's number of a type. What they are given is the type's own table. */
const kinds: Readonly<Record<number, (type: FlatTable | null, children: readonly Shape[]) => Kind>> = {
  1: plain(kindOf('"NULL"', { kind: 'null' }, 0)),
  2: (type) => {
    const bytes = integerBytes(type), signed = type !== null && type.byte(1, 0) !== 0;
    return kindOf(`${signed ? '' : 'U'}${integers[bytes]}`, { kind: 'integer', bytes, signed });
  },
  3: (type) => {
    const precision = type?.short(0, 0) ?? 0;
    return kindOf(precision === 2 ? 'DOUBLE' : 'FLOAT', { kind: 'float', bytes: precision === 2 ? 8 : precision === 1 ? 4 : 2 });
  },
  4: plain(kindOf('BLOB', { kind: 'offsets', bytes: 4 }, 3)),
  5: plain(kindOf('VARCHAR', { kind: 'offsets', bytes: 4 }, 3)),
  6: plain(kindOf('BOOLEAN', { kind: 'bits' })),
  7: decimalKind,
  8: (type) => kindOf('DATE', { kind: (type?.short(0, 1) ?? 1) === 0 ? 'days' : 'dayMillis' }),
  9: nested('Time', 2),
  10: (type) => {
    const [name, unitsPerSecond] = timestamps[type?.short(0, 0) ?? 0] ?? timestamps[0];
    return kindOf(name, { kind: 'time', unitsPerSecond });
  },
  11: nested('Interval', 2),
  12: nested('List', 2),
  13: nested('Struct', 1),
  14: (type, children) => nested('Union', (type?.short(0, 0) ?? 0) === 1 ? 2 : 1)(type, children),
  15: (type) => kindOf('BLOB', { kind: 'fixed', bytes: Math.max(0, type?.int(0, 0) ?? 0) }),
  16: nested('FixedSizeList', 1),
  17: nested('Map', 2),
  18: nested('Duration', 2),
  19: plain(kindOf('BLOB', { kind: 'offsets', bytes: 8 }, 3)),
  20: plain(kindOf('VARCHAR', { kind: 'offsets', bytes: 8 }, 3)),
  21: nested('LargeList', 2),
  22: nested('RunEndEncoded', 0),
  23: plain(views('BLOB')),
  24: plain(views('VARCHAR')),
  25: nested('ListView', 3),
  26: nested('LargeListView', 3),
};

function decimalKind(type: FlatTable | null): Kind {
  const precision = type?.int(0, 0) ?? 0, scale = type?.int(1, 0) ?? 0, bits = type?.int(2, 128) ?? 128;
  const isRead = precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision && [32, 64, 128, 256].includes(bits);
  return kindOf(`DECIMAL(${precision},${scale})`, isRead ? { kind: 'decimal', bytes: bits / 8, scale } : { kind: 'unread' });
}
