/** How far a replication slot is behind, and how much of the log the database keeps for it. */
import type { Database } from './postgres.js';

/** Positions in the log and sizes in bytes. */
export interface SlotStatus {
  readonly name: string;
  readonly plugin: string;
  readonly active: boolean;
  /** 'reserved', 'extended', 'unreserved', 'lost'; null: nothing is kept yet. */
  readonly walStatus: string | null;
  readonly restartLsn: number | null;
  readonly confirmedLsn: number | null;
  /** From where the slot's reader has confirmed to where the database writes. */
  readonly lag: number | null;
  /** Of the log, kept for it. */
  readonly retained: number | null;
  /** How much more may be written before the slot is lost; null: nothing bounds it. */
  readonly safe: number | null;
  /** Since its reader last said something; null: nobody reads. */
  readonly silentMillis: number | null;
}

export interface DatabaseStatus {
  readonly walLevel: string;
  readonly lsn: number;
  /** max_slot_wal_keep_size in bytes; null: none, and a slot that is not read fills the disk. */
  readonly keepMax: number | null;
  /** The slot asked for; null: there is none. */
  readonly slot: SlotStatus | null;
  readonly otherSlots: readonly string[];
  /** Tables of the publication, `schema.table`; null: there is none of that name. */
  readonly published: readonly string[] | null;
}

/** @throws DATABASE_REFUSED. */
export async function databaseStatus(database: Database, slot: string, publication: string): Promise<DatabaseStatus> {
  const [server] = await database.rows(`SELECT current_setting('wal_level'), pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text, (SELECT setting::bigint * 1048576 FROM pg_settings WHERE name = 'max_slot_wal_keep_size' AND setting <> '-1')::text`);
  const slots = await database.rows(`
    SELECT s.slot_name, s.plugin, s.active::text, s.wal_status, pg_wal_lsn_diff(s.restart_lsn, '0/0')::text, pg_wal_lsn_diff(s.confirmed_flush_lsn, '0/0')::text, s.safe_wal_size::text,
      (extract(epoch FROM clock_timestamp() - r.reply_time) * 1000)::bigint::text
    FROM pg_replication_slots s LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid
    WHERE s.slot_type = 'logical' ORDER BY s.slot_name`);
  const [exists] = await database.rows('SELECT count(*)::text FROM pg_publication WHERE pubname = $1', [publication]);
  const tables = await database.rows("SELECT schemaname || '.' || tablename FROM pg_publication_tables WHERE pubname = $1 ORDER BY 1", [publication]);
  const lsn = Number(server![1]);
  const row = slots.find(([name]) => name === slot);
  return {
    walLevel: server![0]!, lsn, keepMax: numeric(server![2]!), slot: row === undefined ? null : slotOf(row, lsn),
    otherSlots: slots.flatMap(([name]) => (name === slot ? [] : [name!])), published: exists![0] === '0' ? null : tables.map(([table]) => table!),
  };
}

const numeric = (text: string | null): number | null => (text === null ? null : Number(text));

function slotOf([name, plugin, active, walStatus, restart, confirmed, safe, silent]: readonly (string | null)[], lsn: number): SlotStatus {
  const [restartLsn, confirmedLsn] = [numeric(restart!), numeric(confirmed!)];
  return {
    name: name!, plugin: plugin!, active: active === 'true', walStatus: walStatus!, restartLsn, confirmedLsn,
    lag: confirmedLsn === null ? null : Math.max(0, lsn - confirmedLsn), retained: restartLsn === null ? null : Math.max(0, lsn - restartLsn),
    safe: numeric(safe!), silentMillis: silent === null || active !== 'true' ? null : Math.max(0, Number(silent)),
  };
}
