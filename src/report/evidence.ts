/**
 * What made the alerts: the numbers of the operator below them, and the rows that it saw, computed again by the
 * engine from the bound data. Shown only where the very alert comes out again, to its last bit.
 */
import { createHash } from 'node:crypto';
import { cell, printable, type Batch } from '../core/batch.js';
import { gather } from '../core/column-builder.js';
import { timestampUnits, type Field, type SqlType } from '../core/types.js';
import { Engine } from '../engine/engine.js';
import type { BoundReader, BoundRows } from './bound-data.js';
import type { EvidencePlan } from './evidence-plan.js';
import { packed, type Packed } from './packed.js';
import { isNumeric, rolesOf } from './roles.js';
import { byText } from './spreads.js';
import type { Cell } from './summary.js';

/** Rows that an operator saw, of one symbol, in order of event time. */
export interface EvidenceRows {
  readonly times: Packed;
  /** As `columns` of the evidence: numbers packed, all else as it is. */
  readonly columns: readonly (Packed | readonly Cell[])[];
}

export interface AlertEvidence {
  /** Index of the alert among the rows that the page holds of its output. */
  readonly alert: number;
  /** Event times of the rows that counted, epoch ms, both included. */
  readonly from: number;
  readonly to: number;
  /** As `numbers` of the evidence. */
  readonly numbers: readonly Cell[];
  /** Rows that counted, in all; null: they are not here. */
  readonly count: number | null;
  /** Those [first, end) of the group are among them: the last ones without a gap, of the earlier ones so many as draw a picture. */
  readonly group: number;
  readonly first: number;
  readonly end: number;
}

export interface Evidence {
  readonly table: string;
  readonly operator: string;
  readonly formulas: readonly { readonly column: string; readonly text: string }[];
  readonly numbers: readonly { readonly name: string; readonly aggregate: string; readonly of: string | null }[];
  /** Columns of the rows, beside their event time. */
  readonly columns: readonly string[];
  readonly groups: readonly EvidenceRows[];
  readonly alerts: readonly AlertEvidence[];
}

/** Alerts with their rows; of one alert the last rows, and earlier ones; rows of all. */
const rowsMax = { alerts: 400, last: 60, earlier: 240, all: 70_000 } as const;
/** How far behind the newest a row may come that the run had used, in ms: so long the operator waits. */
const patience = 900_000;
/** Alerts of one symbol and kind that get their rows before another symbol has its turn. */
const turn = 4;

/** An alert of the page that is looked for. */
interface Wanted {
  readonly alert: number;
  readonly symbol: string;
  readonly time: number;
  readonly cells: readonly Cell[];
  readonly withRows: boolean;
  found: Found | null;
}

interface Found {
  readonly numbers: readonly Cell[];
  readonly keys: readonly Cell[];
  readonly from: number;
  readonly to: number;
}

interface SeenRow {
  readonly time: number;
  readonly keys: readonly Cell[];
  readonly cells: readonly Cell[];
}

export class EvidenceReader implements BoundReader {
  readonly table;
  readonly columns: readonly number[];
  readonly #engine: Engine;
  readonly #read: readonly number[];
  readonly #spans: Map<string, Spans>;
  readonly #rowSpans: Map<string, Spans>;
  readonly #wanted: readonly Wanted[];
  readonly #byMoment = new Map<string, Wanted[]>();
  readonly #seen = new Map<string, SeenRow[]>();
  /** Columns of the operator's input that are shown. */
  readonly #shown: readonly number[];

