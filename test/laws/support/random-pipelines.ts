/** Random pipelines within the dialect, with data, and a count of what was drawn. */
import fc from 'fast-check';
import type { Cell, Field, Kind } from './cells.js';
import { clock, conditionOver, scalarOver } from './expressions.js';
import { inputsOf, isUpdating, tableFields, tablesOf, type Aggregate, type AggregateName, type Frame, type Grouped, type Pipeline, type Query, type Statement, type Window } from './query.js';
import { regularOver, temporalOver } from './random-joins.js';
import { calledOver, matchOver } from './random-operators.js';
import { randomRows, type Disorder, type Row } from './random-rows.js';
import { userScalar } from './user-code.js';

export interface Case {
  readonly pipeline: Pipeline;
  /** Rows of each table in the order of arrival. */
  readonly tables: readonly (readonly Row[])[];
}

export interface CaseOptions {
  readonly disorder: Disorder;
  /** Every stateful operator is keyed by `symbol`, so that lanes are possible. */
  readonly keyed?: boolean;
  /** No two tables share an instant. */
  readonly apart?: boolean;
  /** Results stay, and none depends on which of equal rows comes first. */
  readonly steady?: boolean;
  /** CURRENT_TIMESTAMP may occur, which depends on the order of arrival. */
  readonly clock?: boolean;
  readonly delays?: readonly number[];
  readonly rowsMax?: number;
  /** Of one statement, one on the other. */
  readonly operatorsMax?: number;
}

export const operatorNames = ['filter', 'project', 'assign', 'tumble', 'hop', 'cumulate', 'session', 'regroup', 'range', 'range all', 'rows', 'rows all', 'union', 'join', 'group', 'rank', 'match', 'process', 'global', 'temporal', 'regular', 'top'] as const;
export type OperatorName = (typeof operatorNames)[number];
export const aggregateNames: readonly AggregateName[] = [
  'COUNT', 'SUM', 'AVG', 'MIN', 'MAX', 'STDDEV_POP', 'STDDEV_SAMP', 'VAR_POP', 'VAR_SAMP', 'FIRST_VALUE', 'LAST_VALUE', 'LAG', 'LAW_MIX',
];

interface AggregateDraw {
  readonly name: number;
  readonly argument: number;
  readonly form: number;
  readonly distinct: boolean;
  readonly filter: number | null;
  readonly offset: number;
}

export interface OperatorDraw {
  readonly name: OperatorName;
  readonly size: number;
  readonly offset: number;
  readonly keys: number;
  readonly aggregates: readonly AggregateDraw[];
  readonly having: number | null;
  readonly condition: number;
  readonly view: boolean;
}

interface StatementDraw {
  readonly table: number;
  readonly where: number | null;
  readonly operators: readonly OperatorDraw[];
  /** What a second statement does: reads on from the first, writes the same output, or stands alone. */
  readonly tie: 'prefix' | 'twin' | 'none';
}

const aggregateDraw: fc.Arbitrary<AggregateDraw> = fc.record({
  name: fc.nat(aggregateNames.length - 1), argument: fc.nat(99), form: fc.nat(9), distinct: fc.nat(4).map((n) => n === 0),
  filter: fc.option(fc.nat(999), { freq: 3 }), offset: fc.integer({ min: 1, max: 3 }),
});

const operatorDraw: fc.Arbitrary<OperatorDraw> = fc.record({
  // A regrouping, and the first rows of a window, need a window below, a temporal join a key, so they are drawn more often.
  name: fc.constantFrom(...operatorNames, 'regroup', 'regroup', 'top', 'temporal'), size: fc.nat(99), offset: fc.nat(9), keys: fc.nat(9),
  aggregates: fc.array(aggregateDraw, { minLength: 1, maxLength: 4 }), having: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 3 }),
  condition: fc.nat(999), view: fc.boolean(),
});

const statementDraw = (operatorsMax: number): fc.Arbitrary<StatementDraw> => fc.record({
  table: fc.nat(1), where: fc.option(fc.nat(999), { freq: 2 }), operators: fc.array(operatorDraw, { minLength: 1, maxLength: operatorsMax, size: 'max' }),
  tie: fc.constantFrom('prefix', 'twin', 'none'),
});

