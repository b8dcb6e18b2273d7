/** One line of a terminal, rewritten: event time, rate, share, late rows. */
import { formatEventTime } from '../scenario/duration.js';
import type { Progress } from './options.js';

/** The parts of a terminal that are used. */
export interface Terminal {
  readonly columns?: number;
  write(text: string): unknown;
}

const redrawMillis = 100;
const rateMillis = 1_000;

/** `2026-03-02 14:31:07.250  42 %  1.93 M events/s  12 late`. */
export function progressText(progress: Progress, eventsPerSecond: number): string {
  const share = progress.rowsTotal === null || progress.rowsTotal === 0 ? [] : [`${Math.floor((100 * progress.rows) / progress.rowsTotal)} %`];
  return [
    formatEventTime(progress.eventTime), ...share, `${shortCount(progress.rows)} rows`, `${shortCount(eventsPerSecond)} events/s`, `${progress.late} late`,
  ].join('  ');
}

/** `999`, `12.3 k`, `4.56 M`. */
export function shortCount(count: number): string {
  if (count < 1_000) return String(Math.round(count));
  const [scaled, unit] = count < 999_500 ? [count / 1e3, 'k'] : [count / 1e6, 'M'];
  return `${scaled < 999.5 ? scaled.toPrecision(3) : Math.round(scaled)} ${unit}`;
}

export class ProgressLine {
  #drawnAt = -Infinity;
  #rateAt = -Infinity;
  #rateRows = 0;
  #rate = 0;
  #visible = false;

  constructor(private readonly terminal: Terminal, private readonly now: () => number = () => performance.now()) {}

  /** Draws when the last drawing is old enough. Bound, so that it can be handed on. */
  readonly show = (progress: Progress): void => {
    const now = this.now();
    if (now - this.#drawnAt < redrawMillis) return;
    this.#drawnAt = now;
    if (now - this.#rateAt >= rateMillis) {
      if (this.#rateAt !== -Infinity) this.#rate = ((progress.rows - this.#rateRows) * 1_000) / (now - this.#rateAt);
      this.#rateAt = now;
      this.#rateRows = progress.rows;
    }
    this.terminal.write(`\r\u001b[K${progressText(progress, this.#rate).slice(0, (this.terminal.columns || 80) - 1)}`);
    this.#visible = true;
  };

  /** Removes the line, so that something else can be printed. */
  clear(): void {
    if (this.#visible) this.terminal.write('\r\u001b[K');
    this.#visible = false;
  }
}
