/**
 * Changes of a database applied from history: `npm run bench -- --cdc [--rows N] [--times N] [--json]`, 500,000 records of
 * the generated ledger and three rounds by default. From the first byte read to the last output durable, each run in a
 * process of its own; beside it DuckDB on one thread, which makes the final tables of the same lines without transactions
 * (the last record of each key). By the clock on the wall, and by processor time of all threads. Exits 1 when rows differ.
 */
import { execFile } from 'node:child_process';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { generateLedger } from '../../src/datasets/ledger/generate.js';
import { defaultParameters } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { queryBundle } from '../../src/sinks/query.js';
import { thisMachine } from './machine.js';
import { peakRssMB } from './processes.js';
import { machineText, median } from './summary.js';

interface CdcRun {
  readonly changes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMB: number;
  /** Of each final table: how many rows it has, and a hash of all of them. */
  readonly tables: Readonly<Record<string, string>>;
}

/** Changes a second that one core is asked to apply. */
const least = 300_000;

const tables: Readonly<Record<string, { readonly columns: readonly string[]; readonly key: string }>> = {
  orders: { columns: ['order_id BIGINT', 'account_id INT', 'symbol STRING', 'side STRING', 'quantity BIGINT', 'filled_quantity BIGINT', 'limit_price DECIMAL(18, 4)', 'status STRING'], key: 'order_id' },
  transactions: { columns: ['id BIGINT', 'tx_ref STRING', 'account_id INT', 'order_id BIGINT', 'amount DECIMAL(20, 4)', 'kind STRING'], key: 'id' },
  positions: { columns: ['account_id INT', 'symbol STRING', 'quantity BIGINT', 'avg_price DECIMAL(18, 6)'], key: 'account_id, symbol' },
  account_balances: { columns: ['account_id INT', 'balance DECIMAL(20, 4)', 'version BIGINT'], key: 'account_id' },
};

const nameOf = (column: string): string => column.slice(0, column.indexOf(' '));
const hashed = (columns: readonly string[]): string => `CAST(COUNT(*) AS VARCHAR) || ' ' || CAST(coalesce(bit_xor(hash(${columns.map((column) => `CAST(${nameOf(column)} AS VARCHAR)`).join(', ')})), 0) AS VARCHAR)`;

const sql = Object.entries(tables).map(([name, { columns, key }]) => `
CREATE TABLE ${name} (${columns.join(', ')}, committed_at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL, WATERMARK FOR committed_at AS committed_at, PRIMARY KEY (${key}) NOT ENFORCED)
  WITH ('connector' = 'kafka', 'topic' = 'dbz.cdc.${name}', 'format' = 'debezium-json');
CREATE TABLE ${name}_now (${columns.join(', ')}, PRIMARY KEY (${key}) NOT ENFORCED) WITH ('connector' = 'jdbc');
INSERT INTO ${name}_now SELECT ${columns.map(nameOf).join(', ')} FROM ${name};`).join('');

const run = promisify(execFile);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