export function randomCases(options: CaseOptions): fc.Arbitrary<Case> {
  const { disorder, apart = false, delays = [0, 1000, 5000], rowsMax = 40, operatorsMax = 3 } = options;
  const draws = fc.tuple(fc.array(statementDraw(operatorsMax), { minLength: 1, maxLength: 2, size: 'max' }), fc.tuple(fc.constantFrom(...delays), fc.constantFrom(...delays), fc.constantFrom(...delays)), fc.constantFrom(null, null, DAY, 2000));
  return draws.chain(([drawn, tableDelays, ttl]) => {
    const statements = build(drawn, options);
    // A join that remembers every row is refused without.
    const pipeline: Pipeline = { delays: tableDelays, ttl: ttl === null && statements.some(({ query }) => hasRegular(query)) ? DAY : ttl, statements };
    const read = new Set(statements.flatMap(({ query }) => tablesOf(query)));
    const rows = (table: 0 | 1 | 2) => (read.has(table)
      ? randomRows({ disorder, delay: pipeline.delays[table]!, parity: apart ? table : null, rowsMax })
      : fc.constant([] as readonly Row[]));
    return fc.tuple(rows(0), rows(1), rows(2).map((all) => all.filter(([symbol]) => symbol !== null))).map((tables) => ({ pipeline, tables }));
  });
}

const DAY = 86_400_000;

const hasRegular = (query: Query): boolean => query.kind === 'regular' || inputsOf(query).some(hasRegular);

function build(draws: readonly StatementDraw[], options: CaseOptions): Statement[] {
  const [first, second] = draws;
  const builder = new Builder(options);
  const isRead = second?.tie === 'prefix';
  const query = builder.chain(first!.operators, builder.base(first!.table, first!.where), isRead);
  const statements: Statement[] = [{ query, output: 0 }];
  if (second === undefined) return statements;
  const base = builder.base(second.table, second.where);
  switch (second.tie) {
    case 'prefix': return [...statements, { query: builder.chain(second.operators.slice(0, 1), query, false, first!.operators), output: 1 }];
    case 'twin': return [...statements, { query: builder.chain(first!.operators, base, false), output: 0 }];
    case 'none': return [...statements, { query: builder.chain(second.operators, base, false), output: 1 }];
  }
}

/** What an operator is replaced with where rows have no event time, or are taken back later. */
const untimedName: Partial<Record<OperatorName, OperatorName>> = {
  assign: 'filter', tumble: 'group', hop: 'group', cumulate: 'group', session: 'group', range: 'rank', 'range all': 'rank', rows: 'rank', 'rows all': 'rank',
  regroup: 'group', top: 'rank', join: 'regular', temporal: 'regular', match: 'group', process: 'group', global: 'group',
};

/** What an operator is replaced with where results are to stay. */
const steadyName: Partial<Record<OperatorName, OperatorName>> = { group: 'tumble', rank: 'range', regular: 'join', top: 'regroup' };

export class Builder {
  constructor(readonly options: CaseOptions) {}

  base(table: number, where: number | null): Query {
    const input: Query = { kind: 'table', table, fields: tableFields, rowtime: 'event_time', view: false };
    return where === null ? input : { kind: 'filter', input, where: conditionOver(tableFields, where), fields: tableFields, rowtime: 'event_time', view: where % 2 === 0 };
  }

  /** `isRead`: another operator may stand on the last one. `below`: the operators of `base`. */
  chain(draws: readonly OperatorDraw[], base: Query, isRead: boolean, below: readonly OperatorDraw[] = []): Query {
    let query = base;
    draws.forEach((draw, index) => {
      const again = (other: Query): Query => this.chain([...below, ...draws.slice(0, index)], other, true);
      query = this.#operator(draw, query, index === draws.length - 1 && !isRead, again);
    });
    return query;
  }