  /**
   * `alerts`: rows of the page's table. `eventful`: symbols in the order in which their alerts get their rows. `refused`:
   * positions of rows that came too late for the operator: alone, without all that moved the watermark, they would not.
   */
  constructor(private readonly plan: EvidencePlan, alerts: readonly (readonly Cell[])[], eventful: readonly string[], private readonly refused: ReadonlySet<number>) {
    const { before, after } = plan;
    this.table = plan.source;
    this.#engine = new Engine(plan.pipeline, { lane: 0, partitions: [1], hash: (bytes) => createHash('sha256').update(bytes).digest(), withholdBefore: null, strict: false });
    this.#read = this.#engine.plan.columns[0]!;
    this.columns = [...this.#read, plan.symbolColumn];
    this.#wanted = wantedOf(plan, alerts, eventful);
    for (const one of this.#wanted) {
      const key = momentKey(one.symbol, one.time);
      this.#byMoment.set(key, [...(this.#byMoment.get(key) ?? []), one]);
    }
    this.#spans = spansOf(this.#wanted, before, after);
    this.#rowSpans = spansOf(this.#wanted.filter(({ withRows }) => withRows), before, after);
    this.#shown = plan.inputs.flatMap(({ name }, index) => (index === plan.inputTime || name === plan.sink.schema[plan.symbol]!.name ? [] : [index]));
  }

  take(rows: BoundRows): void {
    const spans = byText(rows.column(this.plan.symbolColumn), (symbol) => this.#spans.get(symbol) ?? null);
    const picked: number[] = [];
    const at = (row: number): number => (rows.positions === null ? rows.position + row : rows.positions[row]!);
    for (let row = 0; row < rows.length; row += 1) {
      if (spans(row)?.has(rows.time[row]!) === true && !this.refused.has(at(row))) picked.push(row);
    }
    if (picked.length === 0) return;
    const batch = { length: picked.length, columns: this.#read.map((raw) => gather(rows.column(raw), picked, picked.length)) };
    const scanned = this.#engine.scan(0, 0, { batch, position: at(picked[0]!), positions: Float64Array.from(picked, at), watermarks: null });
    // Rows that were used, in whatever order they came: what fired by the watermark of all rows waits here for theirs.
    const marks = scanned.batch.time.map((time) => time - patience);
    this.#engine.feed({ batch: { ...scanned.batch, marks, marksBefore: [] }, from: 0, to: scanned.batch.batch.length });
    this.#collect(false);
  }

  /** Call once, when all rows were taken. */
  finish(): Evidence {
    this.#collect(true);
    const { sink, operatorText, formulas, numbers, inputs } = this.plan;
    const groups: EvidenceRows[] = [];
    const alerts = this.#alerts(groups);
    return {
      table: sink.name, operator: operatorText, formulas, groups, alerts, columns: this.#shown.map((column) => inputs[column]!.name),
      numbers: numbers.map(({ name, call }) => ({ name, aggregate: call.name, of: call.argument === null ? null : inputs[call.argument]!.name })),
    };
  }

  #collect(end: boolean): void {
    if (!end && !this.#engine.midStep) return;
    for (const { table, batch } of this.#engine.close({ end }).outputs) {
      if (table === 0) this.#takeNumbers(batch);
      else this.#takeRows(batch);
    }
  }

  /** Of an OVER the operator's results are the rows that it saw. */
  #takeNumbers(batch: Batch): void {
    const { operator, time, symbol } = this.plan;
    const width = operator.schema.length;
    const isOver = operator.kind === 'over';
    if (isOver) this.#takeRows(batch);
    for (let row = 0; row < batch.length; row += 1) {
      if (cell(batch.columns[width]!, row) !== 1) continue;
      const columns = batch.columns.slice(width + 1);
      const name = cell(columns[symbol]!, row);
      const moment = millisOf(cell(columns[time]!, row), this.plan.sink.schema[time]!.type);
      const match = this.#byMoment.get(momentKey(String(name), moment))?.find((one) => one.found === null && this.#isSame(one, batch, width + 1, row));
      if (match !== undefined) match.found = this.#foundAt(batch, row);
    }
  }

  #isSame({ cells }: Wanted, batch: Batch, first: number, row: number): boolean {
    return this.plan.sink.schema.every(({ type }, index) => isSameCell(cells[index]!, cell(batch.columns[first + index]!, row), type));
  }

  #foundAt(batch: Batch, row: number): Found {
    const { operator, numbers, inputTime, keys } = this.plan;
    const value = (column: number): Cell => shownCell(batch, column, row, operator.schema[column]!);
    if (operator.kind === 'over') {
      const to = millisOf(cell(batch.columns[inputTime]!, row), operator.schema[inputTime]!.type);
      const first = operator.input.schema.length;
      return { numbers: numbers.map((_, index) => value(first + index)), keys: operator.partition.map((column) => printable(batch.columns[column]!, row)), from: to - (operator.frame.preceding ?? 0), to };
    }
    const first = keys.length;
    const bounds = operator.kind === 'match' ? operator.schema.length - 2 : first + numbers.length;
    const bound = (index: number): number => millisOf(cell(batch.columns[bounds + index]!, row), operator.schema[bounds + index]!.type);
    return {
      numbers: numbers.map((_, index) => value(first + index)), keys: keys.map((_, index) => printable(batch.columns[index]!, row)),
      from: bound(0), to: bound(1) - (operator.kind === 'match' ? 0 : 1),
    };
  }

