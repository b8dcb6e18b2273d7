/** TUMBLE, HOP and CUMULATE without an aggregate over them: each row once per window, with the window's bounds. Keeps no state. */
import type { Column } from '../core/batch.js';
import { gather } from '../core/column-builder.js';
import type { AlignedWindow } from '../plan/plan.js';
import { noRows, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { floorTo, windowsOf, type Windows } from './windows.js';

export class WindowAssign implements Operator {
  readonly #windows: Windows;

  constructor(readonly name: string, readonly time: number, spec: AlignedWindow) {
    this.#windows = windowsOf(spec);
  }

  process(rows: Rows, _chunk: Chunk, _watermark: WatermarkPath, _report: Report): Rows {
    const { columns, length } = rows.batch;
    if (length === 0) return noRows;
    const windows = this.#windows;
    const time = (columns[this.time] as Column & { values: Float64Array }).values;
    const source: number[] = [];
    const ends: number[] = [];
    for (let row = 0; row < length; row += 1) {
      const pane = floorTo(time[row]!, windows.pane, windows.offset) + windows.pane;
      const last = windows.lastEnd(pane);
      for (let end = windows.firstEnd(pane); end <= last; end += windows.stride) {
        source.push(row);
        ends.push(end);
      }
    }
    const count = source.length;
    const bounds = (value: (end: number) => number): Column => ({ storage: 'real', values: Float64Array.from(ends, value), nulls: null });
    return {
      batch: {
        length: count,
        columns: [
          ...columns.map((column) => gather(column, source, count)),
          bounds((end) => windows.startOf(end)), bounds((end) => end), bounds((end) => end - 1),
        ],
      },
      released: Int32Array.from(source, (row) => rows.released[row]!),
      time: Float64Array.from(source, (row) => rows.time[row]!),
      kinds: rows.kinds === undefined ? undefined : Uint8Array.from(source, (row) => rows.kinds![row]!),
    };
  }

  snapshot(): void {}

  restore(): void {}
}