  #operator(written: OperatorDraw, input: Query, last: boolean, again: (base: Query) => Query): Query {
    const { fields, rowtime } = input;
    const isUntimed = rowtime === '' || isUpdating(input);
    const draw = { ...written, name: (isUntimed ? untimedName : this.options.steady === true ? steadyName : {})[written.name] ?? written.name };
    const { view } = draw;
    if (draw.name === 'filter') return { kind: 'filter', input, where: conditionOver(fields, draw.condition), fields, rowtime, view };
    if (draw.name === 'union') {
      // The same operators over another base: the columns are the same.
      const other = again(this.base(draw.size % 2, draw.condition % 3 === 0 ? null : draw.condition));
      return { kind: 'union', inputs: draw.offset % 2 === 0 ? [input, other] : [other, input], fields, rowtime, view };
    }
    const depth = depthOf(fields) + 1;
    if (draw.name === 'group') return this.#inSets(draw, this.group(draw, input, this.keysOf(draw, fields), depth), depth);
    if (draw.name === 'top' && carriedBy(input) === null) return this.#rank({ ...draw, having: null }, this.#operator({ ...draw, name: 'assign' }, input, false, again), depth + 1);
    if (draw.name === 'rank' || draw.name === 'top') return this.#rank(draw, input, depth);
    if (draw.name === 'regular') return regularOver(this, draw, input, depth);
    if (draw.name === 'temporal') return temporalOver(this, draw, input, depth) ?? this.#join(draw, input, depth);
    if (draw.name === 'join') return this.#join(draw, input, depth);
    if (draw.name === 'match') return matchOver(draw, input, this.keysOf(draw, fields), depth);
    if (draw.name === 'process' || draw.name === 'global') return calledOver(draw.name, draw, input, this.keysOf(draw, fields), depth);
    if (draw.name === 'project') {
      const kept = fields.map((field) => ({ sql: field.name, reads: [field.name], field, value: (at: (name: string) => Cell) => at(field.name) }));
      // An expression that fails may only stand where its value is surely asked for.
      const own = draw.having === null ? null : userScalar(exactOf(fields), draw.condition, last && !isUntimed, `x${depth}u`);
      const items = [...kept, ...(own === null ? [] : [own]), scalarOver(exactOf(fields), draw.condition, last && !isUntimed ? draw.size % 10 : Math.min(draw.size % 10, 8), `x${depth}`), ...(this.options.clock === true && !isUntimed && draw.offset < 5 ? [clock(`c${depth}`)] : [])];
      return { kind: 'project', input, items, fields: items.map(({ field }) => field), rowtime, view };
    }
    const names = [`s${depth}`, `e${depth}`, `t${depth}`] as const;
    const times: Field[] = names.map((name) => ({ name, kind: 'TIMESTAMP' }));
    const window = windowOf(draw);
    if (draw.name === 'assign') return { kind: 'assign', input, window, names, keys: window.kind === 'session' ? this.keysOf(draw, fields) : [], fields: [...fields, ...times], rowtime: names[2], view };
    // Rows that carry no window yet are given one first.
    if (draw.name === 'regroup' && carriedBy(input) === null && draw.offset % 2 === 0) return this.#operator(draw, this.#operator({ ...draw, name: 'assign', condition: draw.size }, input, false, again), last, again);
    const keys = this.keysOf(draw, fields);
    const carried = draw.name === 'regroup' ? carriedBy(input) : null;
    // A row of which an argument fails is part of a session where keys or a sub-query keep the aggregate from making it itself.
    const sure = carried !== null && carriedWindow(input).kind === 'session';
    const aggregates = draw.aggregates.map((aggregate, index) => aggregateOf(sure ? { ...aggregate, form: 0 } : aggregate, fields, draw.name, `a${depth}_${index}`));
    const results = aggregates.map(({ result }) => result);
    if (draw.name.startsWith('r') && draw.name !== 'regroup') {
      return { kind: 'over', input, partition: keys, frame: frameOf(draw, aggregates), aggregates, fields: [...fields, ...results], rowtime, view };
    }
    const keyFields = keys.map((key) => fields.find(({ name }) => name === key)!);
    if (carried !== null) {
      const carriedFields = carried.map((name) => fields.find((field) => field.name === name)!);
      return this.#inSets(draw, { kind: 'regroup', input, carried, keys, aggregates, havingMin: draw.having, fields: [...keyFields, ...results, ...carriedFields], rowtime: carried[2], view }, depth);
    }
    const older = draw.view === (draw.condition % 2 === 0) && window.kind !== 'cumulate' && (window.kind === 'session' || window.offset === 0);
    return this.#inSets(draw, { kind: 'window', input, window, names, older, keys, aggregates, havingMin: draw.having, fields: [...keyFields, ...results, ...times], rowtime: names[2], view }, depth);
  }

  /** The same by several sets of keys, where the draw says so. */
  #inSets({ offset, size }: OperatorDraw, query: Grouped, depth: number): Query {
    const { keys } = query;
    // Sessions are those of their keys.
    if (size % 3 > 0 || keys.length === 0 || (query.kind === 'window' && (query.older || query.window.kind === 'session'))) return query;
    const choices = keys.length === 1 ? [[keys, []]] : [[keys, keys.slice(0, 1), []], [keys.slice(0, 1), keys.slice(1)], [keys, keys.slice(0, 1)], [[], keys]];
    const sets = choices[offset % choices.length]!.filter((set) => this.options.keyed !== true || set.includes('symbol'));
    const used = keys.filter((key) => sets.some((set) => set.includes(key)));
    if (used.length === 0) return query;
    const isKey = (name: string): boolean => keys.includes(name);
    const inputs = sets.map((set): Grouped => ({ ...query, keys: set, view: false, fields: query.fields.filter(({ name }) => !isKey(name) || set.includes(name)) }));
    const fields = query.fields.filter(({ name }) => !isKey(name) || used.includes(name));
    return { kind: 'sets', inputs, keys: used, fields: [...fields, { name: `g${depth}`, kind: 'BIGINT' }], rowtime: query.kind === 'group' ? '' : query.rowtime, view: query.view };
  }

  group(draw: OperatorDraw, input: Query, keys: readonly string[], depth: number): Extract<Query, { kind: 'group' }> {
    const { fields } = input;
    // Whether a deviation has changed is a matter of its last bit.
    const aggregates = draw.aggregates.map((aggregate, index) => aggregateOf(aggregateNames[aggregate.name]!.startsWith('STDDEV') ? { ...aggregate, name: 0 } : aggregate, fields, 'group', `a${depth}_${index}`));
    const keyFields = keys.map((key) => fields.find(({ name }) => name === key)!);
    return { kind: 'group', input, keys, aggregates, fields: [...keyFields, ...aggregates.map(({ result }) => result)], rowtime: '', view: draw.view };
  }

  #rank(draw: OperatorDraw, input: Query, depth: number): Query {
    const { fields, rowtime } = input;
    // Times other than the rowtime may be one or not.
    const eligible = [...(rowtime === '' ? [] : [rowtime]), ...exactOf(fields).filter(({ kind }) => kind !== 'TIMESTAMP').map(({ name }) => name)];
    const by = eligible.length === 0 ? exactOf(fields)[0]!.name : draw.condition % 3 === 0 ? eligible[0]! : eligible[draw.size % eligible.length]!;
    const carried = draw.name === 'top' ? carriedBy(input) : null;
    const to = draw.offset % 3 + 1;
    const numbered = draw.having === null ? null : `n${depth}`;
    return {
      kind: 'rank', input, partition: this.keysOf(draw, fields), by, descending: draw.condition % 2 === 0, from: draw.offset > 6 && to > 1 ? 2 : 1, to, numbered, carried: carried === null ? null : [carried[0], carried[1]],
      fields: [...fields, ...(numbered === null ? [] : [{ name: numbered, kind: 'BIGINT' } as const])], rowtime, view: draw.view,
    };
  }

  #join(draw: OperatorDraw, left: Query, depth: number): Query {
    const carried = carriedBy(left);
    const window = carried === null ? null : carriedWindow(left);
    const base = this.base(draw.size % 2, draw.condition % 3 === 0 ? null : draw.condition);
    const right: Query = window === null || window.kind === 'session' ? base
      : { kind: 'assign', input: base, window, names: ['ws', 'we', 'wt'], keys: [], fields: [...base.fields, ...['ws', 'we', 'wt'].map((name): Field => ({ name, kind: 'TIMESTAMP' }))], rowtime: 'wt', view: draw.view };
    const windows = carried === null || right === base ? null : [[carried[0], carried[1]], ['ws', 'we']] as const;
    const renamed = right.fields.map(({ name }) => `r${depth}_${name}`);
    // NULL in the key of a row without partner belongs to no lane.
    const padsLeft = this.options.keyed !== true && this.options.steady !== true;
    const type = (['inner', 'left', padsLeft ? 'right' : 'inner', padsLeft ? 'full' : 'left', windows === null ? 'inner' : 'semi', windows === null ? 'left' : 'anti'] as const)[draw.condition % 6]!;
    const tests = type === 'semi' || type === 'anti';
    const [lower, upper] = ([[-1000, 1000], [0, 500], [-2000, 0], [300, 300], [500, 1500], [-100, 0], [0, 0]] as const)[draw.offset % 7]!;
    const keys = this.keysOf(draw, left.fields).filter((key) => key === 'symbol' || key === 'note');
    const fields = [...left.fields, ...(tests ? [] : right.fields.map((field, index) => ({ ...field, name: renamed[index]! })))];
    const rowtime = type === 'full' ? '' : type === 'right' ? `r${depth}_${right.rowtime}` : left.rowtime;
    return { kind: 'join', inputs: [left, right], type, keys, lower, upper, windows, renamed, fields, rowtime, view: draw.view };
  }

  keysOf(draw: OperatorDraw, fields: readonly Field[]): string[] {
    const has = (name: string) => fields.some((field) => field.name === name);
    const sets = [[], ['symbol'], ['symbol', 'note'], ['note'], ['flag', 'symbol'], ['qty'], ['symbol'], ['symbol'], ['note', 'flag'], ['symbol', 'qty']];
    const keys = sets[draw.keys]!.filter(has);
    return this.options.keyed === true && !keys.includes('symbol') ? ['symbol', ...keys].slice(0, 2) : keys;
  }
}

