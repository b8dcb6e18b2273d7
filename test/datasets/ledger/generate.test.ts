/** The generated ledger: what must hold at the end of each transaction, and what a connector's stream has in it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { TransactionAssembler } from '../../../src/cdc/transactions.js';
import type { Transaction } from '../../../src/cdc/event.js';
import { checkDataset } from '../../../src/datasets/check.js';
import { loadDataset } from '../../../src/datasets/dataset.js';
import { generatorNamed } from '../../../src/datasets/generators.js';
import { ACCOUNTS, BALANCE, SHARES } from '../../../src/datasets/ledger/database.js';
import { generateLedger } from '../../../src/datasets/ledger/generate.js';
import { ledgerPrints, ledgerSymbols } from '../../../src/datasets/ledger/tape.js';
import { resolveDataset } from '../../../src/datasets/resolve.js';
import { decodeRecord, type Change } from '../../../src/formats/debezium-envelope.js';
import { captureOf } from '../../../src/formats/debezium-record.js';
import { directoryFor } from '../../stores/directory.js';
import { sharedPath, skipUnless } from '../../support/shared.js';

type Row = Readonly<Record<string, unknown>>;
interface Line {
  readonly topic: string;
  readonly offset: string;
  readonly timestamp: string;
  readonly key: string;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}
interface Envelope {
  readonly before: Row | null;
  readonly after: Row | null;
  readonly source: Row & { readonly lsn: number; readonly table: string };
  readonly op: string;
}

const topics = ['dbz.cdc.orders', 'dbz.cdc.transactions', 'dbz.cdc.positions', 'dbz.cdc.account_balances'];
const texts = [...generateLedger({ seed: 4, rows: 6000 })];
const records = texts.map((text) => JSON.parse(text) as Line);
const changes = records.filter(({ topic, value }) => topics.includes(topic) && value !== null).map((record) => ({ record, envelope: JSON.parse(record.value!) as Envelope }));

function assembled(): { readonly transactions: readonly Transaction<Change>[]; readonly assembler: TransactionAssembler<Change> } {
  const assembler = new TransactionAssembler<Change>(topics);
  for (const [at, text] of texts.entries()) {
    const record = captureOf(text, at)!;
    if (record.topic.startsWith('__')) continue;
    const decoded = decodeRecord(record, null);
    if (decoded.kind === 'event') assembler.push(decoded.event);
    else assert.notEqual(decoded.kind, 'bad');
  }
  const { outcomes, incomplete } = assembler.finish();
  assert.deepEqual(incomplete, []);
  return { transactions: outcomes.map((outcome) => (outcome.kind === 'gap' ? assert.fail('there is a gap') : outcome)), assembler };
}

const unitsOf = (decimal: unknown): number => Number(String(decimal).replace('.', ''));
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

/** By topic and key, the rows. */
class Tables {
  readonly #rows = new Map(topics.map((topic) => [topic, new Map<string, Row>()]));

  apply(topic: string, key: string, { before, after, op }: Envelope): void {
    const rows = this.#rows.get(topic)!;
    assert.equal(rows.has(key), op === 'u' || op === 'd', `${topic} ${key} ${op}`);
    // Under the full replica identity the row before is what it was.
    if (before !== null && !topic.endsWith('orders')) assert.deepEqual(before, rows.get(key));
    if (after === null) rows.delete(key);
    else rows.set(key, after);
  }

