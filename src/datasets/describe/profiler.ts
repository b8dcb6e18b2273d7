/** Gathers a profile from batches. Memory grows with symbols, not with rows. */
import type { Column, Dictionary } from '../../core/batch.js';
import type { SourceBatch } from '../../sources/source.js';
import { ColumnCounter } from './column-counts.js';
import { DisorderCounter } from './disorder.js';
import { outsideQuote, type Judged } from './prints.js';
import type { Place, PrintCounts, Profile, QuoteCounts, SymbolCounts } from './profile.js';
import { rowHashes } from './row-hash.js';
import { Silences, type Silence } from './silences.js';
import { SymbolTrack } from './symbol-track.js';
import { Timeline } from './timeline.js';
import { Worst } from './worst.js';

/** Indices of columns by role; -1: the file has none. */
export interface Roles {
  readonly time: number;
  readonly symbol: number;
  readonly price: number;
  readonly volume: number;
  readonly bid: number;
  readonly ask: number;
  readonly type: number;
}

const examples = 10;
const symbolsShown = 1000;
const sessionGap = 30 * 60_000;
const aheadMax = 3_600_000;
/** More symbols than these are counted as one. */
const symbolsMax = 100_000;

/** What a row is, by its event type: rows of other types may be either. */
const isTrade = /trade|fill|exec|print/i;
const isQuote = /quote|bbo|book|bid|ask|depth/i;

export class Profiler {
  #rows = 0;
  #rejected = 0;
  #timeless = 0;
  #least = Infinity;
  readonly #rejects: Profile['rejected']['examples'][number][] = [];
  readonly #counters: readonly ColumnCounter[];
  readonly #timeline = new Timeline();
  readonly #silences = new Silences(64);
  readonly #disorder = new DisorderCounter(examples);
  /** As with --max-ahead: without rows that alone lie more than an hour ahead. */
  readonly #held = new DisorderCounter(examples);
  #strays = 0;
  #ahead: Place | null = null;
  readonly #tracks = new Map<string | null, SymbolTrack>();
  readonly #types = new Map<string, number>();
  readonly #suspicious = new Worst<Judged & { readonly symbol: string | null }>(examples * 2, ({ distance }) => distance);
  readonly #badQuotes: (Place & { readonly bid: number; readonly ask: number })[] = [];
  readonly #quote = { oneSided: 0, zero: 0, negative: 0 };
  readonly #print = { priceZero: 0, priceNegative: 0, priceMissing: 0, volumeZero: 0, volumeNegative: 0, volumeMissing: 0 };
  /** Tracks of the codes of a batch's dictionary. */
  #dictionary: Dictionary | null = null;
  #byCode: (SymbolTrack | undefined)[] = [];

  constructor(private readonly names: readonly string[], private readonly roles: Roles) {
    this.#counters = names.map(() => new ColumnCounter());
  }

  get rows(): number {
    return this.#rows + this.#rejected;
  }

  add({ batch, position, positions, rejected }: SourceBatch): void {
    const { length, columns } = batch;
    this.#rows += length;
    this.#rejected += rejected.length;
    for (const row of rejected) if (this.#rejects.length < examples) this.#rejects.push({ position: row.position, column: row.column, error: row.error });
    this.#counters.forEach((counter, index) => counter.add(columns[index]!, length));
    const hashes = rowHashes(batch);
    const number = (index: number): Float64Array | null => (index < 0 ? null : numbersOf(columns[index]!, length));
    const { roles } = this;
    const times = number(roles.time)!, prices = number(roles.price), volumes = number(roles.volume), bids = number(roles.bid), asks = number(roles.ask);
    const tracks = this.#tracksOf(roles.symbol < 0 ? null : columns[roles.symbol]!, length);
    const kinds = this.#kindsOf(roles.type < 0 ? null : columns[roles.type]!, length);
    for (let row = 0; row < length; row += 1) {
      const time = times[row]!;
      // Its NULLs come as NaN.
      if (time !== time) {
        this.#timeless += 1;
        continue;
      }
      const at = positions === null ? position + row : positions[row]!;
      const track = tracks(row);
      this.#time(time, at, track);
      track.row(time, hashes[row]!);
      if (bids !== null && asks !== null && kinds(row) !== 'trade') this.#quoted(track, time, at, bids[row]!, asks[row]!);
      if (prices !== null && kinds(row) !== 'quote') this.#printed(track, time, at, prices[row]!, volumes === null ? null : volumes[row]!);
    }
  }

  #time(time: number, position: number, track: SymbolTrack): void {
    const symbol = nameOf(track);
    this.#disorder.add(time, position, symbol);
    const isAhead = this.#held.max > -Infinity && time - this.#held.max > aheadMax;
    const waiting = this.#ahead;
    this.#ahead = null;
    if (waiting !== null) {
      // Two in a row are a pause that is over; one is a stray.
      if (isAhead) this.#accept(waiting);
      else this.#strays += 1;
    }
    if (isAhead && waiting === null) this.#ahead = { position, time, symbol };
    else this.#accept({ position, time, symbol });
  }