export const exactOf = (fields: readonly Field[]): Field[] => fields.filter(({ name }) => !name.startsWith('root'));

/** New columns carry a number, one above those that are there. */
const depthOf = (fields: readonly Field[]): number => Math.max(0, ...fields.map(({ name }) => Number(/^(?:root_)?[acegnrstx](\d+)/.exec(name)?.[1] ?? 0)));

/** The window that the rows of a query carry, if no operator in between took it away. */
function carriedBy(query: Query): readonly [string, string, string] | null {
  // The older form's bounds are values like any other.
  if (query.kind === 'assign' || query.kind === 'window') return query.kind === 'window' && query.older ? null : query.names;
  if (query.kind === 'regroup') return query.carried;
  if (query.kind === 'sets') return query.inputs[0]!.kind === 'group' ? null : carriedBy(query.inputs[0]!);
  if (query.kind === 'rank') return query.carried === null ? null : carriedBy(query.input);
  if (query.kind === 'join' && query.windows !== null && query.type !== 'full') {
    return query.type === 'right' ? ['ws', 'we', 'wt'].map((name) => query.renamed[query.inputs[1].fields.findIndex((field) => field.name === name)]!) as [string, string, string] : carriedBy(query.inputs[0]);
  }
  return query.kind === 'filter' || query.kind === 'project' ? carriedBy(query.input) : null;
}

