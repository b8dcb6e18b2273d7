/** A description in parts that text and page share: facts, and tables of texts. */
import type { Description } from './describe.js';
import type { ColumnCounts } from './column-counts.js';
import type { Disorder, PrintCounts, Profile, QuoteCounts } from './profile.js';
import { bytes, count, duration, moment, number, share } from './words.js';

export interface Table {
  readonly title: string;
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns from the left that are texts; the others are numbers. */
  readonly left: number;
  readonly note?: string;
}

const symbolsShown = 20;

export function facts({ subject, profile, fingerprint }: Description): (readonly [string, string])[] {
  const { rows, span, symbolsTotal, eventTypes } = profile;
  const files = subject.files.length;
  return [
    ['rows', count(rows)], ['size', `${bytes(subject.bytes)}${rows === 0 ? '' : `, ${number(Math.round((10 * subject.bytes) / rows) / 10)} bytes a row`}`],
    ['format', `${subject.binding.format}${files > 1 ? `, ${count(files)} files` : ''}`],
    ['span', span === null ? 'no event time' : `${moment(span.from)} to ${moment(span.to)} UTC (${duration(span.to - span.from)})`],
    ...(symbolsTotal > 0 ? [['symbols', count(symbolsTotal)] as const] : []),
    ...(Object.keys(eventTypes).length > 0 ? [['event types', Object.entries(eventTypes).slice(0, 8).map(([name, times]) => `${name} ${count(times)}`).join(', ')] as const] : []),
    ['SHA-256', fingerprint],
  ];
}

export function tables(description: Description): Table[] {
  const { profile } = description;
  return [
    columnTable(description), lateTable(profile), symbolTable(profile), silenceTable(profile),
    ...(profile.quotes === null ? [] : [quoteTable(profile.quotes), ...badQuotes(profile.quotes)]),
    ...(profile.prints === null || profile.prints.prints + profile.prints.priceMissing === 0 ? [] : [printTable(profile.prints), ...suspicious(profile.prints)]),
    ...worst(profile.strays?.disorder ?? profile.disorder), ...jumps(profile.disorder), ...rejects(profile),
  ].filter(({ rows }) => rows.length > 0);
}

function columnTable({ subject, profile: { columns, rows } }: Description): Table {
  const roles = Object.entries(subject.roles).filter(([, at]) => at >= 0);
  return {
    title: 'Columns', names: ['column', 'type', 'taken as', 'NULL', 'NaN', 'zero', 'negative', 'distinct', 'least', 'greatest'], left: 3,
    rows: columns.map((column, index) => {
      const { type } = subject.columns[index]!;
      const isTime = type.kind.startsWith('TIMESTAMP');
      const role = roles.find(([, at]) => at === index)?.[0] ?? '';
      return [
        column.name, type.kind === 'DECIMAL' ? `DECIMAL(${type.precision}, ${type.scale})` : type.kind, role, nullsOf(column, rows), some(column.nan + column.infinite),
        ...(isTime ? ['', ''] : [some(column.zero), some(column.negative)]), column.distinct === null ? '' : count(column.distinct),
        ...[column.min, column.max].map((value) => (value === null ? '' : shown(value, type))),
      ];
    }),
  };
}

const some = (times: number): string => (times === 0 ? '' : count(times));
const nullsOf = ({ nulls }: ColumnCounts, rows: number): string => (nulls === 0 ? '' : nulls === rows ? 'all' : `${count(nulls)} (${share(nulls, rows)})`);

function shown(value: number, { kind, precision, scale }: Description['subject']['columns'][number]['type']): string {
  if (kind === 'TIMESTAMP' || kind === 'TIMESTAMP_LTZ') return moment(Math.floor(value / ((precision ?? 6) <= 3 ? 1 : (precision ?? 6) <= 6 ? 1e3 : 1e6)));
  if (kind === 'DATE') return moment(value * 86_400_000).slice(0, 10);
  return number(kind === 'DECIMAL' ? value / Number(10n ** BigInt(scale!)) : value);
}

function lateTable({ disorder, strays, behindInSymbol, rows }: Profile): Table {
  const { lateAt, behind } = strays?.disorder ?? disorder;
  return {
    title: 'Late rows by the bound of the watermark', names: ['bound', 'late rows', 'of all'], left: 1,
    // Beyond the first bound at which no row is late there is nothing to say.
    rows: behind === 0 ? [] : lateAt.filter((_, index) => index === 0 || lateAt[index - 1]!.rows > 0).map((each) => [duration(each.bound), count(each.rows), share(each.rows, rows)]),
    note: `${strays === null ? '' : `Without ${count(strays.rows)} that alone lie more than an hour ahead. `}Within their own symbol ${count(behindInSymbol.rows)} rows are behind${behindInSymbol.rows > 0 ? `, by ${duration(behindInSymbol.max)} at the most` : ''}.`,
  };
}

