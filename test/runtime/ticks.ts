/** A small run made in the test: ticks as JSON lines with ties, late rows and constant prices, minute windows and a frame over them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultParameters, type PipelineTexts, type ReplayResult, type RunParameters } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';

export const sql = `CREATE TABLE ticks (
  symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3),
  WATERMARK FOR event_time AS event_time - INTERVAL '2' SECOND
) WITH ('connector' = 'kafka');
CREATE TABLE candles (symbol STRING, window_start TIMESTAMP(3), vwap DOUBLE, trades BIGINT) WITH ('connector' = 'jdbc');
CREATE TABLE moving (symbol STRING, event_time TIMESTAMP(3), price DOUBLE, average DOUBLE) WITH ('connector' = 'jdbc');
INSERT INTO candles
SELECT symbol, window_start, SUM(price * volume) / SUM(volume), COUNT(*)
FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND))
GROUP BY symbol, window_start, window_end;
INSERT INTO moving
SELECT symbol, event_time, price, AVG(price) OVER (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW)
FROM ticks;
`;

export interface Tick {
  symbol: string;
  price: number;
  volume: number;
  event_time: string;
}

const begin = Date.UTC(2026, 2, 2, 14, 30);

/** `rows` ticks, 50 ms apart: every 37th comes 4 s late, and one symbol never moves. */
export function ticks(rows: number): Tick[] {
  let seed = 42;
  const next = (): number => (seed = (seed * 48_271) % 2_147_483_647);
  return Array.from({ length: rows }, (_, row) => {
    const symbol = 'ABCDE'[next() % 5]!;
    const late = row % 37 === 36 ? 4_000 : 0;
    return {
      symbol, price: symbol === 'E' ? 7.1 : 100 + (next() % 1_000) / 100, volume: 1 + (next() % 9),
      event_time: new Date(begin + row * 50 - late).toISOString().slice(0, -1),
    };
  });
}

export const jsonLines = (rows: readonly Tick[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

export function writeTicks(directory: string, rows: readonly Tick[]): string {
  const path = join(directory, 'ticks.jsonl');
  writeFileSync(path, jsonLines(rows));
  return path;
}

export const texts = (text = sql): PipelineTexts =>
  ({ name: 'ticks', scenario: null, sql: [{ path: 'ticks.sql', text }], expect: { outputs: [], lateMax: null, rejectedMax: null } });

export const parameters = (path: string, changes: Partial<RunParameters> = {}): RunParameters =>
  ({ ...defaultParameters, bindings: { ticks: { given: path, base: '.', map: {} } }, ...changes });

/** Replays `path` into the new directory `out`, without a report. */
export function replayTicks(path: string, out: string, changes: Partial<RunParameters> = {}, text = sql): Promise<ReplayResult> {
  return runReplay({ run: { kind: 'new', texts: texts(text), parameters: parameters(path, changes), out }, stopAfterRows: null, report: false });
}
