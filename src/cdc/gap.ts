/** What is missing from a stream of changes, and between what. */
import { TapewrightError } from '../core/errors.js';

/** A transaction that stands beside a gap. */
export interface Bound {
  readonly xid: string | null;
  readonly lsn: number | null;
  /** Of its commit, epoch ms. */
  readonly time: number;
}

export type GapKind =
  /** Whole transactions: the next one follows another than the last. */
  | 'transactions'
  /** Changes of the transaction `before`: END counts more than there are. */
  | 'events'
  /** The log went back: another server, or one that was restored. */
  | 'position'
  /** The connector made a new snapshot: what happened before it is known by its result only. */
  | 'snapshot';

export interface Gap {
  readonly kind: GapKind;
  /** The last transaction before it; null: there was none. */
  readonly after: Bound | null;
  /** The first after it, or the one that is not whole. */
  readonly before: Bound;
  /** Tables that it is about, with what was counted and what was there; empty: any may be. Of a snapshot: those that it has no row of. */
  readonly tables: readonly { readonly table: string; readonly expected: number; readonly found: number }[];
  /** Changes that were read and are not used, since their transactions are not whole. */
  readonly unused: number;
}

/**
 * Another run of the connector goes on. When it sends again what was there, nothing is missing; otherwise only the
 * database knows: one whose slot was made anew remembers its last commit, too.
 */
export interface Restart {
  readonly after: Bound;
  readonly before: Bound;
  /** It sent something again. */
  readonly overlaps: boolean;
  /** Numbers between those of the two that no transaction of the stream has, as of rollbacks; null: one of them has none. */
  readonly unseen: number | null;
}

/** What is not applied where history ends: a transaction that has not ended, a snapshot, or changes of no transaction that came behind one of those. */
export interface Incomplete {
  /** Null: a snapshot, or changes of no transaction. */
  readonly xid: string | null;
  readonly found: number;
  /** Null: its END was not there. */
  readonly expected: number | null;
  /** Of changes of no transaction: their table, and where the first and the last of them stand in the log; null: they do not say. */
  readonly alone?: { readonly table: string; readonly firstLsn: number | null; readonly lastLsn: number | null };
}

export function incompleteText({ xid, found, expected, alone }: Incomplete): string {
  if (alone === undefined && found > 0 && found === expected) return `transaction ${xid} has all its ${found} change${found === 1 ? '' : 's'}, and came behind what is not whole where the data end: it is not applied`;
  if (alone === undefined) return `${xid === null ? 'the snapshot' : `transaction ${xid}`} is not whole where the data end (${found} of ${expected ?? 'unknown'} changes): it is not applied`;
  const { table, firstLsn, lastLsn } = alone;
  const places = firstLsn === null ? 'of unknown LSN' : firstLsn === lastLsn ? `at LSN ${firstLsn}` : `from LSN ${firstLsn} to LSN ${lastLsn}`;
  return `${found} change${found === 1 ? '' : 's'} of ${table} outside of transactions, ${places}, came behind what is not whole where the data end: not applied`;
}

/** `between LSN 26820344 (transaction 750) and LSN 26824360 (transaction 752)`. */
export function gapPlace({ after, before }: Pick<Gap, 'after' | 'before'>): string {
  const text = ({ xid, lsn }: Bound): string => `LSN ${lsn ?? 'unknown'}${xid === null ? '' : ` (transaction ${xid})`}`;
  return after === null ? `before ${text(before)}` : `between ${text(after)} and ${text(before)}`;
}

export function restartText(restart: Restart): string {
  const { overlaps, unseen } = restart;
  const place = `the connector was started anew ${gapPlace(restart)}`;
  if (overlaps) return `${place}, and sent again what it had sent before: nothing is missing`;
  if (unseen === null) return `${place}, and sent nothing again: whether its slot was the same, only the database knows`;
  const numbers = unseen === 0 ? 'no number of a transaction lies in between' : `${unseen} number${unseen === 1 ? '' : 's'} of transactions in between ${unseen === 1 ? 'is' : 'are'} not in the stream`;
  return `${place}, and sent nothing again: whether its slot was the same, only the database knows; ${numbers}`;
}

/** What stops a run before a gap. */
export const gapError = (gap: Gap): TapewrightError => new TapewrightError('SOURCE_GAP',
  `${gapText(gap)}; the run stops before it. Compare with a new snapshot; with SET 'cdc.gaps' = 'go-on' a run tells gaps and goes on`, { ...gap });

export function gapText(gap: Gap): string {
  const tables = gap.tables.map(({ table, expected, found }) => `${found} of ${expected} of ${table}`).join(', ');
  switch (gap.kind) {
    case 'transactions': return `transactions are missing ${gapPlace(gap)}`;
    case 'events': {
      const what = gap.tables.some(({ expected, found }) => found > expected) ? 'do not agree with its END' : 'are missing';
      return `changes of transaction ${gap.before.xid} ${what} (there are ${tables}), ${gapPlace(gap)}`;
    }
    case 'position': return `the log went back, ${gapPlace(gap)}: another server, or one that was restored`;
    case 'snapshot': {
      const untold = gap.tables.map(({ table }) => table).join(', ');
      return `the connector made a new snapshot, ${gapPlace(gap)}: what happened in between is known by its result only${untold === '' ? '' : `; it has no row of ${untold}: what was there stays`}`;
    }
  }
}
