/** Queries in TypeScript: each step gives another query, with its columns' types known; together they are a text of SQL. */
import type { DeclaredType } from '../functions/declared-types.js';
import type { ProcessDeclaration } from '../functions/process-function.js';
import { processRowtime } from '../functions/process-function.js';
import type { FunctionDeclaration } from '../functions/user-functions.js';
import { nameText } from '../flink/reserved-words.js';
import { indented, plain, selectText } from './parts.js';
import type { Parts } from './parts.js';
import { checkColumns, columnText, rowOf } from './rows.js';
import type { Table } from './table.js';
import type { Both, BooleanType, ColumnTypes, ColumnsOf, Fills, Merged, NameOf, Row, Scope, Values, WindowColumns } from './types.js';
import { Value, strength, written } from './value.js';
import type { Typed, Writing } from './value.js';
import { intervalText, millisOf } from './windows.js';
import type { Duration, Window } from './windows.js';
import { wrong } from './wrong.js';

/** What is written into a table. */
export interface Insert {
  readonly kind: 'insert';
  readonly sql: string;
  readonly sink: Table<ColumnTypes> | null;
  readonly tables: readonly Table<ColumnTypes>[];
  readonly functions: readonly FunctionDeclaration[];
}

type JoinOptions<L extends ColumnTypes, R extends ColumnTypes> = {
  /** `inner` unless said otherwise. */
  readonly type?: 'inner' | 'left' | 'right' | 'full';
  /** With a bound between their event times rows need not be kept for ever. */
  readonly on: (left: Row<L>, right: Row<R>) => Typed<BooleanType, 'row'>;
  /** The version of the right table that was valid at this time of the left one. */
  readonly asOf?: NameOf<L>;
};

const windowNames = ['window_start', 'window_end', 'window_time'];
const overName = 'w';
const inRow: Writing = { over: null };
/** Where aggregates of OVER may stand. */
const inOver: Writing = { over: overName };

export class Query<C extends ColumnTypes> {
  /** For the compiler alone. */
  declare readonly columns: C;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Names of the columns, in order. */
  get names(): readonly string[] {
    return this.#parts.names;
  }