/** Which kind of window a query's rows carry. */
function carriedWindow(query: Query): Window {
  if (query.kind === 'assign' || query.kind === 'window') return query.window;
  return carriedWindow(inputsOf(query)[0]!);
}

function windowOf({ name, size, offset }: OperatorDraw): Window {
  const shift = [0, 0, 0, 0, 2, 300, -1000, 7000, 1, 0][offset]!;
  const kind = name === 'assign' || name === 'regroup' ? (['tumble', 'hop', 'cumulate', 'session'] as const)[size % 4]! : name;
  // Two of them are distances at which rows often stand.
  if (kind === 'session') return { kind, gap: [1000, 777, 2500, 1501][size % 4]! };
  const [part, whole] = ([[1000, 3000], [2000, 6000], [500, 1500], [5000, 5000], [1000, 2000], [1000, 10_000]] as const)[size % 6]!;
  if (kind === 'hop') return { kind, slide: part, size: whole, offset: shift };
  if (kind === 'cumulate') return { kind, step: part, size: whole, offset: shift };
  return { kind: 'tumble', size: [1000, 2000, 5000, 10_000, 700][size % 5]!, offset: shift };
}

function frameOf({ name, size }: OperatorDraw, aggregates: readonly Aggregate[]): Frame {
  if (aggregates.some((aggregate) => aggregate.name === 'LAG')) return { unit: 'range', preceding: null };
  const unit = name.startsWith('range') ? 'range' : 'rows';
  if (name.endsWith('all')) return { unit, preceding: null };
  return { unit, preceding: (unit === 'range' ? [0, 500, 2000, 5000] : [0, 1, 3, 10])[size % 4]! };
}

