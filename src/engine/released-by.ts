/** Which row's arrival let each row of an output go. */
import type { ReleasedBy } from '../core/step.js';
import type { Rows } from '../operators/operator.js';
import { rowAt, type ChunkSource } from './chunk.js';
import { positionOf } from './scan-batch.js';

export function releasersOf(source: ChunkSource, { batch: { length }, released }: Pick<Rows, 'batch' | 'released'>): ReleasedBy {
  const inputs = new Int32Array(length).fill(-1);
  const partitions = new Int32Array(length);
  const positions = new Float64Array(length);
  for (let row = 0; row < length; row += 1) {
    const from = rowAt(source, released[row]!);
    if (from === null) continue;
    inputs[row] = from.batch.input;
    partitions[row] = from.batch.partition;
    positions[row] = positionOf(from.batch, from.row);
  }
  return { inputs, partitions, positions };
}
