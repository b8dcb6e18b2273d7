/** The changes of one transaction that came one behind the other, in their order, right before its END. */
import type { ChangeEvent } from './event.js';
import type { Numbered } from './xid.js';

/** What changes of one table in one partition have in common, but for their numbers. */
export type Newest = Pick<ChangeEvent<unknown>, 'topic' | 'partition' | 'table' | 'lastCommit' | 'time' | 'lsn'>;

export interface Together {
  readonly lastCommit: number;
  readonly run: string | null;
  /** Of each table and partition, with the greatest LSN of its changes. */
  readonly newest: readonly Newest[];
  /** What their END says. It is another's as soon as the next one is looked for. */
  readonly end: Numbered & { readonly counts: ReadonlyMap<string, number> };
  /** Whether there are as many of each table as an END counts. */
  areAll(counts: ReadonlyMap<string, number>): boolean;
}
