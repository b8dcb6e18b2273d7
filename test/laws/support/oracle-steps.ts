/**
 * What is told row by row: patterns, operators of the user's, global windows. Each computed from the rows of one key in
 * the order of event time, by definition.
 */
import { compareCells, textOf, type Cell } from './cells.js';
import { matchesIn } from './match-oracle.js';
import type { OracleRow } from './oracle.js';
import type { Value } from './oracle-aggregates.js';
import type { Query } from './query.js';
import { silenceMillis, windowRules } from './user-code.js';

type Kind<Name extends Query['kind']> = Extract<Query, { kind: Name }>;

/** What an operator is given besides its rows. */
export interface Situation {
  /** The watermark after each input row. */
  readonly path: readonly number[];
  late(row: OracleRow, watermark: number, windowEnd: number | null): void;
  /** Told of a row or result that failed, and the input row that let it go. */
  failed(released: number): void;
}

interface KeyRow {
  readonly row: OracleRow;
  readonly at: number;
  readonly arrival: number;
}

interface Key {
  readonly key: readonly Cell[];
  readonly rows: KeyRow[];
}

/** A result, by what it is ordered. */
interface Told {
  readonly key: readonly Cell[];
  readonly time: number;
  readonly due: number;
  readonly cells: readonly Value[];
  /** Rows of an instant come before the timers of that instant. */
  readonly isTimer?: boolean;
}

const columnOf = (query: Query, name: string): number => query.fields.findIndex((field) => field.name === name);
const readerOf = (query: Query, row: OracleRow) => (name: string): Cell => row.cells[columnOf(query, name)] as Cell;

const compareKeys = (a: readonly Cell[], b: readonly Cell[]): number => a.map((value, index) => compareCells(value, b[index]!)).find((order) => order !== 0) ?? 0;

/** Rows above the watermark by key, in order of event time, ties as they came; the others are late. */
function keysOf(query: Kind<'match' | 'process'>, rows: readonly OracleRow[], { path, late }: Situation): Key[] {
  const keys = new Map<string, Key>();
  rows.forEach((row, arrival) => {
    const before = row.released === 0 ? -Infinity : path[row.released - 1]!;
    const at = row.cells[columnOf(query.input, query.input.rowtime)] as number;
    if (at <= before) return late(row, before, null);
    const key = query.keys.map(readerOf(query.input, row));
    const name = key.map(textOf).join('|');
    if (!keys.has(name)) keys.set(name, { key, rows: [] });
    keys.get(name)!.rows.push({ row, at, arrival });
  });
  for (const { rows: own } of keys.values()) own.sort((a, b) => a.at - b.at || a.arrival - b.arrival);
  return [...keys.values()];
}

/** Results in the order in which they leave. */
function leaving(told: readonly Told[], path: readonly number[]): OracleRow[] {
  const released = ({ due }: Told): number => path.findIndex((mark) => mark >= due);
  return told.toSorted((a, b) => released(a) - released(b) || a.time - b.time || Number(a.isTimer ?? false) - Number(b.isTimer ?? false) || compareKeys(a.key, b.key))
    .map((one) => ({ cells: [...one.key, ...one.cells], released: released(one), time: one.time }));
}

export function oracleMatch(query: Kind<'match'>, rows: readonly OracleRow[], situation: Situation): OracleRow[] {
  const told: Told[] = [];
  for (const { key, rows: own } of keysOf(query, rows, situation)) {
    const at = (row: number) => readerOf(query.input, own[row]!.row);
    const variables = query.variables.map(({ condition, ...variable }) => ({
      ...variable, condition: { sql: condition?.sql ?? '', holds: (_qty: unknown, { row }: { row: number }) => condition === null || condition.value(at(row)) === true },
    }));
    const { from, known, next } = matchesIn(own.map(({ at: time }) => ({ time, qty: null })), { variables, skip: { sql: '', to: query.skip, variable: 1 }, within: query.within });
    let time = -Infinity;
    for (let start = 0; start < own.length; ) {
      const [mapping, ...others] = from(start) ?? [];
      if (others.length > 0) throw new Error('a row completes two matches');
      const moment = known(start);
      // What begins later waits for it, for ever.
      if (moment === null) break;
      time = Math.max(time, moment);
      if (mapping !== undefined) {
        const cells = query.measures.map(({ take, variable, column }): Cell => {
          const values = mapping[variable]!.map((row) => at(row)(column));
          return take === 'count' ? BigInt(values.filter((value) => value !== null).length) : (values.at(take === 'first' ? 0 : -1) ?? null);
        });
        told.push({ key, time, due: time, cells: [...cells, time] });
      }
      start = mapping === undefined ? start + 1 : Math.max(start + 1, next(mapping));
    }
  }
  return leaving(told, situation.path);
}

