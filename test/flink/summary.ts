/** What has been compared so far. */
import type { Drawn } from './statement.js';
import type { Verdict } from './verdict.js';

export class Summary {
  statements = 0;
  rows = 0;
  different = 0;
  /** Differences printed in full. */
  shown = 0;
  readonly #equal = new Map<string, number>();
  readonly #reasons = new Map<string, number>();
  readonly #refusals = new Map<string, number>();

  add({ kind, inserts }: Drawn, verdict: Verdict): void {
    if (verdict.kind === 'refused') {
      count(this.#refusals, verdict.reason.replace(/.*Failed to execute the operation [\w-]+\. Caused by: /, '').slice(0, 160), 1);
      return;
    }
    this.statements += inserts.length;
    count(this.#equal, kind, verdict.kind === 'equal' ? inserts.length : 0);
    if (verdict.kind === 'different') this.different += 1;
    else this.rows += verdict.rows;
    if (verdict.kind === 'known') for (const reason of verdict.reasons) count(this.#reasons, reason, 1);
  }

  line(verdicts: readonly Verdict[]): string {
    const of = (kind: Verdict['kind']): number => verdicts.filter((verdict) => verdict.kind === kind).length;
    return `${of('equal')} equal, ${of('known')} with listed differences, ${of('refused')} refused by Flink, ${of('different')} different`;
  }

  text(): string {
    const list = (title: string, counts: ReadonlyMap<string, number>): string[] =>
      (counts.size === 0 ? [] : [title, ...[...counts].sort(([, a], [, b]) => b - a).map(([name, times]) => `  ${String(times).padStart(5)} ${name}`)]);
    return [
      `${this.statements} statements and ${this.rows} rows compared`, ...list('equal, by kind:', this.#equal), ...list('listed differences, by statement:', this.#reasons),
      ...list('refused by Flink:', this.#refusals), `${this.different} differences that are not listed`, '',
    ].join('\n');
  }
}

const count = (counts: Map<string, number>, name: string, by: number): void => void counts.set(name, (counts.get(name) ?? 0) + by);