  /** The SELECT. */
  get sql(): string {
    return selectText(this.#parts);
  }

  /** Rows for which the condition holds. */
  where(condition: (row: Row<C>) => Typed<BooleanType, 'row'>): Query<C> {
    const parts = this.#open();
    const value = condition(this.#row());
    return new Query({ ...parts, where: [...parts.where, conditionText(value)], functions: [...parts.functions, ...value.functions] });
  }

  /** Columns by name, or computed: `select('symbol')`, `select((row) => ({ notional: row.price.times(row.volume) }))`. */
  select<Name extends NameOf<C>>(...names: readonly [Name, ...Name[]]): Query<Pick<C, Name>>;
  select<V extends Values<'row'>>(values: (row: Row<C>) => V): Query<ColumnsOf<V>>;
  select(first: string | ((row: Row<C>) => Values), ...names: readonly string[]): unknown {
    const values = typeof first === 'function' ? first(this.#row()) : this.#picked([first, ...names]);
    return this.#selected(values, [], null);
  }

  /** Every column, and more. */
  with<V extends Values<'row'>>(values: (row: Row<C>) => V): Query<Both<C, ColumnsOf<V>>> {
    const row = this.#row();
    return this.#selected({ ...this.#picked(this.names), ...values(row) }, [], null) as unknown as Query<Both<C, ColumnsOf<V>>>;
  }

  /** Each row once for each of its windows, with window_start, window_end and window_time; `on` names the event time. */
  window(window: Window, on: NameOf<C> | null = null): Query<Both<C, WindowColumns>> {
    const time = this.#time(on, window.name);
    if (this.names.some((name) => windowNames.includes(name))) return this.#withoutWindow(time).window(window) as unknown as Query<Both<C, WindowColumns>>;
    checkColumns(window.by, this.names, 'the query');
    const by = window.by.length === 0 ? '' : ` PARTITION BY ${window.by.map(nameText).join(', ')}`;
    const from = `TABLE(${window.name}(${this.#asTable()}${by}, DESCRIPTOR(${nameText(time)}), ${window.lengths.join(', ')}))`;
    return new Query({ ...this.#over(from), names: [...this.names, ...windowNames], rowtime: 'window_time', isWindowed: true });
  }

  /** Rows of a window that are to be in another: their own window's columns go, but for the time, which is event_time then. */
  #withoutWindow(time: string): Query<ColumnTypes> {
    const kept = this.names.filter((name) => !windowNames.includes(name));
    const renamed = !windowNames.includes(time) ? {} : { [kept.includes('event_time') ? 'event_time_1' : 'event_time']: this.#picked([time])[time]! };
    return this.#selected({ ...this.#picked(kept), ...renamed }, [], null);
  }

  /** Rows with equal values in these columns together: of each window where rows have one, else for ever, updated. */
  groupBy<Name extends NameOf<C>>(...keys: readonly Name[]): Grouped<C, Name> {
    checkColumns(keys, this.names, 'the query');
    return new Grouped((values) => this.#grouped(keys, values));
  }

  /**
   * Every column, and aggregates over the rows before each and itself: within `range` of event time, the last `rows`, or
   * all of them.
   */
  over<V extends Values>(
    frame: { readonly by?: readonly NameOf<C>[]; readonly on?: NameOf<C>; readonly range?: Duration; readonly rows?: number }, values: (row: Row<C>) => V,
  ): Query<Both<C, ColumnsOf<V>>> {
    const { by = [], on = null, range, rows } = frame;
    checkColumns(by, this.names, 'the query');
    if (range !== undefined && rows !== undefined) throw wrong('over(…) has a range and rows: a frame is one of them');
    const partition = by.length === 0 ? '' : `PARTITION BY ${by.map(nameText).join(', ')} `;
    const preceding = range !== undefined ? ` RANGE BETWEEN ${intervalText(millisOf(range, 0))} PRECEDING AND CURRENT ROW`
      : rows !== undefined ? ` ROWS BETWEEN ${wholeRows(rows)} PRECEDING AND CURRENT ROW` : '';
    const over = `WINDOW ${overName} AS (${partition}ORDER BY ${nameText(this.#time(on, 'OVER'))}${preceding})`;
    const row = this.#row();
    return this.#selected({ ...this.#picked(this.names), ...values(row) }, [], over) as unknown as Query<Both<C, ColumnsOf<V>>>;
  }

  /**
   * The first `rows` rows of those with equal values in `by`, in this order ('-price': the greatest first); updated as
   * others come before them. With window_start and window_end in `by`, once and for all when the window fires.
   */
  top(rows: number, { by, order }: { readonly by: readonly NameOf<C>[]; readonly order: readonly [NameOf<C> | `-${NameOf<C>}`, ...(NameOf<C> | `-${NameOf<C>}`)[]] }): Query<C> {
    if (!Number.isSafeInteger(rows) || rows < 1) throw wrong(`top(${rows}, …) is how many rows: a whole number from 1`);
    const keys = order.map((key) => ({ name: key.replace(/^-/, ''), descending: key.startsWith('-') }));
    checkColumns([...by, ...keys.map(({ name }) => name)], this.names, 'the query');
    const partition = by.length === 0 ? '' : `PARTITION BY ${by.map(nameText).join(', ')} `;
    const ordered = keys.map(({ name, descending }) => `${nameText(name)}${descending ? ' DESC' : ''}`).join(', ');
    const number = new Value<'BIGINT NOT NULL', 'row'>(() => ({ text: `ROW_NUMBER() OVER (${partition}ORDER BY ${ordered})`, binds: strength.atom }));
    const numbered = this.#selected({ ...this.#picked(this.names), row_num: number }, [], null);
    return numbered.where((row) => (row as Row<{ row_num: 'BIGINT NOT NULL' }>).row_num.le(rows)).#selected(this.#picked(this.names), [], null) as unknown as Query<C>;
  }

  /** The rows of both; columns go by name. */
  unionAll<D extends ColumnTypes>(other: Query<D> & Fills<D, C>): Query<Merged<C, D>> {
    const strange = other.names.find((name) => !this.names.includes(name)) ?? this.names.find((name) => !other.names.includes(name));
    if (strange !== undefined) throw wrong(`unionAll joins queries of other columns: '${strange}' is in one of them only`);
    const [mine, theirs] = [this.#parts, (other as unknown as Query<D>).#parts];
    const branch = (query: Query<ColumnTypes>): string => query.#selected(query.#picked(this.names), [], null).sql;
    const left = mine.whole ?? branch(this as unknown as Query<ColumnTypes>);
    const whole = `${left}\nUNION ALL\n${branch(other as unknown as Query<ColumnTypes>)}`;
    const rowtime = mine.rowtime === theirs.rowtime ? mine.rowtime : null;
    return new Query({ ...plain('', this.names), whole, rowtime, tables: [...mine.tables, ...theirs.tables], functions: [...mine.functions, ...theirs.functions] });
  }

  /** Rows of both for which the condition holds, as the columns of `select`. */
  join<R extends ColumnTypes, V extends Values<'row'>>(right: Query<R>, { type = 'inner', on, asOf }: JoinOptions<C, R>, select: (left: Row<C>, right: Row<R>) => V): Query<ColumnsOf<V>> {
    if (asOf !== undefined) checkColumns([asOf], this.names, 'the left side');
    const rows = [rowOf<C, 'row'>(this.names, 'l', 'the left side'), rowOf<R, 'row'>(right.names, 'r', 'the right side')] as const;
    const condition = on(...rows);
    const version = asOf === undefined ? '' : ` FOR SYSTEM_TIME AS OF ${columnText(asOf, 'l')}`;
    const from = `${this.#asSource()} AS l\n${type === 'inner' ? '' : `${type.toUpperCase()} `}JOIN ${right.#asSource()}${version} AS r ON ${conditionText(condition)}`;
    const [mine, theirs] = [this.#parts, right.#parts];
    const joined = new Query<C>({ ...this.#over(from), isWindowed: false, tables: [...mine.tables, ...theirs.tables], functions: [...mine.functions, ...theirs.functions, ...condition.functions] });
    const values = select(...rows);
    const times = [columnText(mine.rowtime ?? '', 'l'), columnText(theirs.rowtime ?? '', 'r')];
    const rowtime = Object.entries(values).find(([, value]) => times.includes(value.write(inRow).text))?.[0] ?? null;
    return joined.#selected(values, [], null, rowtime) as unknown as Query<ColumnsOf<V>>;
  }

  /** What an operator of yours puts out, key by key; `on` names the event time. */
  process<I extends ColumnTypes, O extends ColumnTypes, State, Key extends NameOf<C> = never>(
    declaration: ProcessDeclaration<I, O, State>, { keys, on = null }: { readonly keys: readonly Key[]; readonly on?: NameOf<C> | null } & Fills<C, I>,
  ): Query<Both<Both<Pick<C, Key>, O>, { readonly rowtime: 'TIMESTAMP(3) NOT NULL' }>> {
    checkColumns([...keys, ...Object.keys(declaration.input)], this.names, 'the query');
    const by = keys.length === 0 ? '' : ` PARTITION BY ${keys.map(nameText).join(', ')}`;
    const from = `${nameText(declaration.name)}(input => ${this.#asTable()}${by}, on_time => DESCRIPTOR(${nameText(this.#time(on, declaration.name))}))`;
    const names = [...keys, ...Object.keys(declaration.output), processRowtime];
    const functions = [...this.#parts.functions, declaration as unknown as FunctionDeclaration];
    return new Query({ ...this.#over(from), names, rowtime: processRowtime, isWindowed: false, functions });
  }

  /** Writes the rows into a table: its columns by name, others are left out. */
  insertInto<S extends ColumnTypes>(sink: Table<S> & Fills<C, S>): Insert {
    const table = sink as unknown as Table<ColumnTypes>;
    checkColumns(table.written, this.names, `the query for ${table.name}`);
    const same = table.written.length === this.names.length && table.written.every((name, index) => name === this.names[index]);
    const { sql } = same ? this : this.#selected(this.#picked(table.written), [], null);
    const { tables, functions } = this.#parts;
    return { kind: 'insert', sql: `INSERT INTO ${nameText(table.name)}\n${sql}`, sink: table, tables, functions };
  }

  /** As a statement of its own: an output named query_1, query_2 and so on. */
  output(): Insert {
    const { tables, functions } = this.#parts;
    return { kind: 'insert', sql: this.sql, sink: null, tables, functions };
  }

  #row<S extends Scope = 'row'>(): Row<C, S> {
    return rowOf<C, S>(this.names, null, 'the query');
  }

  #picked(names: readonly string[]): Values<'row'> {
    checkColumns(names, this.names, 'the query');
    return Object.fromEntries(names.map((name) => [name, new Value<DeclaredType, 'row'>(() => ({ text: nameText(name), binds: strength.atom }))]));
  }

  #time(on: string | null, what: string): string {
    const time = on ?? this.#parts.rowtime;
    if (time === null) throw wrong(`${what} needs event time, and the query has none any more: keep its column, or name it`);
    checkColumns([time], this.names, 'the query');
    return time;
  }

  /** Parts that a condition can be added to: nothing is selected or grouped yet. */
  #open(): Parts {
    const { items, group, over, whole } = this.#parts;
    return items === null && group.length === 0 && over === null && whole === null ? this.#parts : this.#over(this.#asSource());
  }

  /** All columns of `from`, which is made of this query. */
  #over(from: string): Parts {
    const { names, rowtime, isWindowed, tables, functions } = this.#parts;
    return { ...plain(from, names), rowtime, isWindowed, tables, functions };
  }

  /** The name of an untouched table, or the query in parentheses. */
  #asSource(): string {
    const { from, where, items, group, over, whole } = this.#parts;
    const untouched = items === null && where.length === 0 && group.length === 0 && over === null && whole === null;
    return untouched ? from : `(\n${indented(this.sql)}\n)`;
  }

  #asTable(): string {
    const source = this.#asSource();
    return source.startsWith('(') ? source : /^[\w`]+$/.test(source) ? `TABLE ${source}` : `(\n${indented(this.sql)}\n)`;
  }

  #selected(values: Values, group: readonly string[], over: string | null, rowtime?: string | null): Query<ColumnTypes> {
    const names = Object.keys(values);
    if (names.length === 0) throw wrong('a select without columns: name one at least');
    const writing = over === null ? inRow : inOver;
    const texts = Object.entries(values).map(([name, value]) => [name, written(value, writing).text] as const);
    const given = this.#parts.items;
    const passed = rowtime === undefined ? this.#passedOn(texts) : rowtime;
    const from = texts.map(([, text]) => this.names.find((name) => nameText(name) === text));
    if (given !== null && group.length === 0 && over === null && !from.includes(undefined)) {
      // Columns as they are: the SELECT below is the same one with fewer.
      return new Query({ ...this.#parts, items: new Map(names.map((name, index) => [name, given.get(from[index]!)!])), names, rowtime: passed });
    }
    const parts = this.#open();
    const items = new Map(texts);
    const functions = [...parts.functions, ...Object.values(values).flatMap((value) => value.functions)];
    return new Query({ ...parts, items, group, over, names, rowtime: passed, functions });
  }

  /** The name by which the event time goes on, if it does. */
  #passedOn(texts: readonly (readonly [name: string, text: string])[]): string | null {
    const { rowtime } = this.#parts;
    return rowtime === null ? null : (texts.find(([, text]) => text === nameText(rowtime))?.[0] ?? null);
  }

  #grouped<V extends Values<'group'>>(keys: readonly string[], values: (row: Row<C>, key: Row<C, 'group'>) => V): Query<ColumnTypes> {
    const windows = this.#parts.isWindowed ? windowNames.filter((name) => this.names.includes(name)) : [];
    const by = [...keys.filter((key) => !windows.includes(key)), ...windows];
    const computed = values(this.#row(), this.#row<'group'>());
    const twice = Object.keys(computed).find((name) => by.includes(name));
    if (twice !== undefined) throw wrong(`an aggregate is named '${twice}' as a key is: rename it`);
    return this.#selected({ ...this.#picked(by), ...computed }, by.map(nameText), null);
  }
}

/** Rows that are grouped and not aggregated yet. */
export class Grouped<C extends ColumnTypes, Key extends NameOf<C>> {
  readonly #aggregate: (values: (row: Row<C>, key: Row<C, 'group'>) => Values<'group'>) => Query<ColumnTypes>;

  constructor(aggregate: (values: (row: Row<C>, key: Row<C, 'group'>) => Values<'group'>) => Query<ColumnTypes>) {
    this.#aggregate = aggregate;
  }

  /** One row a group: the keys, the window's columns where rows have a window, and aggregates by name. `key` gives the keys. */
  aggregate<V extends Values<'group'>>(
    values: (row: Row<C>, key: Row<Pick<C, Key>, 'group'>) => V,
  ): Query<Both<Pick<C, Key | Extract<keyof C, keyof WindowColumns>>, ColumnsOf<V>>> {
    return this.#aggregate(values as never) as unknown as Query<Both<Pick<C, Key | Extract<keyof C, keyof WindowColumns>>, ColumnsOf<V>>>;
  }
}

function conditionText(value: Typed<DeclaredType, Scope>): string {
  const { text, binds } = written(value, inRow);
  return binds <= strength.or ? `(${text})` : text;
}

function wholeRows(rows: number): number {
  if (Number.isSafeInteger(rows) && rows >= 0) return rows;
  throw wrong(`over(…) has rows: ${rows}; it is how many rows before the current one count: a whole number from 0`);
}
