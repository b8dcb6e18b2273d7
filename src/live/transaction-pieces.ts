/** Rows of a transaction as the engine takes them. */
import { positionOf, type ScanBatch, type SliceRows } from '../engine/scan-batch.js';

/** A row of a transaction: of which table, and where in that table's order. */
export interface Placed<Table> {
  readonly table: Table;
  readonly position: number;
}

/** Runs of rows of one table each; none where all its rows were left out. */
export function transactionPieces<Table>(placed: readonly Placed<Table>[], batches: ReadonlyMap<Table, ScanBatch | null>): SliceRows[] {
  const pieces: { batch: ScanBatch; from: number; to: number }[] = [];
  for (const { table, position } of placed) {
    const batch = batches.get(table)!;
    const at = rowIn(batch, position);
    if (at < 0) continue;
    const last = pieces[pieces.length - 1];
    if (last !== undefined && last.batch === batch && last.to === at) last.to = at + 1;
    else pieces.push({ batch, from: at, to: at + 1 });
  }
  return pieces.map((piece, index): SliceRows => ({ ...piece, transaction: index === pieces.length - 1 ? 'end' : 'open' }));
}

/** Where the row at `position` is in its batch, from which rows without event time were left out; -1: it is one of them. */
function rowIn(batch: ScanBatch, position: number): number {
  if (batch.batch.length === 0) return -1;
  const at = position - positionOf(batch, 0);
  return at >= 0 && at < batch.batch.length && positionOf(batch, at) === position ? at : batch.positions!.indexOf(position);
}
