/**
 * What a pipeline puts out, computed slowly and apart from the engine: operator by operator, each over all of its
 * rows at once. A row knows when it was let out and by which watermark it is judged; nothing is kept between rows.
 */
import { compareCells, textOf, type Cell } from './cells.js';
import { aggregateOf, type Sample, type Value } from './oracle-aggregates.js';
import { Refused, inputsOf, isUpdating, tableFields, tableName, tablesOf, type Aggregate, type AlignedWindow, type Condition, type Query, type Scalar, type Session } from './query.js';
import { oracleJoin, oracleWindowJoin } from './oracle-join.js';
import { oracleGroup, oracleRank, oracleWindowRank, type Late, type Lifetime, type Op } from './oracle-changes.js';
import { oracleRegular } from './oracle-regular.js';
import { oracleTemporal } from './oracle-temporal.js';
import { oracleGlobal, oracleMatch, oracleProcess, type Situation } from './oracle-steps.js';
import { OracleSessions } from './oracle-sessions.js';
import type { Case } from './random-pipelines.js';
import { identityOf } from './unique.js';
import { windowRules } from './user-code.js';

/** A row on its way: `released` is the number of the input row that let it out, `time` what caused it. */
export interface OracleRow {
  readonly cells: readonly Value[];
  readonly released: number;
  readonly time: number;
  /** What it does to the table that the rows add up to; by itself it is added. */
  readonly op?: Op;
}

export interface OracleLate {
  readonly input: string;
  readonly position: number;
  readonly eventTime: number;
  readonly watermark: number;
  readonly windowStart: number | null;
  readonly windowEnd: number | null;
}

export interface OracleResult {
  readonly outputs: readonly (readonly (readonly Value[])[])[];
  readonly late: readonly OracleLate[];
  /** Input and position of each dead letter: the row itself, or the one that released a result. */
  readonly deadLetters: readonly { readonly input: string; readonly position: number }[];
}

/** An input row in the order in which the lane is given it. */
interface Delivered {
  readonly table: number;
  readonly position: number;
  readonly time: number;
}

export function oracle(drawn: Case): OracleResult {
  return new Oracle(drawn).result();
}

class Oracle {
  readonly #tables: readonly number[];
  readonly #delivered: Delivered[];
  readonly #late: OracleLate[] = [];
  readonly #deadLetters: { input: string; position: number }[] = [];
  /** Equal operators are one: rows, and columns asked for, by the query as text. */
  readonly #known = new Map<string, OracleRow[]>();
  /** Columns of each query that the statement asks for: what nobody reads is not computed, and cannot fail. */
  readonly #needs = new Map<string, Set<string>>();
  readonly #paths = new Map<string, readonly number[]>();
  readonly #life: Lifetime;
  readonly #refused: Late = (row, watermark, windowStart, windowEnd) => this.#refuseLate(row, watermark, windowStart, windowEnd);

  constructor(private readonly drawn: Case) {
    this.#tables = [...new Set(drawn.pipeline.statements.flatMap(({ query }) => tablesOf(query)))].sort((a, b) => a - b);
    this.#delivered = this.#merged();
    const now = this.#delivered.map((_, released) => this.#now(released));
    this.#life = { ttl: drawn.pipeline.ttl, now: (released) => now[Math.min(released, now.length - 1)]! };
  }

