/** The ledger beside its tape, live on the log in memory: killed at random points it comes to the tables of replay. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { generateLedger } from '../../src/datasets/ledger/generate.js';
import { captureOf } from '../../src/formats/debezium-record.js';
import { makeBundle } from '../../src/live/kept-bundle.js';
import { KeptLane } from '../../src/live/kept-lane.js';
import { takeLane } from '../../src/live/take.js';
import { readSchemas } from '../../src/runtime/kept-input.js';
import { defaultParameters, type PipelineTexts } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { queryBundle } from '../../src/sinks/query.js';
import { MemoryLog } from './memory-log.js';
import { dying, quiet, runToEnd, specsOn } from './memory-run.js';

const captured = ['orders', 'transactions', 'positions', 'account_balances'];
const outputs = ['exposures', 'account_summaries', 'order_book', 'ledger_totals', 'risk_reviews', 'balance_violations', 'leg_violations', 'booking_violations', 'share_violations'];
const ledgerRows = 400, tapeRows = 400;

let folder: string;
let sql: string;
let tape: readonly string[];
let changes: readonly string[];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapewright-ledger-'));
  const files = await Promise.all(['tables', 'views', 'outputs'].map((name) => readFile(join(packageRoot(), 'scenarios', 'ledger', `${name}.sql`), 'utf8')));
  sql = files.join('\n').replace(/'format' = 'avro-confluent',\s+'avro-confluent.url' = '[^']+'/, "'format' = 'json'");
  changes = [...generateLedger({ seed: 3, rows: ledgerRows })];
  // A trade of each symbol in turn, as long as the changes go.
  const [from, to] = [0, changes.length - 1].map((index) => captureOf(changes[index]!, 0)!.timestamp!) as [number, number];
  tape = Array.from({ length: tapeRows }, (_, index) => {
    const time = new Date(from + Math.floor(((to - from) * index) / tapeRows)).toISOString().slice(0, 23).replace('T', ' ');
    return JSON.stringify({ symbol: ['AAPL', 'MSFT', 'GOOGL', 'AMZN', 'NVDA', 'QQQ', 'NFLX'][index % 7], price: 100 + ((index * 37) % 211) / 10, volume: 100 + (index % 9) * 50, event_time: time, event_type: 'TRADE' });
  });
});
after(() => rm(folder, { recursive: true, force: true }));

const texts = (): PipelineTexts => ({ name: 'ledger', scenario: null, sql: [{ path: 'ledger.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } });

async function standing(directory: string): Promise<Record<string, unknown>> {
  const tables: Record<string, unknown> = {};
  for (const table of outputs) tables[table] = (await queryBundle(directory, `FROM ${table} ORDER BY ALL`)).rows;
  return tables;
}

async function replayed(): Promise<Record<string, unknown>> {
  const paths = { tape: join(folder, 'tape.jsonl'), changes: join(folder, 'changes.jsonl') };
  await writeFile(paths.tape, `${tape.join('\n')}\n`);
  await writeFile(paths.changes, `${changes.join('\n')}\n`);
  const bound = [['market_data_raw', paths.tape], ...captured.map((table) => [table, paths.changes])] as const;
  const bindings = Object.fromEntries(bound.map(([table, given]) => [table!, { given: given!, base: folder, map: {} }]));
  const { directory } = await runReplay({ run: { kind: 'new', out: join(folder, 'history'), parameters: { ...defaultParameters, bindings }, texts: texts() }, stopAfterRows: null, report: false });
  return standing(directory);
}

async function logOf(): Promise<MemoryLog> {
  const log = new MemoryLog();
  const records = changes.map((line, index) => captureOf(line, index)!);
  for (const topic of new Set(records.map((record) => record.topic))) await log.create(topic, 1);
  await log.create('market-data-raw', 1);
  const producer = await log.producer('connector');
  const bytes = (payload: string | Buffer | null): Buffer | null => (payload === null ? null : Buffer.from(payload as string));
  await producer.commit(tape.map((line) => ({ topic: 'market-data-raw', partition: 0, key: null, value: Buffer.from(line) })), null);
  await producer.commit(records.map(({ topic, key, value, headers }) => ({ topic, partition: 0, key: bytes(key), value: bytes(value), headers: headers as Record<string, string> })), null);
  return log;
}

test('law: killed at random points, it comes to the tables of replay, and no invariant is ever broken', async () => {
  const history = await replayed();
  assert.ok((history['exposures'] as unknown[]).length > 0);
  let run = 0;
  await fc.assert(fc.asyncProperty(fc.array(fc.nat(40), { maxLength: 4 }), fc.constantFrom(60, 300), fc.boolean(), async (kills, fetchMax, isCheckpointed) => {
    const log = await logOf();
    log.fetchMax = fetchMax;
    const options = { sql, checkpointEvery: isCheckpointed ? 0 : 1e9, redirect: new Map([['*', 'out-']]), start: { kind: 'earliest' as const } };
    const spec = (await specsOn(log, options))(0);
    await runToEnd(log, spec, dying(kills));
    run += 1;
    const fresh = (await specsOn(log, options))(0);
    const kept = await KeptLane.open(join(folder, `kept-${run}`), fresh.inputs, readSchemas(fresh.pipeline));
    try {
      const { fold } = await takeLane(log, fresh, { ...quiet, onAgain: async (_, step) => { await kept.keep(step); } });
      const lanes = [{ kept, inputs: fresh.inputs }];
      const { directory } = await makeBundle({ texts: texts(), pipeline: fresh.pipeline, group: 'run', strict: false, lanes, captures: fresh.captures ?? [], changes: fold.captures.map(({ record }) => record), out: join(folder, `bundle-${run}`), report: false });
      assert.deepEqual(await standing(directory), history);
      for (const table of outputs.slice(-4)) assert.deepEqual((await queryBundle(directory, `SELECT count(*) FROM ${table}__changes`)).rows, [[0]], table);
    } finally {
      await kept.close();
    }
  }), { numRuns: 2 });
});
