/** How a capture is: the slot in the database, the connector and its tasks, its heartbeat; and what of it needs somebody. */
import type { DatabaseStatus } from '../database/slot-status.js';
import type { Configuration } from './configuration.js';
import type { ConnectorOffset, ConnectorState } from './rest.js';

export interface ConnectorStatus {
  readonly name: string;
  /** Null: Connect has no such connector. */
  readonly state: ConnectorState | null;
  readonly configuration: Configuration | null;
  readonly offset: ConnectorOffset | null;
}

export interface CaptureStatus {
  /** Null: it was not asked. */
  readonly database: DatabaseStatus | null;
  readonly connector: ConnectorStatus | null;
  /** Since the newest record of the heartbeat topic; null: it was not asked, or has none. */
  readonly heartbeatMillis: number | null;
  /** What needs somebody. */
  readonly warnings: readonly string[];
  readonly remarks: readonly string[];
}

export interface Limits {
  readonly slot: string;
  readonly publication: string;
  /** `schema.table`s that must be published. */
  readonly tables: readonly string[];
  /** Bytes of log kept for the slot above which it is said. */
  readonly retainedMax: number;
  readonly heartbeatMax: number;
}

/** Part of max_slot_wal_keep_size that must be left. */
const safeShare = 0.25;

export function captureStatus(asked: Omit<CaptureStatus, 'warnings' | 'remarks'>, limits: Limits): CaptureStatus {
  const warnings: string[] = [], remarks: string[] = [];
  const { database, connector, heartbeatMillis } = asked;
  if (database !== null) aboutDatabase(database, limits, warnings, remarks);
  if (connector !== null) aboutConnector(connector, warnings, remarks);
  if (database !== null && connector !== null) aboutBoth(database, connector, warnings);
  if (heartbeatMillis !== null && heartbeatMillis > limits.heartbeatMax) warnings.push(`the last heartbeat is ${secondsText(heartbeatMillis)} old (more than ${secondsText(limits.heartbeatMax)}): the connector writes nothing`);
  return { ...asked, warnings, remarks };
}

function aboutDatabase({ walLevel, keepMax, slot, published }: DatabaseStatus, { slot: name, publication, tables, retainedMax, heartbeatMax }: Limits, warnings: string[], remarks: string[]): void {
  if (walLevel !== 'logical') warnings.push(`wal_level is ${walLevel}: no changes can be captured; set it to logical and restart the server`);
  if (published === null) warnings.push(`there is no publication ${publication}`);
  else {
    const missing = tables.filter((table) => !published.includes(table));
    if (missing.length > 0) warnings.push(`the publication ${publication} lacks ${missing.join(', ')}: their changes are not captured (ALTER PUBLICATION ${publication} ADD TABLE ${missing.join(', ')})`);
  }
  if (slot === null) {
    warnings.push(`there is no slot ${name}: the database keeps no changes for the connector. What was committed since it went is known only to the database: cdc reconcile finds it`);
    return;
  }
  if (slot.walStatus === 'lost') warnings.push(`the slot ${name} is lost: the log that it needs was removed. Drop it, let the connector make a new snapshot, and reconcile`);
  if (slot.walStatus === 'unreserved') warnings.push(`the slot ${name} is about to be lost: the next checkpoint of the database removes log that it needs`);
  if (!slot.active) warnings.push(`nobody reads the slot ${name}, and the database keeps its log for it: ${bytesText(slot.retained ?? 0)} so far`);
  if (slot.retained !== null && slot.retained > retainedMax) warnings.push(`the database keeps ${bytesText(slot.retained)} of log for the slot ${name}, more than ${bytesText(retainedMax)}${keepMax === null ? ': nothing bounds it but the disk' : ''}`);
  if (slot.safe !== null && keepMax !== null && slot.safe < keepMax * safeShare) warnings.push(`the slot ${name} is lost once ${bytesText(Math.max(0, slot.safe))} more are written (max_slot_wal_keep_size is ${bytesText(keepMax)})`);
  if (slot.silentMillis !== null && slot.silentMillis > heartbeatMax) warnings.push(`the reader of the slot ${name} has said nothing for ${secondsText(slot.silentMillis)}`);
  if (keepMax === null) remarks.push('max_slot_wal_keep_size is not set: a slot that nobody reads fills the disk of the database');
}

