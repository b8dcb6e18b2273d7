/** Which columns of a user's file are time, symbol, price and so on, and how each becomes a column of a table. */
import { TapewrightError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { usualNames } from '../datasets/import/generic.js';
import type { Head } from '../datasets/import/head.js';
import { plain } from '../datasets/import/layout.js';
import { quoteName, quoteText } from '../sources/quote.js';

export const starterRoles = ['time', 'symbol', 'price', 'volume', 'bid', 'ask', 'event_type'] as const;
export type StarterRole = (typeof starterRoles)[number];

/** What of the columns is needed to tell them apart: part of a file's head. */
export type Columns = Pick<Head, 'path' | 'form' | 'columns' | 'sample' | 'types'>;

export interface StarterColumn {
  /** In the table. */
  readonly name: string;
  /** SQL: `BIGINT`. */
  readonly type: string;
  /** In the file; for people. */
  readonly from: string;
  /** DuckDB expression over the file's columns; null: the file's column has the table's name and can be read as it is. */
  readonly expression: string | null;
}

export type StarterColumns = { readonly time: StarterColumn } & { readonly [Role in Exclude<StarterRole, 'time'>]?: StarterColumn } & {
  /** Values of event_type that the first rows have. */
  readonly eventTypes: readonly string[];
  /** Names of the file's other columns. */
  readonly others: readonly string[];
};

const tableNames: Readonly<Record<StarterRole, string>> = { time: 'event_time', symbol: 'symbol', price: 'price', volume: 'volume', bid: 'bid', ask: 'ask', event_type: 'event_type' };

/** Names that a column has most often, then what is in many others; as `plain` compares them. */
const wanted: Readonly<Record<StarterRole, { readonly names: readonly string[]; readonly parts?: RegExp; readonly never?: RegExp }>> = {
  time: { names: [...usualNames.time, 'epoch', 'datetimeutc', 't', 'date'], parts: /time|epoch|date/, never: /timezone|update|settle|expir/ },
  symbol: { names: [...usualNames.symbol, 's', 'product', 'contract', 'security', 'isin'], parts: /symbol|ticker|instrument/ },
  price: { names: [...usualNames.price, 'p', 'rate', 'close', 'mid'], parts: /price|px$/, never: /bid|ask|offer|ofr|open|high|low|strike|quote|settle|tick/ },
  volume: { names: [...usualNames.size, 'q', 'v'], parts: /volume|qty|quantity|size|amount/, never: /bid|ask|offer|ofr|tick/ },
  bid: { names: [...usualNames.bid, 'b'], parts: /bid/, never: /size|qty|quantity|volume|amount|count|sz|exchange|venue|time/ },
  ask: { names: [...usualNames.ask, 'a'], parts: /ask|offer|ofr/, never: /size|qty|quantity|volume|amount|count|sz|exchange|venue|time|mask|task/ },
  event_type: { names: ['eventtype'] },
};

/** Finds what `asked` does not name; a price, or bid and ask, must be among it unless they are not needed. Throws USAGE for a column that is not there, DATASET_INVALID where no time or price can be found or read. */
export function findColumns(head: Columns, asked: Readonly<Partial<Record<StarterRole, string>>>, { priceNeeded } = { priceNeeded: true }): StarterColumns {
  const taken = new Set<string>();
  const found: Partial<Record<StarterRole, StarterColumn>> = {};
  for (const [role, column] of Object.entries(asked)) if (!head.columns.includes(column)) throw noColumn(head, role, column);
  for (const column of Object.values(asked)) taken.add(column);
  for (const role of starterRoles) {
    const column = asked[role] ?? candidates(head, role).find((name) => !taken.has(name) && (role === 'time' || role === 'symbol' || role === 'event_type' || isNumber(head, name)));
    if (column === undefined) continue;
    taken.add(column);
    found[role] = role === 'time' ? timeColumn(head, column, taken) : plainColumn(head, role, column);
  }
  const { time, price, bid, ask } = found;
  if (time === undefined) throw unfound(head, 'a time', '--time');
  if (priceNeeded && price === undefined && (bid === undefined || ask === undefined)) throw unfound(head, 'a price, or bid and ask', '--price, or --bid and --ask');
  // Where DuckDB reads a file for the sake of its times, it does not take numbers for names.
  const { symbol } = found;
  if (head.form === 'json' && symbol !== undefined && time.expression?.includes('(') === true && samples(head, symbol.from).every((text) => numberText.test(text))) {
    found.symbol = { ...symbol, expression: `CAST(${quoteName(symbol.from)} AS VARCHAR)` };
  }
  const type = found.event_type;
  return {
    ...found, time, eventTypes: type === undefined ? [] : [...new Set(samples(head, type.from))].sort(),
    others: head.columns.filter((name) => !taken.has(name) && name !== ''),
  };
}

const received = /local|recv|receiv|arriv|ingest|process/i;

/** Columns that may have a role, the likeliest first. */
function candidates(head: Columns, role: StarterRole): string[] {
  const { names, parts, never } = wanted[role];
  const named = names.flatMap((name) => head.columns.filter((column) => plain(column) === name));
  const like = parts === undefined ? [] : head.columns.filter((column) => parts.test(plain(column)) && never?.test(plain(column)) !== true);
  const stamps = role === 'time' ? head.columns.filter((column) => /(^|[_\s-])ts([_\s-]|$)/i.test(column)) : [];
  // When a row was received says less than when it happened.
  const found = [...named, ...like, ...stamps].filter((column) => column !== '');
  return role === 'time' ? [...found.filter((column) => !received.test(column)), ...found.filter((column) => received.test(column))] : found;
}

const typeOf = (head: Columns, column: string): string => head.types[head.columns.indexOf(column)] ?? 'TEXT';

function samples(head: Columns, column: string): string[] {
  const index = head.columns.indexOf(column);
  return head.sample.map((record) => record[index] ?? null).filter((value) => value !== null);
}

const integers = /^U?(TINY|SMALL|BIG|HUGE)INT$|^U?INTEGER$/;
const wide = /^(UBIGINT|U?HUGEINT)$/;
const reals = /^(FLOAT|DOUBLE|DECIMAL)/;
const numberText = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function isNumber(head: Columns, column: string): boolean {
  const type = typeOf(head, column);
  if (integers.test(type) || reals.test(type)) return true;
  const values = samples(head, column);
  return /^(TEXT|VARCHAR)$/.test(type) && values.length > 0 && values.every((text) => numberText.test(text) || /^nan$/i.test(text));
}

function plainColumn(head: Columns, role: StarterRole, from: string): StarterColumn {
  const type = typeOf(head, from);
  const name = tableNames[role];
  const column = quoteName(from);
  const direct = from === name ? null : column;
  if (role === 'symbol' || role === 'event_type') return { name, type: 'STRING', from, expression: /^(TEXT|VARCHAR|ENUM|UUID)/.test(type) ? direct : `CAST(${column} AS VARCHAR)` };
  const isWhole = role === 'volume' && (integers.test(type) || (!reals.test(type) && samples(head, from).every((text) => /^[+-]?\d+$/.test(text))));
  const declared = isWhole ? 'BIGINT' : 'DOUBLE';
  return { name, type: declared, from, expression: wide.test(type) || type === 'VARCHAR' ? `CAST(${column} AS ${declared})` : direct };
}

/** Digits before the point, of each unit for the years 1973 to 2286. */
const epochs: readonly (readonly [RegExp, (column: string) => string | null])[] = [
  [/^\d{12,13}$/, () => null],
  [/^\d{9,10}$/, (column) => `make_timestamp(CAST(${column} AS BIGINT) * 1000000)`],
  [/^\d{15,16}$/, (column) => `make_timestamp(CAST(${column} AS BIGINT))`],
  [/^\d{18,19}$/, (column) => `make_timestamp_ns(CAST(${column} AS BIGINT))`],
  [/^\d{9,10}\.\d+$/, (column) => `make_timestamp(CAST(round(CAST(${column} AS DECIMAL(28, 9)) * 1000000) AS BIGINT))`],
  [/^\d{12,13}\.\d+$/, (column) => `epoch_ms(CAST(floor(CAST(${column} AS DECIMAL(28, 9))) AS BIGINT))`],
];

/** Times that the readers do not take as they are, with DuckDB's words for them. */
const written: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d(\.\d+)?$/, ['%Y.%m.%d %H:%M:%S.%f', '%Y.%m.%d %H:%M:%S']],
  [/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(\.\d+)?$/, ['%Y/%m/%d %H:%M:%S.%f', '%Y/%m/%d %H:%M:%S']],
  [/^\d{8} \d\d:\d\d:\d\d(\.\d+)?$/, ['%Y%m%d %H:%M:%S.%f', '%Y%m%d %H:%M:%S']],
  [/^\d{8} \d{6}$/, ['%Y%m%d %H%M%S']],
  [/^\d{8} \d{9}$/, ['%Y%m%d %H%M%S%g']],
];