  rows(table: string): readonly Row[] {
    return [...this.#rows.get(`dbz.cdc.${table}`)!.values()];
  }
}

test('whenever a transaction ends all money and all shares are there, and all legs come in twos', () => {
  const { transactions, assembler } = assembled();
  const tables = new Tables();
  const byPlace = new Map(changes.map((change) => [`${change.record.topic} ${change.record.offset}`, change]));
  for (const { events } of transactions) {
    const legs = new Map<unknown, Row[]>();
    for (const { topic, offset } of events) {
      const { record, envelope } = byPlace.get(`${topic} ${offset}`)!;
      tables.apply(topic, record.key, envelope);
      if (topic === 'dbz.cdc.transactions') legs.set(envelope.after!['tx_ref'], [...(legs.get(envelope.after!['tx_ref']) ?? []), envelope.after!]);
    }
    assert.equal(sum(tables.rows('account_balances').map(({ balance }) => unitsOf(balance))), ACCOUNTS * BALANCE);
    for (const symbol of ledgerSymbols) assert.equal(sum(tables.rows('positions').filter((row) => row['symbol'] === symbol).map(({ quantity }) => Number(quantity))), ACCOUNTS * SHARES);
    for (const pair of legs.values()) assert.deepEqual([pair.length, sum(pair.map(({ amount }) => unitsOf(amount)))], [2, 0]);
  }
  const paid = (account: unknown): number => sum(tables.rows('transactions').filter((row) => row['account_id'] === account).map(({ amount }) => unitsOf(amount)));
  for (const row of tables.rows('account_balances')) assert.equal(unitsOf(row['balance']), BALANCE + paid(row['account_id']));
  assert.ok(transactions.length > 400);
  assert.ok(assembler.counts.repeats > 10);
  assert.deepEqual(assembler.restarts.map(({ overlaps }) => overlaps), [true, true]);
});

test('it has in it what a database does: deletes, changed keys, holes, sessions side by side, values left out, a new column', () => {
  const of = (table: string, op: string) => changes.filter(({ envelope }) => envelope.source.table === table && envelope.op === op);
  const tombstones = records.filter(({ value }) => value === null);
  assert.equal(tombstones.length, changes.filter(({ envelope }) => envelope.op === 'd').length);
  assert.ok(of('positions', 'd').length > 0 && of('orders', 'd').length > 0);
  // Filler under the default replica identity.
  for (const { envelope } of of('orders', 'd')) assert.equal(envelope.before!['quantity'], 0);
  const renamed = of('orders', 'd').filter(({ record }) => '__debezium.newkey' in record.headers);
  assert.ok(renamed.length > 0);
  for (const { record } of renamed) assert.ok(of('orders', 'c').some(({ record: other }) => other.key === record.headers['__debezium.newkey'] && other.headers['__debezium.oldkey'] === record.key));
  assert.ok(of('orders', 'u').some(({ envelope }) => envelope.after!['notes'] === '__debezium_unavailable_value'));
  assert.ok(!('venue' in of('orders', 'c')[0]!.envelope.after!) && 'venue' in of('orders', 'c').at(-1)!.envelope.after!);
  const xids = [...new Set(changes.map(({ envelope }) => Number(envelope.source['txId'])))];
  assert.ok(Math.max(...xids) - Math.min(...xids) >= xids.length, 'rolled back sessions leave holes');
  const fresh = changes.filter(({ record }) => record.headers['__debezium.context.runId'] === changes[0]!.record.headers['__debezium.context.runId']);
  assert.ok(fresh.some(({ envelope }, at) => at > 0 && envelope.source.lsn < fresh[at - 1]!.envelope.source.lsn), 'LSNs do not ascend');
  for (const [at, { timestamp }] of records.entries()) assert.ok(at === 0 || Number(timestamp) >= Number(records[at - 1]!.timestamp));
});

test('fills have prices of the tape', () => {
  const prices = new Set(ledgerPrints(4).map(({ symbol, price }) => `${symbol} ${(price / 100).toFixed(2)}00`));
  const filled = changes.filter(({ envelope }) => envelope.after?.['status'] === 'FILLED');
  assert.ok(filled.length > 400);
  for (const { envelope } of filled) assert.ok(prices.has(`${String(envelope.after!['symbol'])} ${String(envelope.after!['limit_price'])}`));
});

test('as many records as asked for: of a few those of the snapshot, at the end heartbeats', () => {
  assert.equal(texts.length, 6000);
  assert.equal(records.at(-1)!.topic, '__debezium-heartbeat.dbz');
  const few = [...generateLedger({ seed: 4, rows: 5 })];
  assert.equal(few.length, 5);
  assert.equal((JSON.parse((JSON.parse(few[4]!) as Line).value!) as Envelope).op, 'r');
});

test('the shipped dataset is what is pinned, byte by byte, and takes no anomalies', async (context) => {
  const dataset = await loadDataset('ledger-day');
  assert.deepEqual(dataset.schema, generatorNamed('ledger-day')!.schema);
  const cache = directoryFor(context);
  const { binding, fingerprint, labels } = await resolveDataset(dataset, { cache });
  assert.deepEqual([binding.format, labels], ['jsonl', null]);
  assert.equal(fingerprint, dataset.fingerprint);
  assert.equal(createHash('sha256').update(readFileSync(binding.path)).digest('hex'), fingerprint);
  assert.ok(existsSync(binding.path.replace('.jsonl', '.json')));
  // The second time it is there.
  assert.equal((await resolveDataset(dataset, { cache, onProgress: () => assert.fail('made again') })).fingerprint, fingerprint);
  assert.deepEqual(await checkDataset(dataset, { cache }), { dataset: 'ledger-day', rows: 30_000, fingerprint, problems: [] });
  await assert.rejects(resolveDataset(dataset, { cache, inject: { PRICE_SPIKE: 1 } }), { code: 'USAGE', message: /ledger-day takes no anomalies/ });
});

const capture = ['data', 'debezium_postgres_3.7', 'debezium-capture.jsonl'] as const;
test('records look as those of a real connector', { skip: skipUnless(...capture) }, () => {
  const real = readFileSync(sharedPath(...capture), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Line);
  /** Names and kinds of members, in their order. */
  const shape = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;
    return Object.entries(value).map(([name, each]) => [name, shape(each)]);
  };
  /** Shapes by topic, operation and what is NULL. */
  const shapes = (lines: readonly Line[]): Map<string, unknown> => new Map(lines.filter(({ topic }) => !topic.startsWith('__')).map((line) => {
    const value = line.value === null ? null : (JSON.parse(line.value) as Envelope);
    const kind = [line.topic, value?.op ?? (value as Row | null)?.['status'] ?? 'tombstone', line.headers['__debezium.newkey'] !== undefined, line.headers['__debezium.oldkey'] !== undefined].join(' ');
    const whole = shape({ ...line, key: JSON.parse(line.key) as unknown, value });
    const nullable = /"(notes|venue|order_id|limit_price|price_double|tags|meta)",("\w+"|\[.*?\])/g;
    return [kind, JSON.stringify(whole).replaceAll(nullable, '"$1"').replaceAll(/\["(venue|fee_bps|memo)"[^\]]*\],?/g, '').replaceAll(',]', ']')];
  }));
  const known = shapes(real);
  for (const [kind, ours] of shapes(records)) if (known.has(kind)) assert.equal(ours, known.get(kind), kind);
  assert.ok([...shapes(records).keys()].filter((kind) => known.has(kind)).length >= 14);
});
