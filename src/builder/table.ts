/** Tables in TypeScript: declared once, read as a query, written as a sink. */
import { literalText, nameText } from '../flink/reserved-words.js';
import { declaredType } from '../functions/declared-types.js';
import { plain } from './parts.js';
import { Query } from './query.js';
import { checkColumns, rowOf } from './rows.js';
import type { Both, ColumnTypes, ColumnsOf, NameOf, Row, Values } from './types.js';
import { intervalText, millisOf } from './windows.js';
import type { Duration } from './windows.js';
import { wrong } from './wrong.js';

export interface TableDeclaration<C extends ColumnTypes, V extends Values<'row'>> {
  readonly name: string;
  /** Columns of the data, in order, by their SQL types. */
  readonly columns: C;
  /** Columns computed from them. */
  readonly computed?: (row: Row<C>) => V;
  /** The column of event time, and how far rows may be behind the greatest one so far. */
  readonly watermark?: { readonly column: NoInfer<NameOf<C> | NameOf<ColumnsOf<V>>>; readonly delay: Duration | 0 };
  readonly primaryKey?: readonly NoInfer<NameOf<C>>[];
  /** As in WITH: used live and by Flink; a replay binds the table to data. */
  readonly options?: Readonly<Record<string, string>>;
}

/** A declared table: a query of all its rows, and what others are inserted into. */
export class Table<C extends ColumnTypes> extends Query<C> {
  constructor(readonly name: string, names: readonly string[], rowtime: string | null,
    /** Columns that an insert fills: computed ones are not written. */
    readonly written: readonly string[],
    /** CREATE TABLE. */
    readonly declaration: string) {
    const tables: Table<ColumnTypes>[] = [];
    super({ ...plain(nameText(name), names), rowtime, tables });
    tables.push(this as unknown as Table<ColumnTypes>);
  }
}

/** @throws SQL_INVALID, FUNCTION_INVALID for types that are none. */
export function table<const C extends ColumnTypes, V extends Values<'row'> = Readonly<Record<never, never>>>(declaration: TableDeclaration<C, V>): Table<Both<C, ColumnsOf<V>>> {
  const { name, columns, watermark, primaryKey = [], options = {} } = declaration;
  if (typeof name !== 'string' || name === '') throw wrong(`a table has the name ${JSON.stringify(name)}: give it one`);
  const physical = Object.keys(columns);
  if (physical.length === 0) throw wrong(`table ${name} has no columns`);
  for (const [column, type] of Object.entries(columns)) declaredType(type, `column ${column} of table ${name}`);
  const computed: Values<'row'> = declaration.computed?.(rowOf<C, 'row'>(physical, null, `table ${name}`)) ?? {};
  const names = [...physical, ...Object.keys(computed)];
  checkColumns([...primaryKey, ...(watermark === undefined ? [] : [watermark.column])], names, `table ${name}`);
  const lines = [
    ...Object.entries(columns).map(([column, type]) => `${nameText(column)} ${type}`),
    ...Object.entries(computed).map(([column, value]) => `${nameText(column)} AS ${value.write({ over: null }).text}`),
  ];
  if (watermark !== undefined) {
    const column = nameText(watermark.column);
    const delay = watermark.delay === 0 ? 0 : millisOf(watermark.delay, 0);
    lines.push(`WATERMARK FOR ${column} AS ${column}${delay === 0 ? '' : ` - ${intervalText(delay)}`}`);
  }
  if (primaryKey.length > 0) lines.push(`PRIMARY KEY (${primaryKey.map(nameText).join(', ')}) NOT ENFORCED`);
  const given = Object.entries(options).map(([key, value]) => `  ${literalText(key)} = ${literalText(value)}`);
  const end = given.length === 0 ? '' : ` WITH (\n${given.join(',\n')}\n)`;
  return new Table(name, names, watermark?.column ?? null, physical, `CREATE TABLE ${nameText(name)} (\n${lines.map((line) => `  ${line}`).join(',\n')}\n)${end}`);
}