const iso = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?)?\s?(Z|UTC|[+-]\d\d(:?\d\d)?)?$/i;
const timeOfDay = /^\d\d:\d\d:\d\d(\.\d+)?$/;

function timeColumn(head: Columns, from: string, taken: Set<string>): StarterColumn {
  const type = typeOf(head, from);
  const column = quoteName(from);
  const made = (expression: string | null): StarterColumn => ({ name: 'event_time', type: 'TIMESTAMP(3)', from, expression: expression ?? (from === 'event_time' ? null : column) });
  if (/^TIMESTAMP/.test(type)) return made(null);
  if (type === 'DATE') {
    const clock = head.columns.find((name) => name !== from && /^TIME/.test(typeOf(head, name)) && !/^TIMESTAMP/.test(typeOf(head, name)));
    if (clock !== undefined) taken.add(clock);
    return made(clock === undefined ? `CAST(${column} AS TIMESTAMP)` : `${column} + ${quoteName(clock)}`);
  }
  const values = samples(head, from);
  const all = (pattern: RegExp): boolean => values.length > 0 && values.every((text) => pattern.test(text));
  if (type === 'DOUBLE' || type === 'FLOAT') {
    // Whole milliseconds and finer units have no point in their text, or a zero after it.
    const digits = values.map((text) => Math.trunc(Number(text)).toString().length);
    const scale = digits.every((count) => count === 9 || count === 10) ? 1_000_000 : digits.every((count) => count === 12 || count === 13) ? 1_000 : 0;
    if (values.length > 0 && scale > 0) return made(`make_timestamp(CAST(round(${column} * ${scale}) AS BIGINT))`);
  }
  if (/^DECIMAL/.test(type) || integers.test(type) || /^(TEXT|VARCHAR)$/.test(type)) {
    const epoch = epochs.find(([pattern]) => all(pattern));
    if (epoch !== undefined) {
      const expression = epoch[1](column);
      // Of a Parquet file only a signed integer is read as milliseconds by itself.
      return made(expression ?? (head.form === 'parquet' && (type === 'VARCHAR' || wide.test(type) || /^DECIMAL/.test(type)) ? `CAST(${column} AS BIGINT)` : null));
    }
  }
  if (all(iso) && !(all(/^\d{4}-\d\d-\d\d$/) && clockOf(head, from) !== null)) return made(type === 'VARCHAR' ? `CAST(${column} AS TIMESTAMP)` : null);
  const text = written.find(([pattern]) => all(pattern));
  if (text !== undefined) return made(`strptime(${column}, [${text[1].map(quoteText).join(', ')}])`);
  return made(dayAndClock(head, from, taken));
}

