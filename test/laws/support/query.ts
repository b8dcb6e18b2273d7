/** Pipelines as data: what the generator draws, what becomes Flink SQL, and what the oracle computes. */
import { typeText, type Cell, type Field } from './cells.js';
import { windowRules } from './user-code.js';

export type AlignedWindow =
  | { readonly kind: 'tumble'; readonly size: number; readonly offset: number }
  | { readonly kind: 'hop'; readonly size: number; readonly slide: number; readonly offset: number }
  | { readonly kind: 'cumulate'; readonly size: number; readonly step: number; readonly offset: number };

export interface Session {
  readonly kind: 'session';
  readonly gap: number;
}

export type Window = AlignedWindow | Session;

export type AggregateName =
  'COUNT' | 'SUM' | 'AVG' | 'MIN' | 'MAX' | 'STDDEV_POP' | 'STDDEV_SAMP' | 'VAR_POP' | 'VAR_SAMP' | 'FIRST_VALUE' | 'LAST_VALUE' | 'LAG'
  /** The user's. */
  | 'LAW_MIX';

/** A computed value of one row: its SQL over the columns of a table, and the same in JavaScript. */
export interface Scalar {
  readonly sql: string;
  /** Columns that it reads. */
  readonly reads: readonly string[];
  readonly field: Field;
  /** Throws `Refused` where the SQL fails. `now` is what CURRENT_TIMESTAMP gives. */
  readonly value: (at: (name: string) => Cell, now: number) => Cell;
}

export interface Condition {
  readonly sql: string;
  readonly reads: readonly string[];
  /** True, false or unknown. */
  readonly value: (at: (name: string) => Cell) => boolean | null;
}

export class Refused extends Error {}

export interface Aggregate {
  readonly name: AggregateName;
  readonly distinct: boolean;
  /** Null for COUNT(*). */
  readonly argument: Scalar | null;
  readonly filter: Condition | null;
  /** LAG only. */
  readonly offset: number;
  readonly result: Field;
}

/** A variable of a pattern, and when a row is one; null: always. */
export interface PatternVariable {
  readonly name: string;
  readonly quantifier: string;
  readonly min: number;
  readonly max: number | null;
  readonly greedy: boolean;
  readonly condition: Condition | null;
}

/** What a match says: a column of the first or last row of a variable, or the number of that variable's rows. */
export interface Measure {
  readonly take: 'first' | 'last' | 'count';
  readonly variable: number;
  readonly column: string;
}

/** Rows or milliseconds before the current row; null: all. */
export interface Frame {
  readonly unit: 'range' | 'rows';
  readonly preceding: number | null;
}

interface Node {
  /** What the rows have; `rowtime` names the event-time column, '': they have none. */
  readonly fields: readonly Field[];
  readonly rowtime: string;
  /** Written as a view, rather than as a sub-query. */
  readonly view: boolean;
}

