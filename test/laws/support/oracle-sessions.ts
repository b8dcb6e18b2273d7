/** Sessions by Flink's words, one row after the other, all of them kept to be looked through each time. */
import { textOf, type Cell } from './cells.js';

export interface OracleSession<Row> {
  start: number;
  end: number;
  readonly keys: readonly Cell[];
  /** In the order of arrival. */
  rows: Row[];
}

export class OracleSessions<Row> {
  all: OracleSession<Row>[] = [];
  readonly #arrival = new Map<Row, number>();

  constructor(readonly gap: number) {}

  /** False: the row is late, the watermark being `before`. */
  take(keys: readonly Cell[], time: number, before: number, row: Row): boolean {
    const key = keys.map(textOf).join('|');
    const touched = this.all.filter((one) => one.keys.map(textOf).join('|') === key && one.end - 1 > before && time <= one.end && time + this.gap >= one.start);
    if (touched.length === 0 && time + this.gap - 1 <= before) return false;
    this.#arrival.set(row, this.#arrival.size);
    const rows = [...touched.flatMap((one) => one.rows), row].sort((a, b) => this.#arrival.get(a)! - this.#arrival.get(b)!);
    this.all = this.all.filter((one) => !touched.includes(one));
    this.all.push({ start: Math.min(time, ...touched.map(({ start }) => start)), end: Math.max(time + this.gap, ...touched.map(({ end }) => end)), keys, rows });
    return true;
  }
}
