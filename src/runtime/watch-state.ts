/** What a paced run shows to whoever watches it: the last rows and alerts, prices by symbol, counts. Told, it never asks. */
import { cell, type Batch, type Column, type Dictionary } from '../core/batch.js';
import type { Schema } from '../core/types.js';
import { usualNames } from '../datasets/import/generic.js';
import { plain } from '../datasets/import/layout.js';
import { markOf, type ScanBatch, type SliceRows } from '../engine/scan-batch.js';
import type { StepResult } from '../engine/engine.js';
import type { SinkTable } from '../plan/plan.js';
import { rolesOf, type Roles } from '../report/roles.js';
import { cellText, clockText, timeMillis } from './watch-text.js';
import type { ObservedRun, Progress } from './options.js';

export interface TapeRow {
  readonly time: string;
  readonly symbol: string;
  readonly text: string;
  /** Against the symbol's price before: 1 up, -1 down, 0 the same or none. */
  readonly tick: number;
}

export interface AlertRow {
  readonly time: string;
  readonly symbol: string;
  readonly kind: string;
  readonly text: string;
}

export interface LatestRow {
  readonly output: string;
  readonly text: string;
}

export interface Mover {
  readonly symbol: string;
  /** The first price seen, and the last. */
  readonly first: number;
  last: number;
  /** Prices at the ends of stretches of event time. */
  readonly samples: number[];
}

export interface WatchState {
  readonly name: string;
  readonly speed: number | null;
  readonly progress: Progress;
  /** Rows a second of the last second of real time. */
  readonly rate: number;
  /** Epoch ms; -Infinity: none yet, null: the tables have none. */
  readonly watermark: number | null;
  /** Newest first. */
  readonly tape: readonly TapeRow[];
  readonly alerts: readonly AlertRow[];
  /** The last rows of the outputs, newest first. */
  readonly latest: readonly LatestRow[];
  readonly alertCounts: readonly (readonly [kind: string, rows: number])[];
  readonly outputs: readonly { readonly name: string; readonly rows: number }[];
  /** Those that have moved most first. */
  readonly movers: readonly Mover[];
  /** For one line: what the run has said last. */
  readonly message: string | null;
}

/** What is read of one table, by place among its columns; -1: it has no such column. */
interface InputColumns {
  readonly symbol: number;
  readonly price: number;
  readonly size: number;
  readonly bid: number;
  readonly ask: number;
  readonly type: number;
  readonly schema: Schema;
  readonly hasWatermark: boolean;
}

export interface WatchedRun {
  readonly name: string;
  readonly speed: number | null;
  readonly lanes: number;
  /** The columns that are read, by input. */
  readonly inputs: readonly { readonly schema: Schema; readonly hasWatermark: boolean }[];
  readonly sinks: readonly SinkTable[];
}

export function watchedRun({ name, parameters: { speed, lanes }, pipeline: { sources, sinks }, inputs }: ObservedRun): WatchedRun {
  return { name, speed, lanes, inputs: inputs.map((schema, input) => ({ schema, hasWatermark: sources[input]!.watermark !== null })), sinks };
}

const keptRows = 60;
const samplesMax = 40;
/** Symbols beyond it are not followed: nobody looks at so many. */
const moversMax = 20_000;
/** The symbol of a table without a column for it. */
const unnamed = 'price';
/** Real time that one sample stands for, ms. */
const sampleMillis = 2_000;

export class Watch {
  #tape: TapeRow[] = [];
  #alerts: AlertRow[] = [];
  #latest: LatestRow[] = [];
  #message: string | null = null;
  readonly #alertCounts = new Map<string, number>();
  readonly #movers = new Map<string, Mover>();
  /** The same by the code of a symbol, while the dictionary is the same. */
  #codes: { dictionary: Dictionary | null; movers: (Mover | undefined)[] } = { dictionary: null, movers: [] };
  readonly #inputs: readonly InputColumns[];
  readonly #sinks: readonly { readonly sink: SinkTable; readonly roles: Roles; rows: number }[];
  /** By lane and input, of those tables that have watermarks. */
  readonly #watermarks: number[][];
  #seenTrades = false;
  #sampledAt = -Infinity;

  constructor(private readonly run: WatchedRun) {
    this.#inputs = run.inputs.map(inputColumns);
    this.#sinks = run.sinks.map((sink) => ({ sink, roles: rolesOf(sink.schema), rows: 0 }));
    this.#watermarks = Array.from({ length: run.lanes }, () => run.inputs.flatMap(({ hasWatermark }) => (hasWatermark ? [-Infinity] : [NaN])));
  }