function symbolTable({ symbols, symbolsTotal, rows }: Profile): Table {
  const more = symbolsTotal - Math.min(symbolsTotal, symbolsShown);
  return {
    title: 'Symbols with most rows', names: ['symbol', 'rows', 'of all', 'prints', 'least', 'greatest', 'behind', 'tied', 'crossed', 'suspicious', 'longest silence'], left: 1,
    rows: symbolsTotal === 0 ? [] : symbols.slice(0, symbolsShown).map((each) => [
      each.symbol ?? '(none)', count(each.rows), share(each.rows, rows), some(each.prints), each.priceMin === null ? '' : number(each.priceMin), each.priceMax === null ? '' : number(each.priceMax),
      some(each.behind), some(each.tied), some(each.crossed), some(each.suspicious), each.silence === null ? '' : duration(each.silence.to - each.silence.from),
    ]),
    ...(more > 0 ? { note: `And ${count(more)} more.` } : {}),
  };
}

function silenceTable({ silences, silencesOfSymbols }: Profile): Table {
  const line = (who: string, { from, to }: { from: number; to: number }): string[] => [who, duration(to - from), moment(from), moment(to)];
  return {
    title: 'Longest silences', names: ['of', 'lasts', 'from', 'to'], left: 1,
    rows: [...silences.slice(0, 5).map((each) => line('all rows', each)), ...silencesOfSymbols.slice(0, 5).map((each) => line(each.symbol ?? '(none)', each))],
  };
}

function quoteTable({ quotes, oneSided, crossed, locked, zero, negative }: QuoteCounts): Table {
  const line = (name: string, times: number): string[] => [name, count(times), share(times, quotes + oneSided)];
  return { title: 'Quotes', names: ['', 'rows', 'of all'], left: 1, rows: quotes + oneSided === 0 ? [] : [line('bid and ask', quotes), line('one side only', oneSided), line('crossed (bid > ask)', crossed), line('locked (bid = ask)', locked), line('a side is zero', zero), line('a side is negative', negative)] };
}

const badQuotes = ({ examples }: QuoteCounts): Table[] => [{
  title: 'First quotes that cannot be', names: ['row', 'time', 'symbol', 'bid', 'ask'], left: 0,
  rows: examples.map(({ position, time, symbol, bid, ask }) => [count(position), moment(time), symbol ?? '', number(bid), number(ask)]),
}];

function printTable(found: PrintCounts): Table {
  const line = (name: string, times: number): string[] => [name, count(times), share(times, found.prints)];
  return {
    title: 'Prices and volumes', names: ['', 'rows', 'of all'], left: 1,
    rows: [line('prices', found.prints), line('price is NULL or NaN', found.priceMissing), line('price is zero', found.priceZero), line('price is negative', found.priceNegative), line('volume is zero', found.volumeZero), line('volume is negative', found.volumeNegative), line('volume is NULL or NaN', found.volumeMissing), line('suspicious', found.suspicious)],
    note: 'Suspicious: more than ten robust deviations, and half a percent, from the median of the seven prints before and after; or more than ten spreads outside a quote of the last minute.',
  };
}

const suspicious = ({ examples }: PrintCounts): Table[] => [{
  title: 'Most suspicious prints', names: ['row', 'time', 'symbol', 'price', 'expected', 'distance'], left: 0,
  rows: examples.map(({ position, time, symbol, price, expected, distance, by }) => [count(position), moment(time), symbol ?? '', number(price), number(expected), `${Number(distance.toPrecision(3))} ${by === 'quote' ? 'spreads' : 'deviations'}`]),
}];

const worst = ({ worst: rows }: Disorder): Table[] => [{
  title: 'Rows furthest behind', names: ['row', 'time', 'symbol', 'behind'], left: 0, rows: rows.slice(0, 5).map(({ position, time, symbol, by }) => [count(position), moment(time), symbol ?? '', duration(by)]),
}];

const jumps = ({ jumps: all }: Disorder): Table[] => [{
  title: 'Jumps of more than an hour', names: ['row', 'from', 'to', 'symbol', 'rows behind'], left: 0,
  rows: all.slice(0, 5).map(({ position, time, from, symbol, rowsBehind }) => [count(position), moment(from), moment(time), symbol ?? '', count(rowsBehind)]),
}];

const rejects = ({ rejected }: Profile): Table[] => [{
  title: 'First rows that cannot be read', names: ['row', 'column', 'reason'], left: 3, rows: rejected.examples.map(({ position, column, error }) => [count(position), column ?? '', error]),
}];
