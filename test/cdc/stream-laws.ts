/** Laws of who puts transactions together: what it gives are the states that the database had. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Transaction } from '../../src/cdc/event.js';
import { REMOVE, TRUNCATE } from '../../src/core/change.js';
import type { Change } from '../../src/formats/debezium-envelope.js';
import { assemble, type Assembled, type AssembleOptions } from './assemble.js';
import { commands, interleaved, recordingOf, restarted, type ModelRecord, type State } from './model.js';
import { brokenOff, partitioned } from './streams.js';

const unavailable = '__debezium_unavailable_value';

type Row = Readonly<Record<string, unknown>>;

/** All rows, by table and key, after each transaction. `isKnown`: what an incremental snapshot tells was there, and its rows make no state of their own. */
export function states(given: readonly Transaction<Change>[], isKnown = true): unknown[] {
  const tables: Record<string, Map<unknown, Row>> = { accounts: new Map(), entries: new Map() };
  return given.flatMap(({ events, renewed, xid, isSnapshot }) => {
    const before = xid !== null || isSnapshot || !isKnown ? null : JSON.stringify(allOf(tables));
    for (const table of renewed) tables[table.slice(7)]!.clear();
    const moved = new Map<string, Row>();
    for (const { table, row: { operation, image, moved: place } } of events) {
      const rows = tables[table.slice(7)]!;
      if (place !== null && operation === REMOVE && rows.has(image['id'])) moved.set(place, rows.get(image['id'])!);
      if (operation === TRUNCATE) rows.clear();
      else if (operation === REMOVE) rows.delete(image['id']);
      else rows.set(image['id'], Object.fromEntries(Object.entries(image).map(([name, value]) => [name, value === unavailable ? (rows.get(image['id']) ?? moved.get(place!))?.[name] : value])));
    }
    if (before !== null) assert.equal(JSON.stringify(allOf(tables)), before);
    return before === null ? [allOf(tables)] : [];
  });
}

const allOf = (tables: Readonly<Record<string, ReadonlyMap<unknown, Row>>>): unknown => ({ accounts: sorted(tables['accounts']!.values()), entries: sorted(tables['entries']!.values()) });

const sorted = (rows: Iterable<object>): string[] => [...rows].map((row) => JSON.stringify(row)).sort();
export const stateOf = ({ accounts, entries }: State): unknown => ({ accounts: sorted(accounts.values()), entries: sorted(entries.values()) });

/** What else the connector and others do. */
export const all = ['resnapshot', 'message', 'elsewhere', 'chunk'] as const;
export const recordings = commands(0, 60, all).map((list) => recordingOf(list));
/** Whose turn it is, of the partitions. */
export const picked = fc.array(fc.nat(5), { maxLength: 12 });

/** The snapshots that the connector made since it forgot where it was. */
export const forgotten = (records: readonly ModelRecord[]): number =>
  records.filter(({ value }) => value?.includes('"op":"r"') === true && value.includes('"sequence":"[null,') && /"snapshot":"last"/.test(value)).length - 1;

export function assertWhole({ given, gaps, incomplete }: Assembled, commits: readonly { readonly state: State }[], snapshots: number): void {
  assert.deepEqual(gaps.map(({ kind }) => kind), Array.from({ length: snapshots }, () => 'snapshot'));
  assert.deepEqual(incomplete, []);
  assert.deepEqual(states(given), commits.map(({ state }) => stateOf(state)));
}

/** In whatever order topics come, whatever is sent again, and however often what is whole is taken. */
export const streamLaw = fc.property(recordings, picked, fc.nat(), fc.nat(40), fc.constantFrom(1, 7, 1e6), ({ records, commits }, picks, at, back, takeEvery) => {
  assertWhole(assemble(interleaved(restarted(records, at % records.length, back), picks), { takeEvery }), commits, forgotten(records));
});

/** State saved and restored anywhere makes no difference. */
export const savedLaw = fc.property(recordings, picked, fc.nat(), fc.nat(40), ({ records }, picks, at, back) => {
  const stream = interleaved(partitioned(restarted(brokenOff(records, 2), Math.floor(records.length / 2), back), 2), picks);
  const options: AssembleOptions = { partitions: 2 };
  assert.deepEqual(JSON.stringify(assemble(stream, { ...options, saveAt: at % stream.length })), JSON.stringify(assemble(stream, options)));
});
