/** Temporal and regular joins over the rows of a query, as the numbers of a draw say. */
import { keyedTable, tableFields, type Query, type RegularType } from './query.js';
import type { Builder, OperatorDraw } from './random-pipelines.js';

const renamedFrom = (right: Query, depth: number) => {
  const renamed = right.fields.map(({ name }) => `r${depth}_${name}`);
  return { renamed, fields: right.fields.map((field, index) => ({ ...field, name: renamed[index]! })) };
};

/** The newest row of each key. */
function newest(input: Query, key: string): Query {
  return { kind: 'rank', input, partition: [key], by: 'event_time', descending: true, from: 1, to: 1, numbered: null, carried: null, fields: input.fields, rowtime: input.rowtime, view: true };
}

/** Versions are those of a table with a key, or of a view that keeps the newest rows. Null: the left has no such key. */
export function temporalOver(builder: Builder, draw: OperatorDraw, left: Query, depth: number): Query | null {
  const { keyed = false, steady = false } = builder.options;
  const isDeclared = draw.offset % 2 === 0 || steady;
  const key = draw.keys % 3 === 0 && !isDeclared && !keyed ? 'note' : 'symbol';
  if (!left.fields.some(({ name, kind }) => name === key && kind === 'STRING')) return null;
  const declared: Query = { kind: 'table', table: keyedTable, fields: tableFields, rowtime: 'event_time', view: false };
  const right = isDeclared ? declared : newest(builder.base(draw.size % 2, draw.condition % 4 === 0 ? draw.condition : null), key);
  const { renamed, fields } = renamedFrom(right, depth);
  return { kind: 'temporal', inputs: [left, right], type: draw.view ? 'inner' : 'left', key, renamed, fields: [...left.fields, ...fields], rowtime: left.rowtime, view: draw.condition % 2 === 0 };
}

const types: readonly RegularType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti'];

/** With the rows of a table, with groups of them, or with the newest of a key. */
export function regularOver(builder: Builder, draw: OperatorDraw, left: Query, depth: number): Query {
  const shared = ['symbol', 'note', 'flag', 'qty'].filter((key) => left.fields.some(({ name, kind }) => name === key && tableFields.some((field) => field.name === key && field.kind === kind)));
  const asked = builder.keysOf(draw, left.fields).filter((key) => shared.includes(key));
  const keys = asked.length > 0 ? asked : shared.slice(0, 1);
  // Without a key every row would meet every other.
  if (keys.length === 0) return builder.group(draw, left, [], depth);
  const base = builder.base(draw.size % 2, draw.condition % 3 === 0 ? draw.condition : null);
  const right = ([base, base, builder.group(draw, base, keys, depth), newest(base, keys[0]!)] as const)[draw.offset % 4]!;
  const drawn = types[draw.condition % 6]!;
  // NULL in the key of a row without partner belongs to no lane.
  const padsLeft = builder.options.keyed !== true;
  const type = !padsLeft && drawn === 'right' ? 'inner' : !padsLeft && drawn === 'full' ? 'left' : drawn;
  const less = draw.size % 3 === 0 && [left, right].every(({ fields }) => fields.some(({ name, kind }) => name === 'qty' && kind === 'INT')) ? 'qty' : null;
  const { renamed, fields } = renamedFrom(right, depth);
  return { kind: 'regular', inputs: [left, right], type, keys, less, renamed, fields: [...left.fields, ...(type === 'semi' || type === 'anti' ? [] : fields)], rowtime: '', view: draw.view };
}