const numeric: readonly Kind[] = ['DOUBLE', 'BIGINT', 'INT', 'DECIMAL'];
const whole: readonly Kind[] = ['BIGINT', 'INT'];
const anything: readonly Kind[] = [...numeric, 'STRING', 'BOOLEAN', 'TIMESTAMP'];

function aggregateOf(draw: AggregateDraw, fields: readonly Field[], operator: OperatorName, name: string): Aggregate {
  // LAG wants an OVER without a frame.
  const drawn = operator === 'range all' && draw.form === 7 ? 'LAG' : aggregateNames[draw.name]!;
  const aggregate = drawn === 'LAG' && operator !== 'range all' ? 'AVG' : drawn;
  const isValue = ['COUNT', 'MIN', 'MAX', 'FIRST_VALUE', 'LAST_VALUE', 'LAG'].includes(aggregate);
  const kinds = aggregate === 'LAW_MIX' ? whole : isValue ? anything : numeric;
  // The deviation may differ by a unit in the last place, so nothing stands on it.
  const eligible = exactOf(fields).filter((field) => kinds.includes(field.kind));
  const filter = draw.filter === null || aggregate === 'LAG' ? null : conditionOver(fields, draw.filter);
  const base = { name: aggregate, filter, offset: draw.offset };
  if (eligible.length === 0 || (aggregate === 'COUNT' && draw.argument % 3 === 0)) {
    return { ...base, name: 'COUNT', distinct: false, argument: null, result: { name, kind: 'BIGINT' } };
  }
  const field = eligible[draw.argument % eligible.length]!;
  const argument = scalarOver([field, ...exactOf(fields)], 0, isValue ? 0 : draw.form, '');
  const distinct = draw.distinct && aggregate !== 'LAG' && aggregate !== 'LAW_MIX';
  return { ...base, distinct, argument, result: resultField(aggregate, argument.field, name) };
}

function resultField(aggregate: AggregateName, { kind, precision, scale }: Field, name: string): Field {
  if (aggregate === 'COUNT' || aggregate === 'LAW_MIX') return { name, kind: 'BIGINT' };
  const isRoot = aggregate.startsWith('STDDEV');
  const called = isRoot ? `root_${name}` : name;
  if (kind !== 'DECIMAL') return { name: called, kind };
  if (['SUM', 'AVG', 'STDDEV_POP', 'STDDEV_SAMP', 'VAR_POP', 'VAR_SAMP'].includes(aggregate)) {
    return { name: called, kind, precision: 38, scale: aggregate === 'SUM' ? scale! : Math.max(6, scale!) };
  }
  return { name, kind, precision: precision!, scale: scale! };
}