  #need(query: Query, names: readonly string[]): void {
    const needs = this.#needs.get(keyOf(query)) ?? new Set<string>();
    this.#needs.set(keyOf(query), needs);
    for (const name of names) needs.add(name);
    const own = (input: Query): string[] => input.fields.map(({ name }) => name).filter((name) => needs.has(name));
    const called = 'aggregates' in query ? query.aggregates.filter(({ result }) => needs.has(result.name)) : [];
    const read = called.flatMap(({ argument, filter }) => [...(argument?.reads ?? []), ...(filter?.reads ?? [])]);
    switch (query.kind) {
      case 'table': return;
      case 'filter': return this.#need(query.input, [...own(query.input), ...query.where.reads]);
      case 'project': return this.#need(query.input, query.items.flatMap(({ field, reads }) => (needs.has(field.name) ? reads : [])));
      case 'assign': return this.#need(query.input, [...own(query.input), ...query.keys]);
      case 'window': case 'regroup': return this.#need(query.input, [...query.keys, ...read]);
      case 'over': return this.#need(query.input, [...own(query.input), ...query.partition, ...read]);
      case 'group': return this.#need(query.input, [...query.keys, ...read]);
      case 'match': return this.#need(query.input, [...query.keys, query.input.rowtime, ...query.variables.flatMap(({ condition }) => condition?.reads ?? []), ...query.measures.map(({ column }) => column)]);
      case 'process': return this.#need(query.input, [...query.keys, query.input.rowtime, ...query.given.reads]);
      case 'global': {
        const [given, fires] = [needs.has(query.fields[query.keys.length + 1]!.name), windowRules[query.rule]!.says !== null];
        return this.#need(query.input, [...query.keys, query.input.rowtime, ...(given ? query.given.reads : []), ...(fires ? query.fires.reads : [])]);
      }
      case 'rank': return this.#need(query.input, [...own(query.input), ...query.partition, query.by, ...(query.carried ?? []), ...(isUpdating(query.input) ? identityOf(query.input) : [])]);
      case 'sets':
        for (const input of query.inputs) this.#need(input, own(input));
        return;
      case 'temporal': {
        const [left, right] = query.inputs;
        this.#need(left, [...own(left), query.key, left.rowtime]);
        this.#need(right, [...right.fields.flatMap(({ name }, place) => (needs.has(query.renamed[place]!) ? [name] : [])), query.key, right.rowtime]);
        return;
      }
      case 'regular': {
        const [left, right] = query.inputs;
        const more = (input: Query): readonly string[] => [...query.keys, ...(query.less === null ? [] : [query.less]), ...(isUpdating(input) ? identityOf(input) : [])];
        this.#need(left, [...own(left), ...more(left)]);
        this.#need(right, [...right.fields.flatMap(({ name }, place) => (needs.has(query.renamed[place]!) ? [name] : [])), ...more(right)]);
        return;
      }
      case 'union': {
        // Columns go by their place.
        const places = query.fields.flatMap(({ name }, place) => (needs.has(name) ? [place] : []));
        for (const input of query.inputs) this.#need(input, places.map((place) => input.fields[place]!.name));
        return;
      }
      case 'join': {
        const [left, right] = query.inputs;
        const [starts, ends] = [0, 1].map((bound) => query.windows?.map((names) => names[bound]!) ?? []);
        this.#need(left, [...own(left), ...query.keys, left.rowtime, ...[starts![0], ends![0]].filter((name) => name !== undefined)]);
        this.#need(right, [...right.fields.flatMap(({ name }, place) => (needs.has(query.renamed[place]!) ? [name] : [])), ...query.keys, right.rowtime, ...[starts![1], ends![1]].filter((name) => name !== undefined)]);
      }
    }
  }

  /** Null where nobody asks. */
  #asked<Of>(query: Query, { result }: Aggregate, compute: () => Of): Of | null {
    return this.#needs.get(keyOf(query))!.has(result.name) ? compute() : null;
  }

  result(): OracleResult {
    const { statements } = this.drawn.pipeline;
    const written = statements.map(({ query, output }, statement) => {
      // Statements have nothing to do with each other: what one asks for, another cannot lose rows by.
      this.#known.clear();
      this.#needs.clear();
      this.#need(query, query.fields.map(({ name }) => name));
      return { output, statement, rows: this.#rows(query) };
    });
    const tables = Math.max(...statements.map(({ output }) => output)) + 1;
    const outputs = Array.from({ length: tables }, (_, output) =>
      written.filter((one) => one.output === output).flatMap(({ rows, statement }) => rows.map((row) => ({ ...row, statement })))
        .sort((a, b) => a.released - b.released || a.time - b.time || a.statement - b.statement)
        .map(({ cells, op = '+I' }) => (statements.some((one) => one.output === output && isUpdating(one.query)) ? [...cells, op] : cells)));
    return { outputs, late: this.#late, deadLetters: this.#deadLetters };
  }

  /** By the greatest event time that a table has delivered or its next row has; ties by table. Unusable rows are dead letters. */
  #merged(): Delivered[] {
    const rowtime = tableFields.length - 1;
    const all = this.#tables.flatMap((table) => {
      let greatest = -Infinity;
      return this.drawn.tables[table]!.flatMap((row, position) => {
        const time = row[rowtime] as number | null;
        if (time === null) {
          this.#deadLetters.push({ input: tableName(table), position });
          return [];
        }
        greatest = Math.max(greatest, time);
        return [{ table, position, time, greatest }];
      });
    });
    return all.sort((a, b) => a.greatest - b.greatest || a.table - b.table || a.position - b.position);
  }

  /** The watermark of an operator after each input row; last, after the end of history. */
  #path(query: Query): readonly number[] {
    const held = new Map<number, number>();
    for (const input of inputsOf(query)) holds(input, 0, held);
    const key = JSON.stringify([...held].sort());
    const known = this.#paths.get(key);
    if (known !== undefined) return known;
    const marks = new Map([...held.keys()].map((table) => [table, -Infinity]));
    const path = this.#delivered.map(({ table, time }) => {
      if (marks.has(table)) marks.set(table, Math.max(marks.get(table)!, time - this.drawn.pipeline.delays[table]! - held.get(table)!));
      return Math.min(...marks.values());
    });
    path.push(Infinity);
    this.#paths.set(key, path);
    return path;
  }

  #rows(query: Query): OracleRow[] {
    // A stateless query is computed by each that reads it, and refuses its rows each time.
    if (!isSession(query) && !stateful.includes(query.kind)) return this.#compute(query);
    let rows = this.#known.get(keyOf(query));
    if (rows === undefined) this.#known.set(keyOf(query), rows = this.#compute(query));
    return rows;
  }

  #compute(query: Query): OracleRow[] {
    switch (query.kind) {
      case 'table': return this.#delivered.flatMap(({ table, position, time }, released) => (table === query.table ? [{ cells: this.drawn.tables[table]![position]!, released, time }] : []));
      case 'filter': return this.#rows(query.input).filter((row) => query.where.value(reader(query.input, row)) === true);
      case 'project': return this.#passing(query.input, (row) => query.items.map(({ value }) => value(reader(query.input, row), this.#now(row.released)))).map(({ row, values }) => ({ ...row, cells: values }));
      case 'union': return query.inputs.flatMap((input, branch) => this.#rows(input).map((row) => ({ row, branch })))
        // Both branches may read the same rows, which are several then.
        .sort((a, b) => a.row.released - b.row.released || a.row.time - b.row.time || a.branch - b.branch).map(({ row }) => ({ ...row }));
      case 'assign': {
        if (query.window.kind === 'session') return this.#waited(query, query.window);
        const { window } = query;
        const time = columnOf(query.input, query.input.rowtime);
        return this.#rows(query.input).flatMap((row) => windowsOf(window, row.cells[time] as number).map(({ start, end }) => ({ ...row, cells: [...row.cells, start, end, end - 1] })));
      }
      case 'window': case 'regroup': return this.#grouped(query);
      case 'over': return this.#over(query);
      case 'group': return this.#group(query);
      case 'match': return oracleMatch(query, this.#rows(query.input), this.#situation(query));
      case 'process': return oracleProcess(query, this.#rows(query.input), this.#situation(query));
      case 'global': return oracleGlobal(query, this.#rows(query.input), this.#situation(query));
      case 'rank': {
        const numbers = query.numbered !== null && this.#needs.get(keyOf(query))!.has(query.numbered);
        const [rows, path] = [this.#rows(query.input), this.#path(query)];
        return query.carried !== null ? oracleWindowRank(query, rows, path, this.#refused) : oracleRank(query, rows, path, this.#life, { identity: identityOf(query.input), numbers }, this.#refused);
      }
      case 'join': return (query.windows === null ? oracleJoin : oracleWindowJoin)(query, this.#both(query), this.#path(query), this.#refused);
      case 'temporal': return oracleTemporal(query, this.#both(query), this.#path(query), this.#refused);
      case 'regular': return oracleRegular(query, this.#both(query), this.#life);
      case 'sets': return this.#sets(query);
    }
  }

  /** Rows for which `compute` does not fail, with what it gives; the others are dead letters. */
  #passing(input: Query, compute: (row: OracleRow) => readonly Cell[]): { row: OracleRow; values: readonly Cell[] }[] {
    return this.#rows(input).flatMap((row) => {
      try {
        return [{ row, values: compute(row) }];
      } catch (error) {
        this.#refuse(error, row.released);
        return [];
      }
    });
  }

  #refuse(error: unknown, released: number): void {
    if (!(error instanceof Refused)) throw error;
    this.#deadLetters.push(this.#origin(released));
  }

  /** The greatest event time up to an input row; at the end of history, of all. */
  #now(released: number): number {
    return this.#delivered.slice(0, released + 1).reduce((greatest, { time }) => Math.max(greatest, time), -Infinity);
  }

  /** The row that let something out; at the end of history, the place after the last row of the first table. */
  #origin(released: number): { input: string; position: number } {
    const row = this.#delivered[released];
    if (row !== undefined) return { input: tableName(row.table), position: row.position };
    const first = this.#tables[0]!;
    return { input: tableName(first), position: Math.max(0, ...this.#delivered.filter(({ table }) => table === first).map(({ position }) => position + 1)) };
  }

  #refuseLate(row: OracleRow, watermark: number, windowStart: number | null, windowEnd: number | null): void {
    this.#late.push({ ...this.#origin(row.released), eventTime: row.time, watermark, windowStart, windowEnd });
  }

  #both({ inputs }: { readonly inputs: readonly [Query, Query] }): [OracleRow[], OracleRow[]] {
    return [this.#rows(inputs[0]), this.#rows(inputs[1])];
  }

  /** The results of each set, NULL where it leaves a key out, and its number: a bit for each key, the last the lowest. */
  #sets({ inputs, keys, fields }: Extract<Query, { kind: 'sets' }>): OracleRow[] {
    return inputs.flatMap((input, branch) => this.#rows(input).map((row) => {
      const number = keys.reduce((bits, key) => bits * 2n + (input.keys.includes(key) ? 0n : 1n), 0n);
      const cells = fields.slice(0, -1).map(({ name }) => row.cells[columnOf(input, name)] ?? null);
      return { branch, row: { ...row, cells: [...cells, number] } };
    })).sort((a, b) => a.row.released - b.row.released || a.row.time - b.row.time || a.branch - b.branch).map(({ row }) => row);
  }

  #situation(query: Query): Situation {
    return {
      path: this.#path(query), late: (row, watermark, windowEnd) => this.#refuseLate(row, watermark, null, windowEnd),
      failed: (released) => this.#deadLetters.push(this.#origin(released)),
    };
  }

  #grouped(query: Extract<Query, { kind: 'window' | 'regroup' }>): OracleRow[] {
    const path = this.#path(query);
    const { input, keys, aggregates } = query;
    const sessions = query.kind === 'window' && query.window.kind === 'session' ? new OracleSessions<Taken>(query.window.gap) : null;
    const keyColumns = keys.map((key) => columnOf(input, key));
    const asked = aggregates.filter(({ result }) => this.#needs.get(keyOf(query))!.has(result.name));
    const groups = new Map<string, { start: number; end: number; keys: readonly Cell[]; rows: Taken[] }>();
    for (const { row, values } of this.#passing(input, (row) => argumentsOf(asked, reader(input, row), false))) {
      const before = row.released === 0 ? -Infinity : path[row.released - 1]!;
      if (sessions !== null) {
        const at = row.cells[columnOf(input, input.rowtime)] as number;
        const taken = sessions.take(keyColumns.map((column) => row.cells[column] as Cell), at, before, { time: row.time, values, cells: row.cells });
        if (!taken) this.#refuseLate(row, before, at, at + sessions.gap);
        continue;
      }
      for (const { start, end } of windowsOfRow(query, row)) {
        if (end - 1 <= before) {
          this.#refuseLate(row, before, start, end);
          continue;
        }
        const key = keyColumns.map((column) => row.cells[column] as Cell);
        const name = [start, end, ...key].map(textOf).join('|');
        const group = groups.get(name) ?? { start, end, keys: key, rows: [] };
        groups.set(name, group);
        group.rows.push({ time: row.time, values, cells: row.cells });
      }
    }
    const sorted = [...(sessions?.all ?? groups.values())].sort((a, b) => a.end - b.end || compareKeys(a.keys, b.keys) || a.start - b.start);
    return sorted.flatMap(({ start, end, keys: key, rows }) => {
      const released = path.findIndex((mark) => mark >= end - 1);
      try {
        const results = aggregates.map((aggregate) => this.#asked(query, aggregate, () => aggregateOf(aggregate, samplesOf(aggregate, asked.indexOf(aggregate), rows, input))));
        if (query.havingMin !== null && rows.length < query.havingMin) return [];
        return [{ cells: [...key, ...results, start, end, end - 1], released, time: end - 1 }];
      } catch (error) {
        this.#refuse(error, released);
        return [];
      }
    });
  }

  #group(query: Extract<Query, { kind: 'group' }>): OracleRow[] {
    const { input, keys, aggregates } = query;
    const keyColumns = keys.map((key) => columnOf(input, key));
    const wanted = this.#needs.get(keyOf(query))!;
    const taken = this.#passing(input, (row) => aggregates.map((aggregate) => (wanted.has(aggregate.result.name) ? argumentsOf([aggregate], reader(input, row), false)[0]! : null)));
    const asked = aggregates.map(({ result }) => wanted.has(result.name));
    return oracleGroup({
      rows: taken.map(({ row, values }) => ({ row, key: keyColumns.map((column) => row.cells[column] as Cell), values: aggregates.map(({ filter }, index) => (filter === null || filter.value(reader(input, row)) === true ? values[index]! : null)) })),
      results: (samples, released) => {
        try {
          return aggregates.map((aggregate, index) => (asked[index]! ? aggregateOf(aggregate, samples[index]!) : null));
        } catch (error) {
          this.#refuse(error, released);
          return null;
        }
      },
    }, this.#life);
  }

  /** Rows with the bounds of their session, once it has fired. */
  #waited(query: Extract<Query, { kind: 'assign' }>, { gap }: Session): OracleRow[] {
    const path = this.#path(query);
    const keyColumns = query.keys.map((key) => columnOf(query.input, key));
    const rowtime = columnOf(query.input, query.input.rowtime);
    const sessions = new OracleSessions<OracleRow>(gap);
    for (const row of this.#rows(query.input)) {
      const before = row.released === 0 ? -Infinity : path[row.released - 1]!;
      const at = row.cells[rowtime] as number;
      if (!sessions.take(keyColumns.map((column) => row.cells[column] as Cell), at, before, row)) this.#refuseLate(row, before, at, at + gap);
    }
    const timeOf = (row: OracleRow) => row.cells[rowtime] as number;
    return sessions.all.sort((a, b) => a.end - b.end || compareKeys(a.keys, b.keys)).flatMap(({ start, end, rows }) =>
      [...rows].sort((a, b) => timeOf(a) - timeOf(b)).map((row) =>
        ({ cells: [...row.cells, start, end, end - 1], released: path.findIndex((mark) => mark >= end - 1), time: end - 1 })));
  }

  #over(query: Extract<Query, { kind: 'over' }>): OracleRow[] {
    const path = this.#path(query);
    const { input, partition, aggregates } = query;
    const keyColumns = partition.map((key) => columnOf(input, key));
    const asked = aggregates.filter(({ result }) => this.#needs.get(keyOf(query))!.has(result.name));
    const rowtime = columnOf(input, input.rowtime);
    const byKey = new Map<string, OverRow[]>();
    const accepted: OverRow[] = [];
    for (const { row, values } of this.#passing(input, (row) => argumentsOf(asked, reader(input, row), true))) {
      const before = row.released === 0 ? -Infinity : path[row.released - 1]!;
      const keys = keyColumns.map((column) => row.cells[column] as Cell);
      const name = keys.map(textOf).join('|');
      const others = byKey.get(name) ?? [];
      byKey.set(name, others);
      const time = row.cells[rowtime] as number;
      if (time <= before && this.#isLate(query, time, before, others)) {
        this.#refuseLate(row, before, null, null);
        continue;
      }
      // A row that is behind, but not late, goes with the next advance of the watermark.
      const one = { row, values, cells: row.cells, keys, time, due: time > before ? time : before + 0.5, arrival: accepted.length, name };
      accepted.push(one);
      others.push(one);
    }
    const ordered = [...accepted].sort((a, b) => a.due - b.due || a.time - b.time || compareKeys(a.keys, b.keys) || a.arrival - b.arrival);
    return ordered.flatMap((one) => {
      const released = path.findIndex((mark) => mark >= one.due);
      const frame = frameOf(query, one, byKey.get(one.name)!);
      try {
        return [{ cells: [...one.row.cells, ...aggregates.map((aggregate) => this.#asked(query, aggregate, () => aggregateOf(aggregate, samplesOf(aggregate, asked.indexOf(aggregate), frame, input))))], released, time: one.time }];
      } catch (error) {
        this.#refuse(error, released);
        return [];
      }
    });
  }

  /** Bounded frames: against the greatest time that the key has processed; unbounded ones: always. */
  #isLate({ frame }: Extract<Query, { kind: 'over' }>, time: number, before: number, others: readonly OverRow[]): boolean {
    return frame.preceding === null || others.some((other) => other.due <= before && other.time >= time);
  }
}

/** A row that an operator took in, with the aggregates' arguments. */
interface Taken {
  readonly time: number;
  readonly values: readonly Cell[];
  readonly cells: readonly Value[];
}

interface OverRow extends Taken {
  readonly row: OracleRow;
  readonly keys: readonly Cell[];
  readonly due: number;
  readonly arrival: number;
  readonly name: string;
}

/** By table below `query`, the longest that joins on the way hold its rows back. */
function holds(query: Query, delay: number, into: Map<number, number>): void {
  if (query.kind === 'table') into.set(query.table, Math.max(delay, into.get(query.table) ?? 0));
  const own = query.kind === 'join' && query.windows === null ? Math.max(-query.lower, query.upper) + (query.type === 'inner' ? 0 : 1) : 0;
  for (const input of inputsOf(query)) holds(input, delay + own, into);
}

const stateful: readonly string[] = ['window', 'regroup', 'over', 'join', 'match', 'process', 'global', 'group', 'rank', 'temporal', 'regular'];

const isSession = (query: Query): boolean => query.kind === 'assign' && query.window.kind === 'session';

const keys = new WeakMap<Query, string>();

/** Functions do not show in it, but their SQL does. */
function keyOf(query: Query): string {
  let key = keys.get(query);
  if (key === undefined) keys.set(query, key = JSON.stringify(query, (name, value: unknown) => (name === 'view' ? undefined : value)));
  return key;
}

const columnOf = (query: Query, name: string): number => query.fields.findIndex((field) => field.name === name);

const reader = (query: Query, row: OracleRow) => (name: string): Cell => row.cells[columnOf(query, name)] as Cell;

/** COUNT(*) counts ones. In an OVER the filter stands inside of the argument, which is then not asked for. */
function argumentsOf(aggregates: readonly Aggregate[], at: (name: string) => Cell, lazy: boolean): Cell[] {
  const value = (argument: Scalar | null): Cell => (argument === null ? 1n : argument.value(at, NaN));
  const passes = (filter: Condition | null): boolean => filter === null || filter.value(at) === true;
  return aggregates.map(({ argument, filter }) => (lazy && !passes(filter) ? null : value(argument)));
}

function samplesOf({ filter }: Aggregate, index: number, rows: readonly Taken[], input: Query): Sample[] {
  const at = (row: Taken) => (name: string): Cell => row.cells[columnOf(input, name)] as Cell;
  const passes = (row: Taken): boolean => filter === null || filter.value(at(row)) === true;
  return rows.map((row) => ({ time: row.time, value: passes(row) ? row.values[index]! : null }));
}

function compareKeys(a: readonly Cell[], b: readonly Cell[]): number {
  for (const [index, value] of a.entries()) {
    const order = compareCells(value, b[index]!);
    if (order !== 0) return order;
  }
  return 0;
}

/** The rows of a frame, in order of event time and arrival. */
function frameOf({ frame }: Extract<Query, { kind: 'over' }>, row: OverRow, others: readonly OverRow[]): OverRow[] {
  const before = others.filter((other) => other.time < row.time || (other.time === row.time && (frame.unit === 'range' || other.arrival <= row.arrival)));
  const sorted = before.sort((a, b) => a.time - b.time || a.arrival - b.arrival);
  if (frame.preceding === null) return sorted;
  const { preceding } = frame;
  return frame.unit === 'rows' ? sorted.slice(-preceding - 1) : sorted.filter(({ time }) => time >= row.time - preceding);
}

function windowsOfRow(query: Extract<Query, { kind: 'window' | 'regroup' }>, row: OracleRow): { start: number; end: number }[] {
  const at = (name: string) => row.cells[columnOf(query.input, name)] as number;
  return query.kind === 'window' ? windowsOf(query.window as AlignedWindow, at(query.input.rowtime)) : [{ start: at(query.carried[0]), end: at(query.carried[1]) }];
}

/** Every window that holds `time`, by trying all that could, in order of their ends. */
export function windowsOf(window: AlignedWindow, time: number): { start: number; end: number }[] {
  const { size, offset } = window;
  const every = window.kind === 'hop' ? window.slide : size;
  const found: { start: number; end: number }[] = [];
  const first = Math.floor((time - offset - size) / every);
  for (let k = first; offset + k * every <= time; k += 1) {
    const start = offset + k * every;
    if (time >= start + size) continue;
    if (window.kind !== 'cumulate') found.push({ start, end: start + size });
    else for (let end = start + window.step; end <= start + size; end += window.step) if (end > time) found.push({ start, end });
  }
  return found.sort((a, b) => a.end - b.end);
}