export type Query =
  | Node & { readonly kind: 'table'; readonly table: number }
  | Node & { readonly kind: 'filter'; readonly input: Query; readonly where: Condition }
  | Node & { readonly kind: 'project'; readonly input: Query; readonly items: readonly Scalar[] }
  /** Rows once per window; `window_start`, `window_end` and `window_time` get new names. */
  | Node & {
      readonly kind: 'assign'; readonly input: Query; readonly window: Window; readonly names: readonly [string, string, string];
      /** Of sessions: by what they are told apart. */
      readonly keys: readonly string[];
    }
  | Node & {
      readonly kind: 'window'; readonly input: Query; readonly window: Window; readonly names: readonly [string, string, string];
      readonly keys: readonly string[]; readonly aggregates: readonly Aggregate[]; readonly havingMin: number | null;
      /** Written as GROUP BY TUMBLE(…). */
      readonly older: boolean;
    }
  /** Groups rows by the window that they carry: `carried` are their columns of its start, end and time. */
  | Node & {
      readonly kind: 'regroup'; readonly input: Query; readonly carried: readonly [string, string, string];
      readonly keys: readonly string[]; readonly aggregates: readonly Aggregate[]; readonly havingMin: number | null;
    }
  | Node & { readonly kind: 'over'; readonly input: Query; readonly partition: readonly string[]; readonly frame: Frame; readonly aggregates: readonly Aggregate[] }
  /** Groups that never end. */
  | Node & { readonly kind: 'group'; readonly input: Query; readonly keys: readonly string[]; readonly aggregates: readonly Aggregate[] }
  /** Rows `from` to `to` of each partition. `numbered`: the column of their numbers. `carried`: of each window, the columns of its start and end. */
  | Node & {
      readonly kind: 'rank'; readonly input: Query; readonly partition: readonly string[]; readonly by: string; readonly descending: boolean;
      readonly from: number; readonly to: number; readonly numbered: string | null; readonly carried: readonly [string, string] | null;
    }
  /** Windows or groups by several sets of `keys`: one input each, with the keys of its set. Their columns, then the number of the set (GROUPING_ID). */
  | Node & { readonly kind: 'sets'; readonly inputs: readonly Grouped[]; readonly keys: readonly string[] }
  /** MATCH_RECOGNIZE. Fields: keys, measures, the match's rowtime. Patterns are such that a row completes one match at the most. */
  | Node & {
      readonly kind: 'match'; readonly input: Query; readonly keys: readonly string[]; readonly variables: readonly PatternVariable[];
      readonly skip: 'past' | 'next' | 'first' | 'last'; readonly within: number | null; readonly measures: readonly Measure[];
    }
  /** The operator of the user's that counts rows and sets timers. Fields: keys, what it puts out, its rowtime. */
  | Node & { readonly kind: 'process'; readonly input: Query; readonly keys: readonly string[]; readonly given: Condition }
  /** A global window; `rule`: which of them. Fields: keys, its columns, its rowtime. */
  | Node & { readonly kind: 'global'; readonly input: Query; readonly keys: readonly string[]; readonly rule: number; readonly given: Condition; readonly fires: Condition }
  | Node & { readonly kind: 'union'; readonly inputs: readonly Query[] }
  /** Each row of the left with the version of the right of its key that was valid at its time. */
  | Node & {
      readonly kind: 'temporal'; readonly inputs: readonly [Query, Query]; readonly type: 'inner' | 'left'; readonly key: string;
      /** What the right's columns are called, in their order. */
      readonly renamed: readonly string[];
    }
  /** Every pair of equal keys, updated for ever; of `semi` and `anti` the left's rows for having a partner, or none. `less`: a column of the left that is less than the right's. */
  | Node & {
      readonly kind: 'regular'; readonly inputs: readonly [Query, Query]; readonly type: RegularType; readonly keys: readonly string[];
      readonly less: string | null; readonly renamed: readonly string[];
    }
  /** Rows of the left with those of the right whose event times, the right's taken away, lie within bounds; or of equal windows. */
  | Node & {
      readonly kind: 'join'; readonly inputs: readonly [Query, Query]; readonly type: 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti'; readonly keys: readonly string[];
      readonly lower: number; readonly upper: number;
      /** Columns of start and end of both sides' windows; null: bounds on time. */
      readonly windows: readonly [readonly [string, string], readonly [string, string]] | null;
      /** What the right's columns are called, in their order. */
      readonly renamed: readonly string[];
    };

export type Grouped = Extract<Query, { kind: 'window' | 'regroup' | 'group' }>;

export type RegularType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti';

export interface Statement {
  readonly query: Query;
  /** Index of the output that it writes. Statements with the same one have the same columns. */
  readonly output: number;
}

export interface Pipeline {
  /** Milliseconds by which the watermark of each table stays behind. */
  readonly delays: readonly number[];
  /** Milliseconds after which what no row touches is forgotten; null: never. */
  readonly ttl: number | null;
  readonly statements: readonly Statement[];
}