  #accept({ time, position, symbol }: Place): void {
    const { max } = this.#held;
    if (time > max) {
      if (max > -Infinity) this.#silences.advance(max, time);
    } else if (time < max) this.#silences.split(time);
    if (time < this.#least) this.#least = time;
    this.#timeline.add(time);
    this.#held.add(time, position, symbol);
  }

  #quoted(track: SymbolTrack, time: number, position: number, bid: number, ask: number): void {
    const hasBid = bid === bid, hasAsk = ask === ask;
    if (!hasBid && !hasAsk) return;
    if (!hasBid || !hasAsk) {
      this.#quote.oneSided += 1;
      return;
    }
    if (bid === 0 || ask === 0) this.#quote.zero += 1;
    if (bid < 0 || ask < 0) this.#quote.negative += 1;
    if ((bid > ask || bid <= 0 || ask <= 0) && this.#badQuotes.length < examples) this.#badQuotes.push({ position, time, symbol: nameOf(track), bid, ask });
    track.quote(time, bid, ask);
  }

  #printed(track: SymbolTrack, time: number, position: number, price: number, volume: number | null): void {
    const counts = this.#print;
    if (price !== price) {
      counts.priceMissing += 1;
      return;
    }
    if (price === 0) counts.priceZero += 1;
    else if (price < 0) counts.priceNegative += 1;
    if (volume !== null) {
      if (volume === 0) counts.volumeZero += 1;
      else if (volume < 0) counts.volumeNegative += 1;
      else if (volume !== volume) counts.volumeMissing += 1;
    }
    track.print(time, price);
    const print = { position, time, price };
    const outside = track.bid === track.bid ? outsideQuote(print, { bid: track.bid, ask: track.ask, time: track.quotedAt }) : null;
    const judged = track.neighbours.add(position, time, price);
    // A print that both contradict is counted once: by its quote, which is known first.
    if (outside !== null) this.#suspect(track, outside);
    if (judged !== null && !track.outside.has(judged.position)) this.#suspect(track, judged);
    if (outside !== null) track.remember(position);
  }

  #suspect(track: SymbolTrack, judged: Judged): void {
    track.suspicious += 1;
    if (this.#suspicious.takes(judged.distance)) this.#suspicious.add({ ...judged, symbol: nameOf(track) });
  }

  #track(name: string | null): SymbolTrack {
    let track = this.#tracks.get(name);
    if (track === undefined) {
      if (this.#tracks.size >= symbolsMax) return this.#track(null);
      track = new SymbolTrack(name ?? '');
      this.#tracks.set(name, track);
    }
    return track;
  }

  #tracksOf(column: Column | null, length: number): (row: number) => SymbolTrack {
    if (column === null || column.storage !== 'text' || column.dictionary === null) {
      const only = length === 0 ? undefined : this.#track(null);
      return () => only!;
    }
    const { values, dictionary } = column;
    if (dictionary !== this.#dictionary) this.#byCode = [];
    this.#dictionary = dictionary;
    const byCode = this.#byCode;
    return (row) => (byCode[values[row]!] ??= this.#track(dictionary.strings[values[row]!]!));
  }

  #kindsOf(column: Column | null, length: number): (row: number) => 'trade' | 'quote' | 'either' {
    if (column === null || column.storage !== 'text' || column.dictionary === null) return () => 'either';
    const { values, dictionary } = column;
    const counts = new Float64Array(dictionary.size);
    for (let row = 0; row < length; row += 1) counts[values[row]!]! += 1;
    counts.forEach((count, code) => {
      const name = dictionary.strings[code] ?? 'NULL';
      // A column of very many types is none of types.
      if (count > 0 && (this.#types.size < examples * 10 || this.#types.has(name))) this.#types.set(name, (this.#types.get(name) ?? 0) + count);
    });
    const kinds = dictionary.strings.map((text) => (text === null ? 'either' : isTrade.test(text) ? 'trade' : isQuote.test(text) ? 'quote' : 'either'));
    return (row) => kinds[values[row]!]!;
  }

  read(): Profile {
    const tracks = [...this.#tracks.values()].sort((a, b) => b.rows - a.rows || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    const sum = (of: (track: SymbolTrack) => number): number => tracks.reduce((total, track) => total + of(track), 0);
    // A last row far ahead has nobody to contradict it.
    if (this.#ahead !== null) this.#accept(this.#ahead);
    this.#ahead = null;
    const { max } = this.#held;
    const span = max > -Infinity ? { from: this.#least, to: max } : null;
    const largest = tracks.reduce<SymbolTrack | null>((most, track) => (track.tieMax > (most?.tieMax ?? 1) ? track : most), null);
    return {
      rows: this.#rows, rejected: { rows: this.#rejected, examples: this.#rejects }, timeless: this.#timeless, span, timeline: this.#timeline.read(),
      columns: this.#counters.map((counter, index) => ({ name: this.names[index]!, ...counter.read() })),
      symbolsTotal: this.roles.symbol < 0 ? 0 : tracks.length, symbols: tracks.slice(0, symbolsShown).map(countsOf), eventTypes: Object.fromEntries([...this.#types].sort((a, b) => b[1] - a[1])),
      disorder: this.#disorder.read(), strays: this.#strays === 0 ? null : { rows: this.#strays, disorder: this.#held.read() },
      behindInSymbol: { rows: sum((track) => track.behind), max: tracks.reduce((most, track) => Math.max(most, track.behindMax), 0) },
      silences: this.#silences.longest(examples), silencesOfSymbols: this.roles.symbol < 0 ? [] : longestOf(tracks), sessions: sessionsOf(span, this.#silences.longest(64)),
      ties: { rows: sum((track) => track.tied), largest: largest === null ? null : { rows: largest.tieMax, symbol: nameOf(largest), time: largest.tieMaxAt } },
      repeated: sum((track) => track.repeated),
      quotes: this.roles.bid < 0 || this.roles.ask < 0 ? null : this.#quotes(tracks, sum), prints: this.roles.price < 0 ? null : this.#prints(tracks, sum),
    };
  }

  #quotes(tracks: readonly SymbolTrack[], sum: (of: (track: SymbolTrack) => number) => number): QuoteCounts {
    const widest = tracks.filter((track) => track.quotes > 0 && track.spreadMax > 0)
      .map((track) => ({ symbol: nameOf(track), spread: track.spreadMax, mean: track.spreadSum / track.quotes, time: track.spreadMaxAt }))
      .sort((a, b) => b.spread / b.mean - a.spread / a.mean);
    return { quotes: sum((track) => track.quotes), ...this.#quote, crossed: sum((track) => track.crossed), locked: sum((track) => track.locked), examples: this.#badQuotes, widest: widest.slice(0, examples) };
  }

  #prints(tracks: readonly SymbolTrack[], sum: (of: (track: SymbolTrack) => number) => number): PrintCounts {
    const standing = tracks.filter((track) => track.sameMax > 1).sort((a, b) => b.sameMax - a.sameMax).slice(0, examples)
      .map((track) => ({ symbol: nameOf(track), prints: track.sameMax, from: track.sameMaxFrom, to: track.sameMaxTo, always: track.priceMin === track.priceMax }));
    return { prints: sum((track) => track.prints), ...this.#print, suspicious: sum((track) => track.suspicious), examples: this.#suspicious.items, standing };
  }
}

/** The track of rows without a symbol has no name. */
const nameOf = ({ name }: SymbolTrack): string | null => (name === '' ? null : name);

function countsOf(track: SymbolTrack): SymbolCounts {
  const { rows, first, last, prints, priceMin, priceMax, behind, behindMax, tied, repeated, crossed, suspicious } = track;
  const hasPrice = prints > 0;
  return {
    symbol: nameOf(track), rows, from: first, to: last, prints, priceMin: hasPrice ? priceMin : null, priceMax: hasPrice ? priceMax : null,
    behind, behindMax, tied, repeated, crossed, suspicious, silence: track.silences.longest(1)[0] ?? null,
  };
}

function longestOf(tracks: readonly SymbolTrack[]): Profile['silencesOfSymbols'] {
  const all = tracks.flatMap((track) => track.silences.longest(2).map((silence) => ({ ...silence, symbol: nameOf(track) })));
  return all.sort((a, b) => b.to - b.from - (a.to - a.from) || a.from - b.from).slice(0, examples);
}

function sessionsOf(span: Silence | null, silences: readonly Silence[]): Silence[] {
  if (span === null) return [];
  const pauses = silences.filter(({ from, to }) => to - from >= sessionGap).sort((a, b) => a.from - b.from);
  const starts = [span.from, ...pauses.map(({ to }) => to)], ends = [...pauses.map(({ from }) => from), span.to];
  return starts.map((from, index) => ({ from, to: ends[index]! }));
}

/** Values as doubles, NULL as NaN. */
function numbersOf(column: Column, length: number): Float64Array {
  if (column.storage === 'text') return new Float64Array(length).fill(NaN);
  const { values, nulls } = column;
  if (values instanceof Float64Array && nulls === null) return values;
  const numbers = values instanceof Float64Array ? values.slice(0, length) : Float64Array.from(values.slice(0, length), Number);
  if (nulls !== null) for (let row = 0; row < length; row += 1) if (nulls[row] !== 0) numbers[row] = NaN;
  return numbers;
}