  #takeRows(batch: Batch): void {
    const { inputs, inputTime, sink, symbol, keys } = this.plan;
    const name = keys.find((column) => inputs[column]!.name === sink.schema[symbol]!.name) ?? keys[0];
    if (name === undefined) return;
    for (let row = 0; row < batch.length; row += 1) {
      const own = String(cell(batch.columns[name]!, row));
      const time = millisOf(cell(batch.columns[inputTime]!, row), inputs[inputTime]!.type);
      if (this.#rowSpans.get(own)?.has(time) !== true) continue;
      const seen = this.#seen.get(own) ?? [];
      seen.push({ time, keys: keys.map((column) => printable(batch.columns[column]!, row)), cells: this.#shown.map((column) => shownCell(batch, column, row, inputs[column]!)) });
      this.#seen.set(own, seen);
    }
  }

  #alerts(groups: EvidenceRows[]): AlertEvidence[] {
    const drafts = new Map<string, Draft>();
    let held = 0;
    const found = this.#wanted.flatMap(({ alert, symbol, withRows, found: one }) => {
      if (one === null) return [];
      const none = { alert, from: one.from, to: one.to, numbers: one.numbers, count: null, group: 0, first: 0, end: 0 };
      if (!withRows || held >= rowsMax.all) return [{ none, draft: null, first: 0, end: 0 }];
      const key = JSON.stringify([symbol, one.keys]);
      const draft = drafts.get(key) ?? this.#draft(symbol, one.keys);
      drafts.set(key, draft);
      const first = draft.rows.findIndex(({ time }) => time >= one.from);
      const after = draft.rows.findIndex(({ time }) => time > one.to);
      const end = after < 0 ? draft.rows.length : after;
      held += draft.pick(Math.max(0, first), end);
      return [{ none, draft: first < 0 ? null : draft, first, end }];
    });
    for (const draft of drafts.values()) {
      draft.group = groups.length;
      groups.push(this.#packedRows(draft.rows.filter((_, index) => draft.picked[index] === 1)));
    }
    return found.map(({ none, draft, first, end }) => (draft === null ? none : { ...none, count: end - first, group: draft.group, first: draft.placeOf(first), end: draft.placeOf(end) }));
  }

  #draft(symbol: string, keys: readonly Cell[]): Draft {
    return new Draft((this.#seen.get(symbol) ?? []).filter((row) => row.keys.every((value, index) => value === keys[index])).sort((a, b) => a.time - b.time));
  }

  #packedRows(rows: readonly SeenRow[]): EvidenceRows {
    return {
      times: packed(rows.map(({ time }) => time)),
      columns: this.#shown.map((column, index) => {
        const cells = rows.map((row) => row.cells[index]!);
        return isNumeric(this.plan.inputs[column]!.type.kind) ? packed(cells.map((value) => (value === null ? null : Number(value)))) : cells;
      }),
    };
  }
}

/** Rows of one key, and which of them the page gets. */
class Draft {
  group = 0;
  readonly picked: Uint8Array;

  constructor(readonly rows: readonly SeenRow[]) {
    this.picked = new Uint8Array(rows.length);
  }

  /** Picks the last rows of [first, end) and some of the earlier ones; how many were not picked before. */
  pick(first: number, end: number): number {
    const last = Math.max(first, end - rowsMax.last);
    const every = Math.max(1, Math.ceil((last - first) / rowsMax.earlier));
    let added = 0;
    for (let row = first; row < end; row += row < last ? every : 1) {
      const at = row > last && row - every < last ? last : row;
      for (let one = at; one <= row; one += 1) {
        added += 1 - this.picked[one]!;
        this.picked[one] = 1;
      }
    }
    return added;
  }

  /** Picked rows before this one. */
  placeOf(row: number): number {
    return this.picked.subarray(0, row).reduce((sum, one) => sum + one, 0);
  }
}

const momentKey = (symbol: string, time: number): string => `${time} ${symbol}`;

