/** Drives an operator with two inputs by hand: rows one after the other, each with the watermark after it. */
import { cell, type Column } from '../../src/core/batch.js';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { rowKindTexts } from '../../src/core/row-kind.js';
import { sqlType, storageOf, timestampType, type Int64, type Schema } from '../../src/core/types.js';
import type { Report, Refusal, Rows, TwoInputOperator } from '../../src/operators/operator.js';
import { read, tinyPages, write } from '../engine/written-pages.js';

/** Columns of both inputs. */
export const schema: Schema = [{ name: 'k', type: sqlType('STRING') }, { name: 'ts', type: timestampType(3) }, { name: 'v', type: sqlType('INT') }];

export interface Arrival {
  readonly side: 0 | 1;
  readonly k: string | null;
  readonly ts: number;
  readonly v: number;
  /** +I where it is left out. */
  readonly kind?: number;
  /** The watermark from this row on. */
  readonly mark: number;
  readonly now?: number;
}

/** `_op` and the columns. */
export type Given = readonly (Int64 | string | null)[];

export interface Driven {
  readonly rows: readonly Given[];
  /** Of each row: which arrival let it out. */
  readonly released: readonly number[];
  readonly times: readonly number[];
  readonly late: readonly { readonly v: Int64 | string | null; readonly watermark: number }[];
}

/** Runs `arrivals` in chunks of so many, the operator made anew from its snapshot between them where `restore` says so. */
export function drive(make: () => TwoInputOperator, arrivals: readonly Arrival[], chunks: readonly number[] = [1000], restore = false): Driven {
  let operator = make();
  const rows: Given[] = [];
  const released: number[] = [];
  const times: number[] = [];
  const late: Driven['late'][number][] = [];
  const report: Report = {
    late: (refusal: Refusal) => { late.push({ v: cell(refusal.rows.batch.columns[2]!, refusal.row), watermark: refusal.watermark }); },
    failed: () => {},
  };
  let before = -Infinity;
  for (let from = 0, cut = 0; from < arrivals.length; cut += 1) {
    const to = Math.min(arrivals.length, from + chunks[cut % chunks.length]!);
    const after = new Float64Array(to);
    const now = new Float64Array(to);
    for (let at = from; at < to; at += 1) {
      after[at] = arrivals[at]!.mark;
      now[at] = arrivals[at]!.now ?? arrivals[at]!.ts;
    }
    const [left, right] = [sideRows(arrivals, 0, from, to), sideRows(arrivals, 1, from, to)];
    const given = operator.process(left, right, { from, to }, { before, after, now }, [report, report]);
    for (let row = 0; row < given.batch.length; row += 1) {
      rows.push([rowKindTexts[(given.kinds?.[row] ?? 0) as 0 | 1 | 2 | 3], ...given.batch.columns.map((column) => cell(column, row))]);
      released.push(given.released[row]!);
      times.push(given.time[row]!);
    }
    before = after[to - 1]!;
    from = to;
    if (!restore) continue;
    const writer = new ByteWriter();
    const state = write({ pages: operator.snapshot(writer) ?? [], body: writer.toBytes() });
    operator = make();
    operator.limitPages?.(tinyPages);
    operator.restore(new ByteReader(state.body), read(state).pages);
  }
  return { rows, released, times, late };
}

function sideRows(arrivals: readonly Arrival[], side: 0 | 1, from: number, to: number): Rows {
  const at: number[] = [];
  for (let row = from; row < to; row += 1) if (arrivals[row]!.side === side) at.push(row);
  const own = at.map((row) => arrivals[row]!);
  const columns = schema.map(({ type }, index): Column => {
    if (storageOf(type) === 'text') return { storage: 'text', values: own.map(({ k }) => k), dictionary: null };
    return { storage: 'real', values: Float64Array.from(own, (row) => (index === 1 ? row.ts : row.v)), nulls: null };
  });
  return {
    batch: { length: own.length, columns }, released: Int32Array.from(at), time: Float64Array.from(own, ({ ts }) => ts),
    kinds: own.some(({ kind }) => kind !== undefined) ? Uint8Array.from(own, ({ kind }) => kind ?? 0) : undefined,
  };
}
