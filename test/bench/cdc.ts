/**
 * Changes of a database applied from history: `npm run bench -- --cdc [--rows N] [--times N] [--json]`, 2,000,000 records of
 * the generated ledger and three rounds by default, the same records in JSON lines, in Parquet, and in Parquet with payloads in
 * Avro: tables are kept and every change of them is written out; and once more in Avro, with tables kept as before and only rows
 * written that are beyond a limit, by all cores and by one (`taskset`). From the first byte read to the last output durable, start-up apart, each run in a process of
 * its own; beside it DuckDB on one thread, which makes the final tables of the same lines without transactions (the last record
 * of each key). By the clock on the wall, and by processor time of all threads. Exits 1 when rows differ.
 */
import { execFile, spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { generateLedger } from '../../src/datasets/ledger/generate.js';
import { packRecording } from '../../src/datasets/pack-recording.js';
import { defaultParameters } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { queryBundle } from '../../src/sinks/query.js';
import { avroLine, writeSchemas } from './avro-ledger.js';
import { thisMachine } from './machine.js';
import { peakRssMB } from './processes.js';
import { machineText, median } from './summary.js';

interface CdcRun {
  readonly changes: number;
  /** From the first byte read to the last output durable; and of the process before that. */
  readonly seconds: number;
  readonly startupSeconds: number;
  /** Of all threads, in those seconds. */
  readonly cpuSeconds: number;
  /** Changes a second by the clock once half of them are applied: V8 has compiled most of what it will by then. Null: of the peer. */
  readonly secondHalf: number | null;
  readonly peakRssMB: number;
  /** Of each final table: how many rows it has, and a hash of all of them; of the peer, also of those beyond the limit. */
  readonly tables: Readonly<Record<string, string>>;
  readonly beyond: Readonly<Record<string, string>> | null;
}

/** Changes a second that one core is asked to apply. */
const least = 300_000;

/** `beyond`: few rows, by a column that is not the key's: all of the table must be kept to know what becomes of them. */
const tables: Readonly<Record<string, { readonly columns: readonly string[]; readonly key: string; readonly beyond: string }>> = {
  orders: { columns: ['order_id BIGINT', 'account_id INT', 'symbol STRING', 'side STRING', 'quantity BIGINT', 'filled_quantity BIGINT', 'limit_price DECIMAL(18, 4)', 'status STRING'], key: 'order_id', beyond: 'quantity >= 1000' },
  transactions: { columns: ['id BIGINT', 'tx_ref STRING', 'account_id INT', 'order_id BIGINT', 'amount DECIMAL(20, 4)', 'kind STRING'], key: 'id', beyond: 'amount > 440000' },
  positions: { columns: ['account_id INT', 'symbol STRING', 'quantity BIGINT', 'avg_price DECIMAL(18, 6)'], key: 'account_id, symbol', beyond: 'quantity < -50000' },
  account_balances: { columns: ['account_id INT', 'balance DECIMAL(20, 4)', 'version BIGINT'], key: 'account_id', beyond: 'balance < -45000000' },
};

const nameOf = (column: string): string => column.slice(0, column.indexOf(' '));
const hashed = (columns: readonly string[]): string => `CAST(COUNT(*) AS VARCHAR) || ' ' || CAST(coalesce(bit_xor(hash(${columns.map((column) => `CAST(${nameOf(column)} AS VARCHAR)`).join(', ')})), 0) AS VARCHAR)`;

const sqlOf = (isBeyond: boolean): string => Object.entries(tables).map(([name, { columns, key, beyond }]) => `
CREATE TABLE ${name} (${columns.join(', ')}, committed_at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL, WATERMARK FOR committed_at AS committed_at, PRIMARY KEY (${key}) NOT ENFORCED)
  WITH ('connector' = 'kafka', 'topic' = 'dbz.cdc.${name}', 'format' = 'debezium-json');
CREATE TABLE ${name}_now (${columns.join(', ')}, PRIMARY KEY (${key}) NOT ENFORCED) WITH ('connector' = 'jdbc');
INSERT INTO ${name}_now SELECT ${columns.map(nameOf).join(', ')} FROM ${name}${isBeyond ? ` WHERE ${beyond}` : ''};`).join('');

const run = promisify(execFile);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Forms of the history that we read, and how much of it is written; DuckDB reads the lines. */
const all = ['JSON lines', 'Parquet', 'Avro, Parquet', 'Avro, limits', 'Avro, one core'] as const;
type Form = (typeof all)[number];
type Side = Form | 'DuckDB';
/** Of which few rows are written; and where all threads have one core between them. */
const few: readonly string[] = ['Avro, limits', 'Avro, one core'], pinned = 'Avro, one core';

/** The command that gives a process one core of those that this one has; null: there is none. */
function oneCore(): readonly string[] | null {
  if (process.platform !== 'linux' || spawnSync('taskset', ['--version']).status !== 0) return null;
  const core = /^Cpus_allowed_list:.*?(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return core === undefined ? null : ['taskset', '--cpu-list', core];
}

export async function benchCdc({ rows, times, json }: { readonly rows: number; readonly times: number; readonly json: boolean }): Promise<void> {
  const machine = thisMachine();
  say(machineText(machine));
  const core = oneCore();
  if (core === null) say('no command taskset: nothing is run on one core');
  const forms = all.filter((form) => form !== pinned || core !== null), sides: readonly Side[] = [...forms, 'DuckDB'];
  const folder = await mkdtemp(join(tmpdir(), 'tapewright-bench-'));
  const runs: Record<Side, CdcRun[]> = { 'JSON lines': [], Parquet: [], 'Avro, Parquet': [], 'Avro, limits': [], 'Avro, one core': [], DuckDB: [] };
  try {
    const lines = join(folder, 'ledger.jsonl'), packed = join(folder, 'ledger.parquet'), avro = join(folder, 'ledger-avro.parquet');
    writeLedger(lines, rows);
    await packRecording(lines, packed, new AbortController().signal);
    await packAvroLedger(avro, rows);
    const files: Readonly<Record<Side, string>> = { 'JSON lines': lines, Parquet: packed, 'Avro, Parquet': avro, 'Avro, limits': avro, 'Avro, one core': avro, DuckDB: lines };
    for (let round = 0; round < times; round += 1) {
      for (const side of sides) {
        const place = join(folder, `out-${round}`);
        const command = [...(side === pinned ? core! : []), process.execPath, fileURLToPath(import.meta.url), side, files[side], place];
        const { stdout } = await run(command[0]!, command.slice(1));
        runs[side].push(JSON.parse(stdout) as CdcRun);
        await rm(place, { recursive: true, force: true });
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const { differing, benchmarks } = told(runs, forms, rows, `DuckDB ${machine.duckdb}, one thread`);
  if (differing.length > 0) process.exitCode = 1;
  if (json) process.stdout.write(`${JSON.stringify({ machine, benchmarks }, null, 2)}\n`);
}

/** Says what was measured. */
function told(runs: Readonly<Record<Side, readonly CdcRun[]>>, forms: readonly Form[], rows: number, peer: string): { readonly differing: readonly string[]; readonly benchmarks: object } {
  const sides: readonly Side[] = [...forms, 'DuckDB'];
  // The peer tells no changes: it is held against as many.
  const { changes, tables: found } = runs['JSON lines'][0]!;
  const wall = ({ seconds }: CdcRun): number => changes / seconds, core = ({ cpuSeconds }: CdcRun): number => changes / cpuSeconds, second = ({ secondHalf }: CdcRun): number => secondHalf ?? NaN;
  const middle = (side: Side, value: (one: CdcRun) => number): number => median(runs[side].map(value));
  const ratio = (side: Side, speed: (one: CdcRun) => number, other: Side = 'DuckDB'): number => median(runs[side].map((one, round) => speed(one) / speed(runs[other][round]!)));
  const isOurs = (side: Side): side is Form => side !== 'DuckDB';
  const peak = (side: Side): number => Math.max(...runs[side].map((one) => one.peakRssMB));
  const thousands = (speed: number): string => `${(speed / 1000).toFixed(0)} k changes/s`;
  say(`${rows} records, ${changes} changes, median of ${runs.DuckDB.length}, paired by round`);
  for (const side of sides) {
    const half = isOurs(side) ? ` (${thousands(middle(side, second))} in the second half)` : '';
    say(`  ${side.padEnd(13)} ${thousands(middle(side, wall))} by the clock${half}, ${thousands(middle(side, core))} of one core by processor time, start-up ${middle(side, ({ startupSeconds }) => startupSeconds).toFixed(2)} s, peak RSS ${peak(side).toFixed(0)} MB`);
  }
  for (const form of forms) {
    const reaches = [...(middle(form, wall) >= least ? ['by the clock'] : []), ...(middle(form, core) >= least ? ['by processor time'] : [])];
    say(`  ${form} : DuckDB ${ratio(form, wall).toFixed(2)} by the clock, ${ratio(form, core).toFixed(2)} by processor time; ${reaches.length === 0 ? `BELOW ${thousands(least)}` : `${thousands(least)} reached ${reaches.join(' and ')}`}`);
  }
  for (const form of forms.slice(1)) say(`  ${form} : JSON lines ${ratio(form, wall, 'JSON lines').toFixed(2)} by the clock, ${ratio(form, core, 'JSON lines').toFixed(2)} by processor time`);
  const { beyond } = runs.DuckDB[0]!;
  const differing = Object.keys(tables).filter((name) => sides.some((side) => runs[side].some((one) => one.tables[name] !== (few.includes(side) ? beyond! : found)[name])));
  say(differing.length === 0 ? `  ${Object.entries(found).map(([name, text]) => `${name} ${text.split(' ')[0]} (${beyond![name]!.split(' ')[0]} beyond the limit)`).join(', ')}: rows of all ${sides.length} equal` : `Rows of ${differing.join(', ')} differ.`);
  const of = (form: Form): object => ({ form, changesPerSecond: Math.round(middle(form, wall)), changesPerCoreSecond: Math.round(middle(form, core)), changesPerSecondInSecondHalf: Math.round(middle(form, second)), peer, ratio: ratio(form, wall), coreRatio: ratio(form, core), peakRssMB: peak(form) });
  return { differing, benchmarks: { cdc: of('JSON lines'), cdc_parquet: of('Parquet'), cdc_avro: of('Avro, Parquet'), cdc_avro_limits: of('Avro, limits'), ...(forms.includes(pinned) ? { cdc_avro_one_core: of(pinned) } : {}) } };
}

function writeLedger(path: string, rows: number, form: (line: string) => string = (line) => line): void {
  const file = openSync(path, 'w');
  let lines: string[] = [];
  for (const line of generateLedger({ seed: 1, rows })) {
    if (lines.push(form(line)) < 4096) continue;
    writeSync(file, `${lines.join('\n')}\n`);
    lines = [];
  }
  if (lines.length > 0) writeSync(file, `${lines.join('\n')}\n`);
  closeSync(file);
}

/** The ledger with payloads in Avro, and its schemas beside it. */
export async function packAvroLedger(path: string, rows: number): Promise<void> {
  const lines = `${path}.jsonl`;
  writeLedger(lines, rows, avroLine);
  await writeSchemas(path);
  await packRecording(lines, path, new AbortController().signal);
  await rm(lines);
}

/** How often processor time is looked at, ms, and how long: it is asked afterwards what it was when reading began. Each look costs. */
const sampleMillis = 5, startupMillis = 5000;

/** Of `work`, without its first seconds as it tells them. */
async function measured<T>(work: () => Promise<{ readonly result: T; readonly startupSeconds: number }>): Promise<Omit<CdcRun, 'changes' | 'secondHalf' | 'tables' | 'beyond' | 'peakRssMB'> & { readonly result: T }> {
  const samples: { readonly at: number; readonly cpu: number }[] = [];
  const sample = (): void => {
    const { user, system } = process.cpuUsage();
    samples.push({ at: performance.now(), cpu: (user + system) / 1e6 });
  };
  sample();
  const timer = setInterval(() => {
    sample();
    if (samples.at(-1)!.at - samples[0]!.at > startupMillis) clearInterval(timer);
  }, sampleMillis);
  const { result, startupSeconds } = await work();
  clearInterval(timer);
  sample();
  const first = samples[0]!, last = samples.at(-1)!;
  const began = first.at + startupSeconds * 1000;
  const after = samples.find(({ at }) => at >= began)!, before = samples.findLast(({ at }) => at <= began)!;
  const share = after.at === before.at ? 0 : (began - before.at) / (after.at - before.at);
  return { result, seconds: (last.at - began) / 1000, startupSeconds: began / 1000, cpuSeconds: last.cpu - (before.cpu + share * (after.cpu - before.cpu)) };
}

async function ours(file: string, out: string, isBeyond: boolean): Promise<CdcRun> {
  const looks: { readonly at: number; readonly rows: number }[] = [];
  const { result, seconds, startupSeconds, cpuSeconds } = await measured(() => runReplay({
    run: {
      kind: 'new', out, texts: { name: 'cdc', scenario: null, sql: [{ path: 'cdc.sql', text: sqlOf(isBeyond) }], expect: { outputs: [], lateMax: null, rejectedMax: null } },
      parameters: { ...defaultParameters, bindings: Object.fromEntries(Object.keys(tables).map((table) => [table, { given: file, base: '/', map: {} }])) },
    },
    stopAfterRows: null, report: false, onProgress: ({ rows }) => void looks.push({ at: performance.now(), rows }),
  }).then((replayed) => ({ result: replayed, startupSeconds: replayed.startupSeconds })));
  const ended = (startupSeconds + seconds) * 1000, half = looks.find(({ rows }) => 2 * rows >= result.rows);
  const secondHalf = half === undefined ? NaN : (1000 * (result.rows - half.rows)) / (ended - half.at);
  const found: Record<string, string> = {};
  for (const [name, { columns }] of Object.entries(tables)) found[name] = String((await queryBundle(out, `SELECT ${hashed(columns)} FROM ${name}_now`)).rows[0]![0]);
  return { changes: result.rows, seconds, startupSeconds, cpuSeconds, secondHalf, peakRssMB: peakRssMB(), tables: found, beyond: null };
}

async function peer(file: string, out: string): Promise<CdcRun> {
  await mkdir(out, { recursive: true });
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  const path = (name: string): string => join(out, `${name}.parquet`);
  const { seconds, startupSeconds, cpuSeconds } = await measured(async () => {
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
    return { result: null, startupSeconds: 0 };
  });
  const found: Record<string, string> = {}, beyond: Record<string, string> = {};
  const asked = async (query: string): Promise<string> => String((await connection.runAndReadAll(query)).getRows()[0]![0]);
  for (const [name, { columns, beyond: limit }] of Object.entries(tables)) {
    found[name] = await asked(`SELECT ${hashed(columns)} FROM read_parquet('${path(name)}')`);
    beyond[name] = await asked(`SELECT ${hashed(columns)} FROM read_parquet('${path(name)}') WHERE ${limit}`);
  }
  return { changes: 0, seconds, startupSeconds, cpuSeconds, secondHalf: null, peakRssMB: peakRssMB(), tables: found, beyond };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [side, file, out] = process.argv.slice(2) as [string, string, string];
  process.stdout.write(JSON.stringify(side === 'DuckDB' ? await peer(file, out) : await ours(file, out, few.includes(side))));
}
