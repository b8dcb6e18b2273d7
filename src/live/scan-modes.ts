/** Where a table's topic is read from and up to, as its options say. */
import { refused, type Options } from './table-options.js';

/** What there is where a group has no offset of a partition. */
export type Otherwise = 'earliest' | 'latest' | 'refuse';

export type StartMode =
  | { readonly kind: 'earliest' | 'latest' }
  /** Null: the run's own group. */
  | { readonly kind: 'group'; readonly group: string | null; readonly otherwise: Otherwise }
  | { readonly kind: 'timestamp'; readonly millis: number }
  | { readonly kind: 'offsets'; readonly offsets: ReadonlyMap<number, number> };

/** Instead of a table's own; of `group` the table says which. */
export type AskedStart = Exclude<StartMode, { readonly kind: 'group' }> | { readonly kind: 'group' };

/** As for starts; a partition that `offsets` do not name is not read. */
export type StopMode = Exclude<StartMode, { readonly kind: 'earliest' }> | { readonly kind: 'latest' };

/** Throws SQL_UNSUPPORTED. */
export function startOf(table: string, options: Options, asked: AskedStart | null): StartMode {
  if (asked !== null && asked.kind !== 'group') return asked;
  const mode = asked === null ? options['scan.startup.mode'] ?? 'group-offsets' : 'group-offsets';
  switch (mode) {
    case 'earliest-offset': return { kind: 'earliest' };
    case 'latest-offset': return { kind: 'latest' };
    case 'group-offsets': return { kind: 'group', group: options['properties.group.id'] ?? null, otherwise: otherwiseOf(table, options) };
    case 'timestamp': return { kind: 'timestamp', millis: millisOf(table, options, 'scan.startup.timestamp-millis') };
    case 'specific-offsets': return { kind: 'offsets', offsets: offsetsOf(table, options, 'scan.startup.specific-offsets') };
    default: throw refused(table, `its 'scan.startup.mode' is '${mode}'`, 'use earliest-offset, latest-offset, group-offsets, timestamp or specific-offsets');
  }
}

/** Null: the table has no end. Throws SQL_UNSUPPORTED. */
export function stopOf(table: string, options: Options): StopMode | null {
  const mode = options['scan.bounded.mode'] ?? 'unbounded';
  switch (mode) {
    case 'unbounded': return null;
    case 'latest-offset': return { kind: 'latest' };
    case 'group-offsets': return { kind: 'group', group: options['properties.group.id'] ?? null, otherwise: 'refuse' };
    case 'timestamp': return { kind: 'timestamp', millis: millisOf(table, options, 'scan.bounded.timestamp-millis') };
    case 'specific-offsets': return { kind: 'offsets', offsets: offsetsOf(table, options, 'scan.bounded.specific-offsets') };
    default: throw refused(table, `its 'scan.bounded.mode' is '${mode}'`, 'use unbounded, latest-offset, group-offsets, timestamp or specific-offsets');
  }
}

/** Flink stops where nothing is said; here it is what is new. */
function otherwiseOf(table: string, options: Options): Otherwise {
  const reset = options['properties.auto.offset.reset'] ?? 'latest';
  switch (reset) {
    case 'earliest': case 'latest': return reset;
    case 'none': return 'refuse';
    default: throw refused(table, `its 'properties.auto.offset.reset' is '${reset}'`, "write 'earliest', 'latest' or 'none'");
  }
}

function millisOf(table: string, options: Options, name: string): number {
  const millis = Number(options[name] ?? NaN);
  if (!Number.isSafeInteger(millis)) throw refused(table, `'${name}' is no number`, 'give milliseconds since 1970');
  return millis;
}

function offsetsOf(table: string, options: Options, name: string): ReadonlyMap<number, number> {
  const parts = (options[name] ?? '').split(';').filter((part) => part.trim() !== '');
  const found = parts.map((part) => /^\s*partition:(\d+),offset:(\d+)\s*$/.exec(part));
  if (found.length === 0 || found.includes(null)) throw refused(table, `'${name}' is '${options[name] ?? ''}'`, "write 'partition:0,offset:42;partition:1,offset:300'");
  return new Map(found.map((match) => [Number(match![1]), Number(match![2])]));
}
