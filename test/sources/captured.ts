/** What a decoder of captured topics gives, as plain values; and records to give it. */
import assert from 'node:assert/strict';
import { cell } from '../../src/core/batch.js';
import { sqlType, timestampType } from '../../src/core/types.js';
import { END, BAD, MESSAGE, type CaptureBatch, type DecodedTable } from '../../src/sources/capture-batch.js';
import type { CaptureDecoder } from '../../src/sources/capture-decoder.js';
import type { PayloadColumn, RecordBatch } from '../../src/sources/capture-records.js';
import { isChange, rowOf, type CaptureEvents } from '../../src/sources/capture-rows.js';
import type { SourceColumn } from '../../src/sources/source.js';

export const column = (name: string, type: SourceColumn['type'], metadata?: string): SourceColumn => ({ name, type, eventTime: false, ...(metadata === undefined ? {} : { metadata }) });
/** Of each kind that is read at once. */
export const metadata = [
  column('at', timestampType(3), 'value.source.timestamp'), column('seen', sqlType('BIGINT'), 'value.ingestion-timestamp'), column('from_table', sqlType('STRING'), 'value.source.table'),
  column('place', sqlType('BIGINT'), 'offset'), column('$change', sqlType('TINYINT'), '$change'), column('$unchanged', sqlType('STRING'), '$unchanged'),
];

/** What a decoder makes of pieces, as plain values in the order of records. */
export function read(decoder: CaptureDecoder, events: CaptureEvents, tables: readonly DecodedTable[], pieces: readonly (string | RecordBatch)[]): unknown[] {
  return pieces.flatMap((piece) => {
    const batch = typeof piece === 'string' ? decoder.decode(Buffer.from(piece)) : decoder.decodeRecords(piece);
    return entries(batch, events, tables);
  });
}

function entries(batch: CaptureBatch, events: CaptureEvents, tables: readonly DecodedTable[]): unknown[] {
  const piece = events.piece(batch);
  return Array.from({ length: batch.length }, (_, at) => {
    if (batch.kinds[at] === BAD) return batch.bad[batch.origins[at]!];
    if (batch.kinds[at] === MESSAGE) return { lsn: batch.lsns[at] };
    if (batch.kinds[at] === END) return events.end(piece, at);
    assert.equal(isChange(batch, at), true);
    const { row, topic, partition, offset, table, xid, order, lsn, lastCommit, time, snapshot, run } = events.change(piece, at);
    const event = { topic, partition, offset, table, xid, order, lsn, lastCommit, time, snapshot, run };
    const own = tables.flatMap(({ topics }, table) => (topics.includes(event.topic) ? [table] : []));
    const values = own.map((table, nth) => {
      const place = rowOf(row.piece, at, nth);
      if (place >= 0) return piece.tables[table]!.columns.map((each) => cell(each, place));
      const { row: bare, ...unreadable } = batch.unreadable[~place]!;
      return { ...unreadable, bare: piece.tables[table]!.columns.map((each) => cell(each, bare)) };
    });
    return { event, values };
  });
}

/** A payload of each record; null: it has none. */
export const payloads = (texts: readonly (string | Buffer | null)[], isBinary: boolean): PayloadColumn => {
  const parts = texts.map((text) => Buffer.from(text ?? ''));
  const ends = Int32Array.from(parts.map(((at) => ({ length }) => (at += length))(0)));
  // What follows is another's.
  return { bytes: Buffer.concat([...parts, Buffer.from('0')]), starts: ends.map((end, index) => end - parts[index]!.length), ends, nulls: texts.includes(null) ? Uint8Array.from(texts, (text) => Number(text === null)) : null, isBinary };
};