export const tableFields: readonly Field[] = [
  { name: 'symbol', kind: 'STRING' }, { name: 'price', kind: 'DOUBLE' }, { name: 'volume', kind: 'BIGINT' }, { name: 'qty', kind: 'INT' },
  { name: 'amount', kind: 'DECIMAL', precision: 12, scale: 2 }, { name: 'flag', kind: 'BOOLEAN' }, { name: 'note', kind: 'STRING' },
  { name: 'event_time', kind: 'TIMESTAMP' },
];

/** The last of them has a primary key: `symbol`. */
export const tableNames = ['ticks', 'quotes', 'versions'] as const;
export const keyedTable = 2;
export const tableName = (table: number): string => tableNames[table]!;

export const inputsOf = (query: Query): readonly Query[] => (query.kind === 'table' ? [] : 'inputs' in query ? query.inputs : [query.input]);

/** The tables that a query reads, ascending. */
export function tablesOf(query: Query): number[] {
  const own = query.kind === 'table' ? [query.table] : inputsOf(query).flatMap(tablesOf);
  return [...new Set(own)].sort((a, b) => a - b);
}

/** Whether rows of the query are taken back later: its output is a changelog. */
export function isUpdating(query: Query): boolean {
  switch (query.kind) {
    case 'group': return true;
    case 'rank': return query.carried === null && !isFirst(query);
    case 'regular': return !['inner', 'semi'].includes(query.type) || query.inputs.some(isUpdating);
    case 'filter': case 'project': case 'union': case 'sets': return inputsOf(query).some(isUpdating);
    // Only versions may change.
    default: return false;
  }
}

/** The first row of each key by event time. */
export const isFirst = (query: Extract<Query, { kind: 'rank' }>): boolean =>
  query.carried === null && query.to === 1 && query.by === query.input.rowtime && !query.descending && !isUpdating(query.input);

export function sqlOf(pipeline: Pipeline): string {
  const writer = new SqlWriter();
  const statements = pipeline.statements.map(({ query, output }) => `INSERT INTO out_${output}\n${writer.select(query)};`);
  const sinks = [...new Map(pipeline.statements.map(({ query, output }) => [output, query.fields])).entries()].sort(([a], [b]) => a - b);
  const tables = [...new Set(pipeline.statements.flatMap(({ query }) => tablesOf(query)))].sort((a, b) => a - b);
  return [
    ...(pipeline.ttl === null ? [] : [`SET 'table.exec.state.ttl' = '${pipeline.ttl} ms';`]),
    ...tables.map((table) => createTable(table, pipeline.delays[table]!)),
    ...sinks.map(([output, fields]) => `CREATE TABLE out_${output} (${columns(fields)}) WITH ('connector' = 'blackhole');`),
    ...writer.views, ...statements,
  ].join('\n');
}

const columns = (fields: readonly Field[]): string => fields.map((field) => `${field.name} ${typeText(field)}`).join(', ');

function createTable(table: number, delay: number): string {
  const mark = delay === 0 ? 'event_time' : `event_time - INTERVAL '${delay / 1000}' SECOND`;
  const key = table === keyedTable ? ', PRIMARY KEY (symbol) NOT ENFORCED' : '';
  return `CREATE TABLE ${tableName(table)} (${columns(tableFields)}${key}, WATERMARK FOR event_time AS ${mark}) WITH ('connector' = 'kafka', 'key.fields' = 'symbol');`;
}

/** All keys of grouping sets, and what GROUP BY and SELECT say of them. */
interface Sets {
  readonly keys: readonly string[];
  readonly by: string;
  readonly id: string;
}

class SqlWriter {
  readonly views: string[] = [];
  readonly #names = new Map<Query, string>();

