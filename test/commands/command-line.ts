/** The command line as a user has it: a process of its own, in a directory of its own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../src/runtime/versions.js';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export const binary = join(packageRoot(), 'bin', 'run.js');

/** Runs the command in `directory`, with nothing of the environment that would change its words. */
export function tapewright(directory: string, ...args: readonly string[]): Ran {
  const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], HOME: directory, TAPEWRIGHT_CACHE: process.env['TAPEWRIGHT_CACHE'] ?? join(packageRoot(), '.cache') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...args], { cwd: directory, encoding: 'utf8', env });
  return { code: status, out: stdout, err: stderr };
}

/** Writes files under `directory`, their folders as well. */
export function writeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

/** Minute candles over three ticks of two symbols, as JSON lines: small enough to check by hand. */
export const example: Readonly<Record<string, string>> = {
  'ticks.jsonl': [
    '{"symbol":"A","price":10.5,"volume":2,"event_time":"2026-03-02T14:30:01"}',
    '{"symbol":"B","price":3,"volume":1,"event_time":"2026-03-02T14:30:02"}',
    '{"symbol":"A","price":11.5,"volume":6,"event_time":"2026-03-02T14:30:59"}',
    '{"symbol":"A","price":12,"volume":1,"event_time":"2026-03-02T14:31:30"}',
    '{"symbol":"B","price":4,"volume":1,"event_time":"2026-03-02T14:30:30"}', '',
  ].join('\n'),
  'vwap.sql': `CREATE TABLE ticks (
  symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka');
CREATE TABLE vwap_1m (symbol STRING, window_start TIMESTAMP(3), vwap DOUBLE) WITH ('connector' = 'jdbc');
INSERT INTO vwap_1m
SELECT symbol, window_start, SUM(price * volume) / SUM(volume)
FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end;
`,
};