export async function benchCdc({ rows, times, json }: { readonly rows: number; readonly times: number; readonly json: boolean }): Promise<void> {
  const machine = thisMachine();
  say(machineText(machine));
  const folder = await mkdtemp(join(tmpdir(), 'tapewright-bench-'));
  const measured: Record<'ours' | 'DuckDB', CdcRun[]> = { ours: [], DuckDB: [] };
  try {
    const file = join(folder, 'ledger.jsonl');
    writeLedger(file, rows);
    for (let round = 0; round < times; round += 1) {
      for (const side of ['ours', 'DuckDB'] as const) {
        const place = join(folder, `${side}-${round}`);
        const { stdout } = await run(process.execPath, [fileURLToPath(import.meta.url), side, file, place]);
        measured[side].push(JSON.parse(stdout) as CdcRun);
        await rm(place, { recursive: true, force: true });
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  // The peer tells no changes: it is held against as many.
  const changes = measured.ours[0]!.changes;
  const wall = ({ seconds }: CdcRun): number => changes / seconds, core = ({ cpuSeconds }: CdcRun): number => changes / cpuSeconds;
  const ratio = (speed: (one: CdcRun) => number): number => median(measured.ours.map((one, round) => speed(one) / speed(measured.DuckDB[round]!)));
  const peak = (side: 'ours' | 'DuckDB'): number => Math.max(...measured[side].map((one) => one.peakRssMB));
  const thousands = (speed: number): string => `${(speed / 1000).toFixed(0)} k changes/s`;
  for (const side of ['ours', 'DuckDB'] as const) {
    say(`${side.padEnd(8)} ${thousands(median(measured[side].map(wall)))} by the clock, ${thousands(median(measured[side].map(core)))} of one core by processor time, peak RSS ${peak(side).toFixed(0)} MB`);
  }
  const differing = Object.keys(tables).filter((name) => measured.ours.some((one, round) => one.tables[name] !== measured.DuckDB[round]!.tables[name]));
  const reached = Math.max(median(measured.ours.map(core)), median(measured.ours.map(wall)));
  say(`${rows} records, ${changes} changes, median of ${times}; ours : DuckDB ${ratio(wall).toFixed(2)} by the clock, ${ratio(core).toFixed(2)} by processor time, paired by round${reached < least ? `; BELOW ${thousands(least)}` : ''}`);
  say(differing.length === 0 ? `  ${Object.entries(measured.ours[0]!.tables).map(([name, text]) => `${name} ${text.split(' ')[0]}`).join(', ')}: rows equal to DuckDB's` : `Rows of ${differing.join(', ')} differ from DuckDB's.`);
  if (differing.length > 0) process.exitCode = 1;
  if (json) {
    const benchmarks = { cdc: { changesPerSecond: Math.round(median(measured.ours.map(wall))), changesPerCoreSecond: Math.round(median(measured.ours.map(core))), peer: `DuckDB ${machine.duckdb}, one thread`, ratio: ratio(wall), coreRatio: ratio(core), peakRssMB: peak('ours') } };
    process.stdout.write(`${JSON.stringify({ machine, benchmarks }, null, 2)}\n`);
  }
}

function writeLedger(path: string, rows: number): void {
  const file = openSync(path, 'w');
  let lines: string[] = [];
  for (const line of generateLedger({ seed: 1, rows })) {
    if (lines.push(line) < 4096) continue;
    writeSync(file, `${lines.join('\n')}\n`);
    lines = [];
  }
  if (lines.length > 0) writeSync(file, `${lines.join('\n')}\n`);
  closeSync(file);
}

async function measured<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly seconds: number; readonly cpuSeconds: number }> {
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { result, seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6 };
}

async function ours(file: string, out: string): Promise<CdcRun> {
  const { result, seconds, cpuSeconds } = await measured(() => runReplay({
    run: {
      kind: 'new', out, texts: { name: 'cdc', scenario: null, sql: [{ path: 'cdc.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } },
      parameters: { ...defaultParameters, bindings: Object.fromEntries(Object.keys(tables).map((table) => [table, { given: file, base: '/', map: {} }])) },
    },
    stopAfterRows: null, report: false,
  }));
  const found: Record<string, string> = {};
  for (const [name, { columns }] of Object.entries(tables)) found[name] = String((await queryBundle(out, `SELECT ${hashed(columns)} FROM ${name}_now`)).rows[0]![0]);
  return { changes: result.rows, seconds, cpuSeconds, peakRssMB: peakRssMB(), tables: found };
}

async function peer(file: string, out: string): Promise<CdcRun> {
  await mkdir(out, { recursive: true });
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  const path = (name: string): string => join(out, `${name}.parquet`);
  const { seconds, cpuSeconds } = await measured(async () => {
    await connection.run(`CREATE TABLE records AS SELECT topic, "offset" AS position, key, value
      FROM read_json('${file}', format = 'newline_delimited', maximum_object_size = 1048576, columns = {topic: 'VARCHAR', "offset": 'BIGINT', key: 'VARCHAR', value: 'VARCHAR'}) WHERE value IS NOT NULL`);
    for (const [name, { columns }] of Object.entries(tables)) {
      const listed = columns.map((column) => `CAST(last ->> '$.after.${nameOf(column)}' AS ${column.slice(column.indexOf(' ') + 1).replace('STRING', 'VARCHAR')}) AS ${nameOf(column)}`);
      await connection.run(`COPY (SELECT ${listed.join(', ')} FROM (SELECT arg_max(value, position) AS last FROM records WHERE topic = 'dbz.cdc.${name}' GROUP BY key) WHERE last ->> '$.op' <> 'd') TO '${path(name)}' (FORMAT parquet, COMPRESSION zstd)`);
      // Ours are on the disk when the clock stops, so the peer's are as well.
      const written = openSync(path(name), 'r+');
      fsyncSync(written);
      closeSync(written);
    }
  });
  const found: Record<string, string> = {};
  for (const [name, { columns }] of Object.entries(tables)) found[name] = String((await connection.runAndReadAll(`SELECT ${hashed(columns)} FROM read_parquet('${path(name)}')`)).getRows()[0]![0]);
  return { changes: 0, seconds, cpuSeconds, peakRssMB: peakRssMB(), tables: found };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [side, file, out] = process.argv.slice(2) as [string, string, string];
  process.stdout.write(JSON.stringify(side === 'ours' ? await ours(file, out) : await peer(file, out)));
}
