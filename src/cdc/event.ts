/**
 * What a connector says of a database, as far as transactions go. `row` is what the caller makes of a change. Positions
 * in the log of the database (LSNs) are numbers: they stay below 2^53 for the first 9 petabytes of log.
 */

/** Where a row of a snapshot stands in it. `table-end`: the last of its table; `end`: the last of all. */
export type SnapshotPlace = 'within' | 'table-end' | 'end' | 'incremental';

export interface ChangeEvent<Row> {
  readonly kind: 'change';
  readonly topic: string;
  readonly partition: number;
  /** Kafka's. */
  readonly offset: number;
  /** `schema.table`: what END calls a data collection. */
  readonly table: string;
  /** Of its transaction; null: it belongs to none. */
  readonly xid: string | null;
  /** Its number in its transaction, from 1. */
  readonly order: number;
  readonly lsn: number | null;
  /** Where the last transaction that was committed before it ended: the `lsn` of that one's END. */
  readonly lastCommit: number | null;
  /** When its transaction was committed, epoch ms. */
  readonly time: number;
  /** Null: it is no row of a snapshot. */
  readonly snapshot: SnapshotPlace | null;
  /** Which run of the connector wrote it; null: it does not say. */
  readonly run: string | null;
  /** A TRUNCATE: no row of its table is left. It has no key, and goes to any partition of its topic. */
  readonly isTruncate: boolean;
  readonly row: Row;
}

/** A record of the transaction topic. */
export interface TransactionBegin {
  readonly kind: 'begin';
  readonly xid: string;
}

export interface TransactionEnd {
  readonly kind: 'end';
  readonly xid: string;
  /** Where it was committed. It ascends from transaction to transaction, which the LSNs of events do not. */
  readonly lsn: number;
  readonly time: number;
  /** Changes of each table. */
  readonly counts: ReadonlyMap<string, number>;
}

/** A message that a client wrote into the log, outside of transactions: the connector takes it for a commit. */
export interface LogMessage {
  readonly kind: 'message';
  readonly lsn: number;
}

export type CaptureEvent<Row> = ChangeEvent<Row> | TransactionBegin | TransactionEnd | LogMessage;

/** The changes of one database transaction, in their order; or a snapshot, which is one, too. */
export interface Transaction<Row> {
  readonly kind: 'transaction';
  /** Null: a snapshot, or a change outside of transactions. */
  readonly xid: string | null;
  readonly lsn: number | null;
  readonly time: number;
  readonly isSnapshot: boolean;
  /** Tables of which a later snapshot tells all rows anew: what it does not tell is gone. By a first one, none. */
  readonly renewed: readonly string[];
  readonly events: readonly ChangeEvent<Row>[];
}