  select(query: Query): string {
    const names = (fields: readonly { readonly name: string }[]) => fields.map(({ name }) => name).join(', ');
    switch (query.kind) {
      case 'table': return `SELECT ${names(query.fields)} FROM ${tableName(query.table)}`;
      case 'filter': return `SELECT ${names(query.fields)} FROM ${this.#from(query.input)} WHERE ${query.where.sql}`;
      case 'project': return `SELECT ${query.items.map(({ sql, field }) => `${sql} AS ${field.name}`).join(', ')} FROM ${this.#from(query.input)}`;
      case 'union': return query.inputs.map((input) => this.select(input)).join('\nUNION ALL\n');
      case 'assign': return `SELECT ${[...query.input.fields.map(({ name }) => name), ...windowItems(query.names)].join(', ')} FROM ${this.#windowed(query.input, query.window, query.keys)}`;
      case 'window': case 'regroup': case 'group': return this.#aggregated(query, null);
      case 'over': return this.#over(query);
      case 'join': return this.#join(query);
      case 'temporal': return this.#temporal(query);
      case 'regular': return this.#regular(query);
      case 'sets': return this.#sets(query);
      case 'rank': return this.#rank(query);
      case 'match': return this.#match(query);
      case 'process': return this.#called(query, 'law_steps', ['n', 'total', 'rowtime'], [asNumber(query.given)]);
      case 'global': return this.#called(query, windowRules[query.rule]!.name, ['n', 'total', 'window_start', 'window_end', 'fired_by', 'rowtime'], [asNumber(query.given), `(${query.fires.sql}) IS TRUE AS fires`]);
    }
  }