/** The column with the time of day beside one with the day, or the other way round. */
const clockOf = (head: Columns, besides: string): string | null => likeAll(head, besides, timeOfDay);
const dayOf = (head: Columns, besides: string): string | null => likeAll(head, besides, /^\d{4}-\d\d-\d\d$/) ?? likeAll(head, besides, /^\d{8}$/);

function likeAll(head: Columns, besides: string, pattern: RegExp): string | null {
  const fits = (name: string): boolean => {
    const values = samples(head, name);
    return values.length > 0 && values.every((text) => pattern.test(text));
  };
  return head.columns.find((name) => name !== besides && fits(name)) ?? null;
}

function dayAndClock(head: Columns, from: string, taken: Set<string>): string {
  const values = samples(head, from);
  const clock = values.every((text) => timeOfDay.test(text)) ? from : clockOf(head, from);
  const day = clock === from ? dayOf(head, from) : from;
  const days = day === null ? [] : samples(head, day);
  if (clock === null || day === null || days.length === 0) throw unreadable(head, from, values[0] ?? null);
  const text = `CAST(${quoteName(day)} AS VARCHAR) || ' ' || CAST(${quoteName(clock)} AS VARCHAR)`;
  if (days.every((one) => /^\d{8}$/.test(one))) {
    taken.add(clock).add(day);
    return `strptime(${text}, ['%Y%m%d %H:%M:%S.%f', '%Y%m%d %H:%M:%S'])`;
  }
  if (!days.every((one) => /^\d{4}-\d\d-\d\d$/.test(one))) throw unreadable(head, from, values[0] ?? null);
  taken.add(clock).add(day);
  return `CAST(${text} AS TIMESTAMP)`;
}

const listed = (head: Columns): string => head.columns.slice(0, 50).join(', ');

function noColumn(head: Columns, role: string, given: string): TapewrightError {
  const meant = nearest(given, head.columns);
  const hint = meant === null ? `its columns are ${listed(head)}` : `did you mean '${meant}'?`;
  return new TapewrightError('USAGE', `--${role.replace('_', '-')} ${given}: ${head.path} has no such column; ${hint}`, { given, columns: head.columns.slice(0, 50) });
}

function unfound(head: Columns, what: string, flags: string): TapewrightError {
  const commas = head.columns.some((column) => samples(head, column).some((text) => /^[+-]?\d+,\d+$/.test(text)));
  const advice = commas ? 'numbers need a decimal point, and some of these have a comma' : `name it with ${flags}`;
  return new TapewrightError('DATASET_INVALID', `in ${head.path} no column can be told to be ${what}; its columns are ${listed(head)}: ${advice}`, { path: head.path, columns: head.columns.slice(0, 50) });
}

function unreadable(head: Columns, column: string, sample: string | null): TapewrightError {
  const such = sample === null ? 'it has no values in the first rows' : `times such as '${sample}' are none that can be read without guessing`;
  return new TapewrightError('DATASET_INVALID', `${head.path}, column ${column}: ${such}; name another column with --time, or make a dataset of the file: tapewright datasets import ${head.path} --name NAME`, { path: head.path, column, sample });
}