/** Some alerts of each symbol and kind get their rows before others of the same, the most eventful symbols first. */
function wantedOf({ time, symbol, sink }: EvidencePlan, alerts: readonly (readonly Cell[])[], eventful: readonly string[]): Wanted[] {
  const rank = new Map(eventful.map((name, index) => [name, index]));
  const found = alerts.flatMap((cells, alert) => (cells[time] === null || cells[symbol] === null ? [] : [{ alert, cells, symbol: String(cells[symbol]), time: textMillis(String(cells[time]), sink.schema[time]!.type) }]));
  const kind = sink.schema.findIndex(({ name }) => name === rolesOf(sink.schema).kind);
  const counts = new Map<string, number>();
  const ranked = found.map((one) => {
    const key = JSON.stringify([one.symbol, one.cells[kind] ?? null]);
    const place = counts.get(key) ?? 0;
    counts.set(key, place + 1);
    return { ...one, round: Math.floor(place / turn), rank: rank.get(one.symbol) ?? eventful.length };
  });
  ranked.sort((a, b) => a.round - b.round || a.rank - b.rank || a.alert - b.alert);
  return ranked.map(({ alert, cells, symbol: name, time: at }, index) => ({ alert, cells, symbol: name, time: at, withRows: index < rowsMax.alerts, found: null }));
}

/** Stretches of event time, merged and in order. */
class Spans {
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  #last = 0;

  constructor(spans: readonly (readonly [number, number])[]) {
    for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
      const last = this.#to.length - 1;
      if (last >= 0 && from <= this.#to[last]!) this.#to[last] = Math.max(this.#to[last]!, to);
      else {
        this.#from.push(from);
        this.#to.push(to);
      }
    }
  }

  has(time: number): boolean {
    // Rows come nearly in order: the last stretch, or one near it.
    while (this.#last > 0 && time < this.#from[this.#last]!) this.#last -= 1;
    while (this.#last + 1 < this.#from.length && time >= this.#from[this.#last + 1]!) this.#last += 1;
    return time >= this.#from[this.#last]! && time <= this.#to[this.#last]!;
  }
}

function spansOf(wanted: readonly Wanted[], before: number, after: number): Map<string, Spans> {
  const spans = new Map<string, [number, number][]>();
  for (const { symbol, time } of wanted) {
    const own = spans.get(symbol);
    if (own === undefined) spans.set(symbol, [[time - before, time + after]]);
    else own.push([time - before, time + after]);
  }
  return new Map([...spans].map(([symbol, own]) => [symbol, new Spans(own)]));
}

/** Epoch ms of a physical time. */
function millisOf(value: number | bigint | string | null, { kind, precision }: SqlType): number {
  if (value === null) return NaN;
  if (kind === 'DATE') return Number(value) * 86_400_000;
  return Math.floor(Number(value) / (timestampUnits(precision ?? 6) / 1000));
}

/** Epoch ms of a time as the outputs' reader writes it. */
function textMillis(text: string, { kind }: SqlType): number {
  const [, date, clock = '00:00:00', fraction = ''] = /^(\S+?)(?: ([\d:]+)(\.\d+)?.*)?$/.exec(text) ?? [];
  return Date.parse(`${date}T${kind === 'DATE' ? '00:00:00' : clock}.${`${fraction.slice(1)}000`.slice(0, 3)}Z`);
}

/** Whether a cell as the page has it is the value of a column. */
function isSameCell(shown: Cell, value: number | bigint | string | null, type: SqlType): boolean {
  if (shown === null || value === null) return shown === value;
  if (type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ' || type.kind === 'DATE') return textMillis(String(shown), type) === millisOf(value, type);
  if (type.kind === 'BOOLEAN') return Number(shown) === value;
  if (typeof value === 'string') return String(shown) === value || (String(shown).endsWith('…') && value.startsWith(String(shown).slice(0, -1)));
  if (type.kind === 'DECIMAL') return Number(shown) === Number(value) / Number(`1e${type.scale ?? 0}`);
  return String(shown) === String(value) || Object.is(Number(shown), Number(value));
}

/** A value for people: decimals with their point, times as the tables write them. */
function shownCell(batch: Batch, column: number, row: number, { type }: Field): Cell {
  const value = printable(batch.columns[column]!, row);
  if (value === null) return null;
  if (type.kind === 'DECIMAL') return Number(value) / Number(`1e${type.scale ?? 0}`);
  if (type.kind === 'BOOLEAN') return value === 1;
  if (type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ' || type.kind === 'DATE') return new Date(millisOf(Number(value), type)).toISOString().replace('T', ' ').replace('Z', '');
  return value;
}
