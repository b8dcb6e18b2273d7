/** What an import will do with each file: decided from their heads, told to the user, and only then done. */
import { basename } from 'node:path';
import { TapewrightError } from '../../core/errors.js';
import { fileDigest } from '../../stores/files.js';
import { clockOf, dateMillis, type Clock } from './clock.js';
import { inspect, type Head } from './head.js';
import { plain, sampleOf, type Hints, type Layout, type Mapping } from './layout.js';
import { joinBooks } from './lobster.js';
import { findMapping } from './mappings.js';
import { TickReader, type SizeScale } from './tick-reader.js';
import type { Encoding } from './text-file.js';
import type { Zone } from './zone.js';

export interface PlanOptions extends Hints {
  /** Name of a mapping; null: it is found from the header. */
  readonly as: string | null;
  /** Midnight of the day as if it were UTC's, epoch ms. */
  readonly date: number | null;
  readonly zone: Zone | null;
  readonly encoding: Encoding;
}

export interface FilePlan {
  readonly head: Head;
  readonly mapping: Mapping;
  readonly reader: TickReader;
  /** SHA-256 of the files' bytes, hex: of an order book too. */
  readonly sources: readonly { readonly path: string; readonly sha256: string }[];
  /** For people, a sentence each. */
  readonly says: readonly string[];
}

/** Throws what `inspect`, `findMapping` and `clockOf` throw, and DATASET_INVALID for files named twice or without a symbol. */
export async function planImport(paths: readonly string[], options: PlanOptions, scale: SizeScale): Promise<FilePlan[]> {
  const heads: Head[] = [];
  for (const path of paths) heads.push(await inspect(path, options.encoding));
  const digests = await digestsOf(paths);
  return joinBooks(heads).map((head) => {
    checkSample(head);
    const { mapping, layout } = findMapping(head, options.as);
    checkColumns(head, layout);
    const [date, dateSays] = dateOf(head, layout, options);
    const clock = clockOf(layout.time, timesOf(head, layout), { file: head.path, zone: options.zone, date });
    checkSymbol(head, layout, options);
    const sources = [head.path, ...(head.metadata['book'] === undefined || head.form !== 'csv' ? [] : [head.metadata['book']])].map((path) => ({ path, sha256: digests.get(path)! }));
    const exchange = options.exchange ?? layout.exchange;
    const says = [
      ...((head.comments ?? 0) === 0 ? [] : [`The first ${head.comments === 1 ? 'line is a comment' : `${head.comments} lines are comments`}.`]),
      ...(layout.roles.symbol === undefined ? [`The symbol is ${options.symbol ?? layout.symbol}.`] : []),
      ...(layout.roles.exchange === undefined ? [exchange === null ? 'The exchange is not known (--exchange says it).' : `The exchange is ${exchange}.`] : []),
      `Times are ${clock.says}.`, ...dateSays, ...zoneSays(clock, options.zone), ...layout.says,
    ];
    return { head, mapping, reader: new TickReader(layout, clock, options, scale), sources, says };
  });
}

async function digestsOf(paths: readonly string[]): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const path of paths) {
    const digest = await fileDigest(path);
    const twin = [...digests].find(([, other]) => other === digest)?.[0] ?? (digests.has(path) ? path : undefined);
    if (twin !== undefined) {
      const same = twin === path ? `${path} is named twice` : `${twin} and ${path} hold the same bytes`;
      throw new TapewrightError('DATASET_INVALID', `${same}; every row would be there twice: name it once`, { file: path, twin });
    }
    digests.set(path, digest);
  }
  return digests;
}

function timesOf(head: Head, { roles }: Layout): string[] {
  if (roles.date === undefined) return sampleOf(head, roles.time);
  const [date, time] = [head.columns.indexOf(roles.date), head.columns.indexOf(roles.time)];
  return head.sample.filter((record) => record[date] !== null && record[time] !== null).map((record) => `${record[date]} ${record[time]}`);
}

/** The day that times of day belong to: the user's, else the only one in the names of file and archive. */
function dateOf(head: Head, { time }: Layout, options: PlanOptions): readonly [number | null, readonly string[]] {
  if (time.kind === 'any') return [null, []];
  const found = [...new Set([head.name, basename(head.path)].flatMap(datesIn))];
  const text = (millis: number): string => new Date(millis).toISOString().slice(0, 10);
  if (options.date !== null) {
    const differs = found.length > 0 && !found.includes(options.date);
    return [options.date, differs ? [`Its name says ${found.map(text).join(', ')}; --date is taken.`] : []];
  }
  if (found.length > 1) throw new TapewrightError('DATASET_INVALID', `${head.path}: its name has several dates (${found.map(text).join(', ')}); say which with --date YYYY-MM-DD`, { file: head.path });
  return found.length === 0 ? [null, []] : [found[0]!, ['The date is that of its name.']];
}

/** `20140502` and `2014-05-02`, but no digits of a longer number. */
function datesIn(name: string): number[] {
  return [...name.matchAll(/(?<!\d)((?:19|20)\d\d)([-._]?)(\d\d)\2(\d\d)(?!\d)/g)].map(([, year, , month, day]) => dateMillis(Number(year), Number(month), Number(day))).filter((millis) => millis !== null);
}

function checkSample({ path, form, columns, sample }: Head): void {
  if (sample.length > 0) return;
  const why = form === 'json' ? 'none of its first lines is a JSON object' : form === 'parquet' ? 'it has no rows' : `behind its header no row has its ${columns.length} fields`;
  throw new TapewrightError('DATASET_INVALID', `${path} has nothing to import: ${why}`, { file: path });
}

/** Columns that hold one value, and of two of one name the file does not say which is meant. */
function checkColumns(head: Head, { roles, type }: Layout): void {
  for (const column of [...Object.values(roles), ...(typeof type === 'string' ? [] : [type.column])].filter((name) => name !== undefined)) {
    const held = head.types[head.columns.indexOf(column)] ?? '';
    if (/^(?:STRUCT|MAP|UNION)\(|\]$/.test(held)) throw new TapewrightError('DATASET_INVALID', `${head.path}: its column ${column} is ${held.slice(0, 100)}, and a row needs one value there; write the file with plain columns`, { file: head.path, column });
    if (head.form !== 'csv') continue;
    const alike = head.columns.flatMap((name, index) => (plain(name) === plain(column) ? [index + 1] : []));
    if (alike.length > 1) throw new TapewrightError('DATASET_INVALID', `${head.path}: columns ${alike.join(' and ')} are both called ${column}; rename those that are not meant`, { file: head.path, column });
  }
}

function checkSymbol(head: Head, { roles, symbol }: Layout, options: PlanOptions): void {
  if (roles.symbol !== undefined && options.symbol !== null) {
    throw new TapewrightError('USAGE', `${head.path}: its rows name their symbol, in the column ${roles.symbol}; leave out --symbol`, { file: head.path });
  }
  if (roles.symbol === undefined && symbol === null && options.symbol === null) {
    throw new TapewrightError('DATASET_INVALID', `${head.path}: neither its rows nor its name say the symbol; say it with --symbol`, { file: head.path });
  }
}

function zoneSays(clock: Clock, zone: Zone | null): string[] {
  const unused = zone !== null && !clock.says.endsWith(zone.name);
  return unused ? ['They need no time zone; --time-zone is not used.'] : [];
}