function aboutConnector({ name, state, configuration }: ConnectorStatus, warnings: string[], remarks: string[]): void {
  if (state === null) {
    warnings.push(`Connect has no connector ${name}`);
    return;
  }
  if (state.connector.state !== 'RUNNING') warnings.push(`the connector ${name} is ${state.connector.state}`);
  if (state.connector.state === 'RUNNING' && state.tasks.length === 0) warnings.push(`the connector ${name} has no task`);
  for (const { id, state: task, error } of state.tasks) if (task !== 'RUNNING') warnings.push(`task ${id} of the connector ${name} is ${task}${error === null ? '' : `: ${shortened(error)}`}`);
  if (configuration === null) return;
  if (configuration['provide.transaction.metadata'] !== 'true') warnings.push('provide.transaction.metadata is not true: transactions cannot be kept whole');
  if (configuration['errors.tolerance'] === 'all') warnings.push('errors.tolerance is all: records that cannot be converted are left out');
  const strategy = configuration['offset.mismatch.strategy'] ?? 'no_validation';
  if (strategy === 'trust_slot' || strategy === 'trust_greater_lsn') remarks.push(`offset.mismatch.strategy is ${strategy}: after a slot that was made anew the connector goes on with what is missing; trust_offset stops it`);
}

function aboutBoth({ slot }: DatabaseStatus, { offset, state }: ConnectorStatus, warnings: string[]): void {
  if (slot === null || slot.confirmedLsn === null || offset?.lsn == null || state === null) return;
  const isReading = slot.active && state.tasks.some((task) => task.state === 'RUNNING');
  // A connector confirms what Connect has remembered: a slot that is further was made anew, or moved by somebody.
  if (!isReading && slot.confirmedLsn > offset.lsn) {
    warnings.push(`the slot ${slot.name} begins at LSN ${slot.confirmedLsn}, and the connector was at LSN ${offset.lsn}${offset.xid === null ? '' : ` (transaction ${offset.xid})`}: it was made anew or moved, and what was committed between is missing. Compare with cdc reconcile, or let the connector make a new snapshot`);
  }
}

const shortened = (text: string): string => (text.length > 300 ? `${text.slice(0, 120)} … ${text.slice(-170)}` : text);

export function bytesText(bytes: number): string {
  for (const [unit, size] of [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]] as const) if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  return `${bytes} bytes`;
}

export const secondsText = (millis: number): string => `${(millis / 1000).toFixed(millis < 10_000 ? 1 : 0)} s`;

/** As lines for people. */
export function statusText({ database, connector, heartbeatMillis, warnings, remarks }: CaptureStatus): string {
  const lines: string[] = [];
  if (database !== null) {
    const { slot, lsn, keepMax } = database;
    lines.push(`database   LSN ${lsn}, wal_level ${database.walLevel}, max_slot_wal_keep_size ${keepMax === null ? 'not set' : bytesText(keepMax)}`);
    if (slot !== null) {
      lines.push(`slot       ${slot.name}: ${slot.active ? 'read' : 'not read'}, ${slot.walStatus ?? 'empty'}, lag ${bytesText(slot.lag ?? 0)}, log kept ${bytesText(slot.retained ?? 0)}${slot.safe === null ? '' : `, lost after ${bytesText(Math.max(0, slot.safe))} more`}${slot.silentMillis === null ? '' : `, last word ${secondsText(slot.silentMillis)} ago`}`);
    }
    if (database.otherSlots.length > 0) lines.push(`           other slots: ${database.otherSlots.join(', ')}`);
    if (database.published !== null) lines.push(`published  ${database.published.join(', ') || 'nothing'}`);
  }
  if (connector?.state != null) {
    const { state, offset } = connector;
    lines.push(`connector  ${connector.name}: ${state.connector.state}, tasks ${state.tasks.map((task) => `${task.id} ${task.state}`).join(', ') || 'none'}${offset?.lsn == null ? '' : `, at LSN ${offset.lsn}`}`);
  }
  if (heartbeatMillis !== null) lines.push(`heartbeat  ${secondsText(heartbeatMillis)} ago`);
  return [...lines, ...remarks.map((remark) => `Remark: ${remark}`), ...warnings.map((warning) => `Warning: ${warning}`), ...(warnings.length === 0 ? ['All is well.'] : [])].join('\n');
}