  #aggregated(query: Grouped, sets: Sets | null): string {
    const from = () => this.#from(query.input);
    if (query.kind === 'group') return this.#grouped(query, [], [], from(), sets);
    if (query.kind === 'regroup') return this.#grouped(query, query.carried, query.carried, from(), sets);
    if (query.older) return this.#older(query);
    return this.#grouped(query, ['window_start', 'window_end', 'window_time'], windowItems(query.names), this.#windowed(query.input, query.window, query.keys), sets);
  }

  #sets({ inputs, keys, fields }: Extract<Query, { kind: 'sets' }>): string {
    const by = `GROUPING SETS (${inputs.map((input) => `(${input.keys.join(', ')})`).join(', ')})`;
    return this.#aggregated(inputs[0]!, { keys, by, id: `GROUPING_ID(${keys.join(', ')}) AS ${fields.at(-1)!.name}` });
  }

  #rank({ input, partition, by, descending, from, to, numbered, carried, fields }: Extract<Query, { kind: 'rank' }>): string {
    const parts = [...(carried ?? []), ...partition];
    const over = `${parts.length === 0 ? '' : `PARTITION BY ${parts.join(', ')} `}ORDER BY ${by}${descending ? ' DESC' : ''}`;
    const items = fields.map(({ name }) => (name === numbered ? `rn AS ${name}` : name));
    const condition = from === to ? `rn = ${to}` : from === 1 ? `rn <= ${to}` : `rn BETWEEN ${from} AND ${to}`;
    return `SELECT ${items.join(', ')} FROM (SELECT *, ROW_NUMBER() OVER (${over}) AS rn FROM ${this.#from(input)}) WHERE ${condition}`;
  }

  #temporal({ inputs: [left, right], type, key, renamed }: Extract<Query, { kind: 'temporal' }>): string {
    const items = bothSides(left, right, renamed);
    return `SELECT ${items} FROM ${this.#from(left)} AS a ${type.toUpperCase()} JOIN ${this.#named(right)} FOR SYSTEM_TIME AS OF a.${left.rowtime} AS b ON a.${key} = b.${key}`;
  }

  #regular({ inputs: [left, right], type, keys, less, renamed }: Extract<Query, { kind: 'regular' }>): string {
    const on = [...keys.map((key) => `a.${key} = b.${key}`), ...(less === null ? [] : [`a.${less} < b.${less}`])].join(' AND ');
    const [one, other] = [`${this.#from(left)} AS a`, `${this.#from(right)} AS b`];
    if (type === 'semi' || type === 'anti') return `SELECT ${left.fields.map(({ name }) => name).join(', ')} FROM ${one} WHERE ${type === 'semi' ? '' : 'NOT '}EXISTS (SELECT * FROM ${other} WHERE ${on})`;
    return `SELECT ${bothSides(left, right, renamed)} FROM ${one} ${type.toUpperCase()} JOIN ${other} ON ${on}`;
  }

  #match({ input, keys, variables, skip, within, measures, fields }: Extract<Query, { kind: 'match' }>): string {
    const call = ({ take, variable, column }: Measure): string => `${take.toUpperCase()}(${variables[variable]!.name}.${column})`;
    const told = [...measures.map(call), 'MATCH_ROWTIME()'].map((text, index) => `${text} AS ${fields[keys.length + index]!.name}`);
    const to = { past: 'PAST LAST ROW', next: 'TO NEXT ROW', first: 'TO FIRST B', last: 'TO LAST B' }[skip];
    const define = variables.flatMap(({ name, condition }) => (condition === null ? [] : [`${name} AS ${condition.sql}`]));
    return `SELECT ${fields.map(({ name }) => name).join(', ')} FROM ${this.#named(input)} MATCH_RECOGNIZE (${keys.length === 0 ? '' : `PARTITION BY ${keys.join(', ')} `}ORDER BY ${input.rowtime} `
      + `MEASURES ${told.join(', ')} ONE ROW PER MATCH AFTER MATCH SKIP ${to} PATTERN (${variables.map(({ name, quantifier }) => name + quantifier).join(' ')})`
      + `${within === null ? '' : ` WITHIN ${interval(within)}`} DEFINE ${define.join(', ')})`;
  }

  /** A function of tables in the user's code, given the columns that it reads. */
  #called({ input, keys, fields }: Extract<Query, { kind: 'process' | 'global' }>, name: string, columns: readonly string[], given: readonly string[]): string {
    const read = `SELECT ${[...keys, input.rowtime, ...given].join(', ')} FROM ${this.#from(input)}`;
    const items = [...keys, ...columns.map((column, index) => `${column} AS ${fields[keys.length + index]!.name}`)];
    return `SELECT ${items.join(', ')} FROM ${name}(input => TABLE (${read})${keys.length === 0 ? '' : ` PARTITION BY ${keys.join(', ')}`}, on_time => DESCRIPTOR(${input.rowtime}))`;
  }

  #join({ inputs: [left, right], type, keys, lower, upper, windows, renamed }: Extract<Query, { kind: 'join' }>): string {
    const within = windows === null ? [`a.${left.rowtime} BETWEEN b.${right.rowtime} + ${interval(lower)} AND b.${right.rowtime} + ${interval(upper)}`]
      : [0, 1].map((bound) => `a.${windows[0][bound]} = b.${windows[1][bound]}`);
    const on = [...keys.map((key) => `a.${key} = b.${key}`), ...within];
    const [one, other] = [`${this.#from(left)} AS a`, `${this.#from(right)} AS b`];
    if (type === 'semi' || type === 'anti') return `SELECT ${left.fields.map(({ name }) => name).join(', ')} FROM ${one} WHERE ${type === 'semi' ? '' : 'NOT '}EXISTS (SELECT * FROM ${other} WHERE ${on.join(' AND ')})`;
    return `SELECT ${bothSides(left, right, renamed)} FROM ${one} ${type.toUpperCase()} JOIN ${other} ON ${on.join(' AND ')}`;
  }

  #grouped(query: Grouped, by: readonly string[], items: readonly string[], from: string, sets: Sets | null = null): string {
    const aggregates = query.aggregates.map((aggregate) => `${aggregateText(aggregate, false)} AS ${aggregate.result.name}`);
    const having = query.kind === 'group' || query.havingMin === null ? '' : ` HAVING COUNT(*) >= ${query.havingMin}`;
    const told = [...(sets?.keys ?? query.keys), ...aggregates, ...items, ...(sets === null ? [] : [sets.id])];
    const groups = [...by, ...(sets === null ? query.keys : [sets.by])];
    return `SELECT ${told.join(', ')} FROM ${from}${groups.length === 0 ? '' : ` GROUP BY ${groups.join(', ')}`}${having}`;
  }

  #older(query: Extract<Query, { kind: 'window' }>): string {
    const { window, input, names } = query;
    const lengths = window.kind === 'session' ? [window.gap] : window.kind === 'hop' ? [window.slide, window.size] : [window.size];
    const call = (suffix: string) => `${window.kind.toUpperCase()}${suffix}(${[input.rowtime, ...lengths.map(interval)].join(', ')})`;
    const items = ['_START', '_END', '_ROWTIME'].map((suffix, index) => `${call(suffix)} AS ${names[index]}`);
    return this.#grouped(query, [call('')], items, this.#from(input));
  }

  #over(query: Extract<Query, { kind: 'over' }>): string {
    const { frame, partition, aggregates, input } = query;
    const lag = aggregates.some(({ name }) => name === 'LAG');
    const preceding = frame.preceding === null ? 'UNBOUNDED' : frame.unit === 'rows' ? String(frame.preceding) : interval(frame.preceding);
    const bounds = lag ? '' : ` ${frame.unit.toUpperCase()} BETWEEN ${preceding} PRECEDING AND CURRENT ROW`;
    const by = partition.length === 0 ? '' : `PARTITION BY ${partition.join(', ')} `;
    const calls = aggregates.map((aggregate) => `${aggregateText(aggregate, true)} OVER w AS ${aggregate.result.name}`);
    return `SELECT ${[...input.fields.map(({ name }) => name), ...calls].join(', ')} FROM ${this.#from(input)} WINDOW w AS (${by}ORDER BY ${input.rowtime}${bounds})`;
  }

  #windowed(input: Query, window: Window, keys: readonly string[]): string {
    if (window.kind === 'session') {
      const by = keys.length === 0 ? '' : ` PARTITION BY ${keys.join(', ')}`;
      return `TABLE(SESSION(TABLE ${this.#named(input)}${by}, DESCRIPTOR(${input.rowtime}), ${interval(window.gap)}))`;
    }
    const sizes = window.kind === 'tumble' ? [window.size] : window.kind === 'hop' ? [window.slide, window.size] : [window.step, window.size];
    const parts = [...sizes, ...(window.offset === 0 ? [] : [window.offset])].map(interval);
    return `TABLE(${window.kind.toUpperCase()}(TABLE ${this.#named(input)}, DESCRIPTOR(${input.rowtime}), ${parts.join(', ')}))`;
  }

  #from(query: Query): string {
    if (query.kind === 'table') return tableName(query.table);
    return query.view ? this.#named(query) : `(${this.select(query)})`;
  }

  #named(query: Query): string {
    if (query.kind === 'table') return tableName(query.table);
    let name = this.#names.get(query);
    if (name === undefined) {
      const text = this.select(query);
      name = `view_${this.#names.size + 1}`;
      this.#names.set(query, name);
      this.views.push(`CREATE VIEW ${name} AS ${text};`);
    }
    return name;
  }
}

