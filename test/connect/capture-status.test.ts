/** What needs somebody, and what does not. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { captureStatus, statusText, type ConnectorStatus, type Limits } from '../../src/connect/capture-status.js';
import type { DatabaseStatus, SlotStatus } from '../../src/database/slot-status.js';

const slot: SlotStatus = { name: 'slot', plugin: 'pgoutput', active: true, walStatus: 'reserved', restartLsn: 900, confirmedLsn: 950, lag: 50, retained: 100, safe: 900_000, silentMillis: 800 };
const database: DatabaseStatus = { walLevel: 'logical', lsn: 1000, keepMax: 1_000_000, slot, otherSlots: [], published: ['public.orders', 'public.positions'] };
const connector: ConnectorStatus = {
  name: 'finance-cdc', state: { name: 'finance-cdc', connector: { state: 'RUNNING', worker: 'w' }, tasks: [{ id: 0, state: 'RUNNING', error: null }] },
  configuration: { 'provide.transaction.metadata': 'true', 'offset.mismatch.strategy': 'trust_offset', 'errors.tolerance': 'none' }, offset: { lsn: 960, lastCommit: 960, xid: '700' },
};
const limits: Limits = { slot: 'slot', publication: 'pub', tables: ['public.orders'], retainedMax: 1000, heartbeatMax: 60_000 };

const warnings = (about: { database?: DatabaseStatus | null; connector?: ConnectorStatus | null; heartbeatMillis?: number | null } = {}, more: Partial<Limits> = {}): readonly string[] =>
  captureStatus({ database, connector, heartbeatMillis: 5000, ...about }, { ...limits, ...more }).warnings;

const withSlot = (changes: Partial<SlotStatus>): { database: DatabaseStatus } => ({ database: { ...database, slot: { ...slot, ...changes } } });

test('nothing is said where all is well', () => {
  const status = captureStatus({ database, connector, heartbeatMillis: 5000 }, limits);
  assert.deepEqual([status.warnings, status.remarks], [[], []]);
  assert.match(statusText(status), /slot: read, reserved, lag 50 bytes[\s\S]*heartbeat {2}5\.0 s ago[\s\S]*All is well\.$/);
});

test('before the disk fills or the slot is lost it is said', () => {
  const cases: [{ database: DatabaseStatus }, RegExp][] = [
    [withSlot({ active: false, silentMillis: null, confirmedLsn: 950 }), /nobody reads the slot slot, and the database keeps its log for it: 100 bytes/],
    [withSlot({ retained: 5000 }), /keeps 4\.9 KiB of log for the slot slot, more than 1000 bytes$/],
    [{ database: { ...database, keepMax: null, slot: { ...slot, safe: null, retained: 5000 } } }, /nothing bounds it but the disk/],
    [withSlot({ safe: 200_000 }), /is lost once 195\.3 KiB more are written \(max_slot_wal_keep_size is 976\.6 KiB\)/],
    [withSlot({ walStatus: 'unreserved' }), /about to be lost/],
    [withSlot({ walStatus: 'lost' }), /the log that it needs was removed/],
    [withSlot({ silentMillis: 61_000 }), /has said nothing for 61 s/],
    [{ database: { ...database, slot: null } }, /there is no slot slot/],
    [{ database: { ...database, walLevel: 'replica' } }, /wal_level is replica/],
    [{ database: { ...database, published: null } }, /there is no publication pub/],
    [{ database: { ...database, published: ['public.positions'] } }, /lacks public\.orders/],
  ];
  for (const [about, wanted] of cases) {
    const said = warnings(about);
    assert.equal(said.length, 1, `${wanted.source}: ${said.join('; ')}`);
    assert.match(said[0]!, wanted);
  }
});

test('a connector that does not work is told with why', () => {
  const failed: ConnectorStatus = { ...connector, state: { ...connector.state!, tasks: [{ id: 0, state: 'FAILED', error: 'the log is no longer available' }] } };
  assert.deepEqual(warnings({ connector: failed }), ['task 0 of the connector finance-cdc is FAILED: the log is no longer available']);
  assert.deepEqual(warnings({ connector: { ...connector, state: null } }), ['Connect has no connector finance-cdc']);
  assert.match(warnings({ connector: { ...connector, state: { ...connector.state!, connector: { state: 'STOPPED', worker: 'w' }, tasks: [] } } })[0]!, /is STOPPED/);
  assert.match(warnings({ connector: { ...connector, configuration: { 'provide.transaction.metadata': 'false' } } })[0]!, /transactions cannot be kept whole/);
  assert.match(warnings({ heartbeatMillis: 61_000 })[0]!, /the last heartbeat is 61 s old/);
});

test('a slot that begins behind what the connector has read was made anew; one that is being read moves before Connect remembers it', () => {
  const stopped: ConnectorStatus = { ...connector, state: { ...connector.state!, tasks: [{ id: 0, state: 'FAILED', error: null }] }, offset: { lsn: 700, lastCommit: 700, xid: '650' } };
  const said = warnings({ ...withSlot({ active: false, silentMillis: null }), connector: stopped });
  assert.match(said.at(-1)!, /the slot slot begins at LSN 950, and the connector was at LSN 700 \(transaction 650\): it was made anew or moved/);
  assert.deepEqual(warnings({ connector: { ...connector, offset: { lsn: 940, lastCommit: 940, xid: '690' } } }), []);
});