export function oracleProcess(query: Kind<'process'>, rows: readonly OracleRow[], situation: Situation): OracleRow[] {
  const told: Told[] = [];
  const put = (key: readonly Cell[], at: number, n: number, total: number): unknown => told.push({ key, time: at, due: at, cells: [BigInt(n), BigInt(total), at], isTimer: n < 0 });
  for (const { key, rows: own } of keysOf(query, rows, situation)) {
    let [n, total] = [0, 0];
    own.forEach(({ row, at }, index) => {
      n += 1;
      total += query.given.value(readerOf(query.input, row)) === true ? 1 : 0;
      if (n === 4) situation.failed(situation.path.findIndex((mark) => mark >= at));
      else put(key, at, n, total);
      // A row at the very moment comes first.
      if (index + 1 < own.length && own[index + 1]!.at <= at + silenceMillis) return;
      put(key, at + silenceMillis, -n, total);
      [n, total] = [0, 0];
    });
  }
  return leaving(told, situation.path);
}

interface GlobalState {
  readonly key: readonly Cell[];
  /** Rows in the window and how many of them since it last spoke. */
  rows: { readonly at: number; readonly given: number }[];
  fresh: number;
  count: number;
  /** The multiple that is waited for; null: none. */
  awaited: number | null;
  /** The end of the last firing. */
  fired: number;
}

interface WaitingRow extends KeyRow {
  readonly due: number;
  readonly state: GlobalState;
}

export function oracleGlobal(query: Kind<'global'>, rows: readonly OracleRow[], { path, late }: Situation): OracleRow[] {
  const rule = windowRules[query.rule]!;
  const told: Told[] = [];
  const states = new Map<string, GlobalState>();
  let waiting: WaitingRow[] = [];
  let timers: { readonly state: GlobalState; readonly at: number; readonly due: number }[] = [];

  const fire = (state: GlobalState, end: number, due: number, why: string): void => {
    if (state.fresh === 0) return;
    const start = Math.min(...state.rows.map(({ at }) => at));
    const total = state.rows.reduce((sum, { given }) => sum + given, 0);
    told.push({ key: state.key, time: end - 1, due, cells: [BigInt(state.rows.length), BigInt(total), start, end, why, end - 1] });
    state.fresh = 0;
    state.fired = Math.max(state.fired, end);
    if (!rule.accumulates) state.rows = [];
  };
  const visit = ({ row, at, due, state }: WaitingRow): void => {
    const read = readerOf(query.input, row);
    state.rows.push({ at, given: query.given.value(read) === true ? 1 : 0 });
    state.fresh += 1;
    state.count += 1;
    if (rule.every !== null && (state.awaited === null || at >= state.awaited)) {
      state.awaited = (Math.floor(at / rule.every) + 1) * rule.every;
      timers.push({ state, at: state.awaited, due: Math.max(state.awaited - 1, due) });
    }
    if (rule.rows !== null && state.count % rule.rows === 0) fire(state, at + 1, due, rule.own === true ? 'OWN' : 'ROWS');
    else if (rule.says !== null && query.fires.value(read) === true) fire(state, at + 1, due, rule.says);
  };
  /** Wakes for which `isDue` holds, the first first. */
  const wake = (isDue: (due: number, edge: number) => boolean): void => {
    for (;;) {
      timers.sort((a, b) => a.due - b.due || a.at - b.at || compareKeys(a.state.key, b.state.key));
      const [first] = timers;
      if (first === undefined || !isDue(first.due, first.at - 1)) return;
      timers = timers.slice(1);
      if (first.state.awaited !== first.at) continue;
      first.state.awaited = null;
      fire(first.state, first.at, first.due, 'INTERVAL');
    }
  };
  const advance = (limit: number): void => {
    const due = waiting.filter((one) => one.due <= limit).sort((a, b) => a.due - b.due || a.at - b.at || compareKeys(a.state.key, b.state.key) || a.arrival - b.arrival);
    waiting = waiting.filter((one) => one.due > limit);
    for (const one of due) {
      wake((at, edge) => at < one.due || (at === one.due && edge < one.at));
      visit(one);
    }
    wake((at) => at <= limit);
  };

  rows.forEach((row, arrival) => {
    const before = row.released === 0 ? -Infinity : path[row.released - 1]!;
    const at = row.cells[columnOf(query.input, query.input.rowtime)] as number;
    const key = query.keys.map(readerOf(query.input, row));
    const name = key.map(textOf).join('|');
    if (!states.has(name)) states.set(name, { key, rows: [], fresh: 0, count: 0, awaited: null, fired: -Infinity });
    const state = states.get(name)!;
    advance(before);
    if (at <= before && !rule.accumulates && at < state.fired) return late(row, before, state.fired);
    waiting.push({ row, at, arrival, state, due: at > before ? at : before + 0.5 });
  });
  advance(Infinity);
  return leaving(told, path);
}