const bothSides = (left: Query, right: Query, renamed: readonly string[]): string =>
  [...left.fields.map(({ name }) => `a.${name}`), ...right.fields.map(({ name }, index) => `b.${name} AS ${renamed[index]}`)].join(', ');

const asNumber = ({ sql }: Condition): string => `CASE WHEN ${sql} THEN 1 ELSE 0 END AS given`;

const windowItems = ([start, end, time]: readonly [string, string, string]): string[] => [`window_start AS ${start}`, `window_end AS ${end}`, `window_time AS ${time}`];

function interval(millis: number): string {
  const size = Math.abs(millis);
  return `${millis < 0 ? '-' : ''}INTERVAL '${Math.floor(size / 1000)}.${String(size % 1000).padStart(3, '0')}' SECOND`;
}

/** OVER takes no FILTER: there the condition goes inside. */
function aggregateText({ name, distinct, argument, filter, offset }: Aggregate, over: boolean): string {
  const plain = argument === null ? '*' : argument.sql;
  const inside = over && filter !== null ? `CASE WHEN ${filter.sql} THEN ${argument === null ? '1' : plain} END` : plain;
  const call = `${name}(${distinct ? 'DISTINCT ' : ''}${inside}${name === 'LAG' ? `, ${offset}` : ''})`;
  return over || filter === null ? call : `${call} FILTER (WHERE ${filter.sql})`;
}
