/** Runs of the connector, as headers name them: that it was started anew, and what the stream tells of that. */
import type { ChangeEvent } from './event.js';
import { restartText, type Bound, type Restart } from './gap.js';
import type { RecentTransactions } from './recent.js';

export interface RunsState {
  readonly restarts: readonly Restart[];
  readonly run: string | null;
  readonly overlap: string | null;
}

export class Runs {
  #restarts: Restart[] = [];
  /** The one that wrote what was given last, and the one that sent something again last. */
  #run: string | null = null;
  #overlap: string | null = null;

  get restarts(): readonly (Restart & { readonly text: string })[] {
    return this.#restarts.map((restart) => ({ ...restart, text: restartText(restart) }));
  }

  /** It sent again what had been there. */
  repeat({ run }: ChangeEvent<unknown>): void {
    this.#overlap = run;
    const last = this.#restarts.length - 1;
    // A run writes in the order of the log, but its topics may be read at different paces: one of them shows it late.
    if (last >= 0 && run !== null && run === this.#run && !this.#restarts[last]!.overlaps) this.#restarts[last] = { ...this.#restarts[last]!, overlaps: true };
  }

  /** Whether it wrote what was given last, too, or does not say which it is. */
  isLast(run: string | null): boolean {
    return run === null || run === this.#run;
  }

  /** It made a snapshot. */
  begin(run: string | null): void {
    this.#run = run ?? this.#run;
  }

  /** A transaction is given. Of one that two runs wrote, the second took up where the first one was. `recent`: those before it. */
  note(after: Bound | null, before: Bound, events: readonly ChangeEvent<unknown>[], recent: RecentTransactions): void {
    const first = events[0]!.run, run = events[events.length - 1]!.run;
    if (run === null) return;
    if (this.#run !== null && run !== this.#run && after !== null) {
      this.#restarts.push({ after, before, overlaps: this.#overlap === run || first === this.#run, unseen: unseen(after, before, recent) });
    }
    this.#run = run;
  }

  state(): RunsState {
    return { restarts: [...this.#restarts], run: this.#run, overlap: this.#overlap };
  }

  restore({ restarts, run, overlap }: RunsState): void {
    this.#restarts = [...restarts];
    this.#run = run;
    this.#overlap = overlap;
  }
}

/** Numbers between those of two transactions that none had. */
function unseen(after: Bound, before: Bound, recent: RecentTransactions): number | null {
  if (after.xid === null) return null;
  const [from, to] = [Number(after.xid), Number(before.xid)];
  return Math.max(0, to - from - 1 - recent.countBetween(from, to));
}
