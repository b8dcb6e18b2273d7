/** What a transaction assembler counts, and its state as JSON can hold it. */
import type { AloneState } from './alone.js';
import type { ChangeEvent, TransactionEnd } from './event.js';
import type { Bound } from './gap.js';
import type { ProgressState } from './progress.js';
import type { RunsState } from './runs.js';
import type { SnapshotsState } from './snapshots.js';

export interface AssemblerCounts {
  transactions: number;
  /** Changes of transactions that were given already, or that came twice in one. */
  repeats: number;
  /** Transactions of which the END came again. */
  repeatedTransactions: number;
  /** Changes that belong to no transaction, given as they came. */
  alone: number;
}

/** All state, as JSON can hold it. */
export interface AssemblerState<Row> {
  readonly events: readonly ChangeEvent<Row>[];
  readonly ends: readonly (Omit<TransactionEnd, 'counts'> & { readonly counts: readonly (readonly [string, number])[] })[];
  /** Rows of snapshots. */
  readonly told: readonly ChangeEvent<Row>[];
  readonly snapshots: SnapshotsState;
  readonly alone: readonly AloneState<Row>[];
  /** Where tables were truncated last. Checkpoints of before lack it. */
  readonly truncated?: readonly (readonly [table: string, place: number])[];
  readonly progress: ProgressState;
  readonly recent: readonly Bound[];
  readonly last: Bound | null;
  readonly chain: Bound | null;
  readonly broken: readonly number[];
  readonly counts: AssemblerCounts;
  readonly runs: RunsState;
}
