/** Divides rows into lanes: the partition that Kafka's default partitioner gives the key. */
import type { Batch, Column } from '../core/batch.js';
import { TRUNCATE } from '../core/change.js';
import { gather } from '../core/column-builder.js';
import type { TimePeaks } from '../core/event-time.js';
import { faults } from '../core/faults.js';
import { partitionOf } from '../core/murmur2.js';
import { sqlType, type Schema } from '../core/types.js';
import { keptMarks, type GivenMarks } from '../engine/scan.js';
import { makeCast } from '../functions/scalar.js';
import { compileStage } from '../plan/compile.js';
import type { Expression } from '../plan/expression.js';
import type { Stage } from '../plan/stage.js';

/** Rows of one lane out of a batch that was read. */
export interface LanePart {
  readonly batch: Batch;
  readonly position: number;
  readonly positions: Float64Array | null;
  readonly watermarks: GivenMarks | null;
  readonly peaks?: TimePeaks | undefined;
  readonly lent?: boolean | undefined;
}

/**
 * The key is what `CAST(column AS STRING)` gives, in UTF-8; several columns are joined by a NUL byte. A NULL key goes
 * to lane 0. What empties a table has no key, and goes to all lanes.
 */
export class Partitioner {
  readonly #stage: Stage;

  readonly #change: number;

  constructor(raw: Schema, keys: readonly Expression[], readonly lanes: number) {
    this.#change = raw.findIndex(({ name }) => name === '$change');
    const place = { line: 1, column: 1, text: '--key' };
    this.#stage = compileStage({ input: raw, filter: null, outputs: keys.map((key) => makeCast(key, sqlType('STRING'), place, true)) });
  }

  split(part: LanePart): LanePart[] {
    const { batch } = part;
    const keys = this.#stage.run(batch, 0, batch.length, null).columns;
    const lanes = this.#lanesOf(keys, batch.length);
    const changes = batch.columns[this.#change]?.values;
    return Array.from({ length: this.lanes }, (_, lane) => {
      const rows: number[] = [];
      for (let row = 0; row < batch.length; row += 1) if (lanes[row] === lane || changes?.[row] === TRUNCATE || faults.lanesOverlap) rows.push(row);
      return pickRows(part, rows);
    });
  }

  #lanesOf(keys: readonly Column[], length: number): Int32Array {
    const lanes = new Int32Array(length);
    const known = new Map<string, number>();
    for (let row = 0; row < length; row += 1) {
      const parts = keys.map((column) => (column.storage === 'text' && column.dictionary !== null ? column.dictionary.strings[column.values[row]!]! : (column.values[row] as string | null)));
      const key = parts.join('\0');
      let lane = known.get(key);
      if (lane === undefined) {
        lane = parts.every((part) => part === null) ? 0 : this.#laneOf(key);
        known.set(key, lane);
      }
      lanes[row] = lane;
    }
    return lanes;
  }

  #laneOf(key: string): number {
    return partitionOf(Buffer.from(key, 'utf8'), this.lanes);
  }
}

/** The given rows of a part, in the order given. */
export function pickRows(part: LanePart, rows: readonly number[]): LanePart {
  const { batch, position, positions, watermarks } = part;
  return {
    batch: { length: rows.length, columns: batch.columns.map((column) => gather(column, rows, rows.length)) },
    position, positions: Float64Array.from(rows, (row) => (positions === null ? position + row : positions[row]!)),
    watermarks: watermarks === null ? null : keptMarks(watermarks, rows),
  };
}
