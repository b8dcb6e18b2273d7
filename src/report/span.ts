/** The event times that a run went through, as its journal has them. */
import { readJournal } from '../stores/journal.js';

export interface StepSpan {
  /** Start of the first step: the multiple of the step's length at or before the first row that moved event time. */
  readonly from: string;
  /** The greatest event time. */
  readonly to: string;
}

/** Epoch ms, or null when no row had an event time. Throws BUNDLE_INVALID for a damaged journal. */
export async function journalSpan(path: string, stepEvery: number): Promise<{ readonly from: number; readonly to: number } | null> {
  let from = Infinity;
  let to = -Infinity;
  for await (const { record } of readJournal(path)) {
    if (!Number.isFinite(record.now)) continue;
    from = Math.min(from, Math.floor(record.now / stepEvery) * stepEvery);
    to = Math.max(to, record.now);
  }
  return to === -Infinity ? null : { from, to };
}