  say(message: string): void {
    this.#message = message;
  }

  /** Rows as they go into the engine. */
  takeRows(lane: number, { batch, from, to }: SliceRows): void {
    const input = this.#inputs[batch.input]!;
    if (input.hasWatermark) this.#watermarks[lane]![batch.input] = greatestMark(batch, from, to, this.#watermarks[lane]![batch.input]!);
    const { columns } = batch.batch;
    const type = input.type < 0 ? null : columns[input.type]!;
    const isTrade = (row: number): boolean => type !== null && cell(type, row) === 'TRADE';
    if (!this.#seenTrades && type !== null) for (let row = from; row < to && !this.#seenTrades; row += 1) this.#seenTrades = isTrade(row);
    const counts = (row: number): boolean => !this.#seenTrades || type === null || isTrade(row);
    // What would be pushed out of the tape at once is not written.
    let first = to;
    for (let kept = 0; first > from && kept < keptRows; first -= 1) if (counts(first - 1)) kept += 1;
    const rows: TapeRow[] = [];
    for (let row = from; row < to; row += 1) {
      if (!counts(row)) continue;
      const price = priceAt(input, columns, row);
      if (row >= first) rows.unshift(this.#tapeRow(input, columns, batch.time[row]!, row, price));
      if (price !== null) this.#move(input, columns, row, price);
    }
    this.#tape = [...rows, ...this.#tape].slice(0, keptRows);
    this.#sample(batch.time[to - 1]!);
  }

  takeStep({ outputs }: Pick<StepResult, 'outputs'>): void {
    for (const { table, batch } of outputs) {
      const sink = this.#sinks[table]!;
      sink.rows += batch.length;
      this.#latest = [...latestRows(sink.sink, batch), ...this.#latest].slice(0, keptRows);
      if (sink.roles.kind === null) continue;
      const kinds = columnOf(sink.sink.schema, batch, sink.roles.kind)!;
      const rows: AlertRow[] = [];
      for (let row = batch.length - 1; row >= 0; row -= 1) {
        const kind = String(cell(kinds, row) ?? 'NULL');
        this.#alertCounts.set(kind, (this.#alertCounts.get(kind) ?? 0) + 1);
        if (rows.length < keptRows) rows.push(alertRow(sink.sink.schema, sink.roles, batch, row, kind));
      }
      this.#alerts = [...rows, ...this.#alerts].slice(0, keptRows);
    }
  }

  state(progress: Progress, rate: number): WatchState {
    const watermarks = this.#watermarks.flat().filter((mark) => !Number.isNaN(mark));
    const movers = [...this.#movers.values()].map((mover) => ({ mover, change: Math.abs(mover.last / mover.first - 1) }));
    movers.sort((a, b) => b.change - a.change || (a.mover.symbol < b.mover.symbol ? -1 : 1));
    return {
      name: this.run.name, speed: this.run.speed, progress, rate, watermark: watermarks.length === 0 ? null : Math.min(...watermarks),
      tape: this.#tape, alerts: this.#alerts, latest: this.#latest, alertCounts: [...this.#alertCounts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)),
      outputs: this.#sinks.map(({ sink: { name }, rows }) => ({ name, rows })), movers: movers.slice(0, keptRows).map(({ mover }) => mover), message: this.#message,
    };
  }

  #tapeRow(input: InputColumns, columns: readonly Column[], time: number, row: number, price: number | null): TapeRow {
    const text = (index: number): string => (index < 0 ? '' : cellText(input.schema[index]!.type, cell(columns[index]!, row)));
    const symbol = text(input.symbol);
    const before = this.#movers.get(symbol === '' ? unnamed : symbol)?.last;
    const tick = price === null || before === undefined ? 0 : Math.sign(price - before);
    const isQuote = input.price < 0 && input.bid >= 0 && input.ask >= 0;
    const shown = isQuote ? `${text(input.bid)} / ${text(input.ask)}` : [text(input.price), text(input.size)].filter((part) => part !== '' && part !== '0').join(' × ');
    return { time: clockText(time), symbol, tick, text: shown || input.schema.slice(0, 4).map((_, index) => text(index)).join('  ') };
  }

  #move(input: InputColumns, columns: readonly Column[], row: number, price: number): void {
    const symbols = input.symbol < 0 ? null : columns[input.symbol]!;
    if (symbols?.storage === 'text' && symbols.dictionary !== null) {
      if (this.#codes.dictionary !== symbols.dictionary) this.#codes = { dictionary: symbols.dictionary, movers: [] };
      const code = symbols.values[row]!;
      const known = this.#codes.movers[code];
      if (known !== undefined) known.last = price;
      else this.#codes.movers[code] = this.#moverOf(symbols.dictionary.strings[code] ?? 'NULL', price);
      return;
    }
    this.#moverOf(symbols === null ? unnamed : String(cell(symbols, row) ?? 'NULL'), price);
  }

  #moverOf(symbol: string, price: number): Mover | undefined {
    const known = this.#movers.get(symbol);
    if (known !== undefined) known.last = price;
    // Of nothing, or less, there is no share.
    else if (price > 0 && this.#movers.size < moversMax) this.#movers.set(symbol, { symbol, first: price, last: price, samples: [] });
    return this.#movers.get(symbol);
  }

  #sample(time: number): void {
    if (time - this.#sampledAt < sampleMillis * (this.run.speed ?? 1_000)) return;
    this.#sampledAt = time;
    for (const { samples, last } of this.#movers.values()) {
      samples.push(last);
      if (samples.length > samplesMax) samples.shift();
    }
  }
}

function inputColumns({ schema, hasWatermark }: WatchedRun['inputs'][number]): InputColumns {
  const find = (names: readonly string[], isText: boolean): number =>
    names.map((name) => schema.findIndex((field) => plain(field.name) === name && (field.type.kind === 'STRING') === isText)).find((index) => index >= 0) ?? -1;
  return {
    symbol: find(usualNames.symbol, true), price: find(usualNames.price, false), size: find(usualNames.size, false), bid: find(usualNames.bid, false),
    ask: find(usualNames.ask, false), type: find(['eventtype'], true), schema, hasWatermark,
  };
}

function numberAt(column: Column, schema: Schema, index: number, row: number): number | null {
  const value = cell(column, row);
  if (value === null || typeof value === 'string') return null;
  const number = Number(value) / (schema[index]!.type.kind === 'DECIMAL' ? Number(10n ** BigInt(schema[index]!.type.scale!)) : 1);
  return Number.isFinite(number) ? number : null;
}

/** The price of a row: its own, or the middle of bid and ask. */
function priceAt({ price, bid, ask, schema }: InputColumns, columns: readonly Column[], row: number): number | null {
  if (price >= 0) return numberAt(columns[price]!, schema, price, row);
  if (bid < 0 || ask < 0) return null;
  const [one, other] = [numberAt(columns[bid]!, schema, bid, row), numberAt(columns[ask]!, schema, ask, row)];
  return one === null || other === null ? null : (one + other) / 2;
}

function greatestMark(batch: ScanBatch, from: number, to: number, least: number): number {
  let most = least;
  for (let row = from; row < to; row += 1) if (markOf(batch, row) > most) most = markOf(batch, row);
  return most;
}

function columnOf(schema: Schema, { columns }: Batch, name: string | null): Column | null {
  const index = name === null ? -1 : schema.findIndex((field) => field.name === name);
  return index < 0 ? null : columns[index]!;
}

/** The last rows of a step's output, newest first, their cells one after the other. */
function latestRows({ name, schema }: SinkTable, { length, columns }: Batch): LatestRow[] {
  return Array.from({ length: Math.min(length, keptRows) }, (_, index) => ({
    output: name, text: schema.map(({ type }, column) => cellText(type, cell(columns[column]!, length - 1 - index))).join('  '),
  }));
}

function alertRow(schema: Schema, roles: Roles, batch: Batch, row: number, kind: string): AlertRow {
  const time = columnOf(schema, batch, roles.time);
  const symbol = columnOf(schema, batch, roles.symbol);
  const value = time === null ? null : cell(time, row);
  const type = schema.find(({ name }) => name === roles.time)?.type;
  const numbers = roles.numbers.slice(0, 4).map((name) => `${name} ${cellText(schema.find((field) => field.name === name)!.type, cell(columnOf(schema, batch, name)!, row))}`);
  return {
    time: value === null || typeof value === 'string' || type === undefined ? '' : clockText(timeMillis(type, value)),
    symbol: symbol === null ? '' : String(cell(symbol, row) ?? 'NULL'), kind, text: numbers.join('  '),
  };
}
