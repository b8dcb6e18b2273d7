/** A recording with something missing, beside a later snapshot: its corrections, appended to it, set it right. */
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { reconcile, type ReconcileRequest } from '../../src/reconcile/reconcile.js';

let folder: string;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'tapewright-reconcile-test-')); });
after(() => rm(folder, { recursive: true, force: true }));

const text = `
CREATE TABLE orders (id BIGINT, price DECIMAL(20, 4), size DOUBLE, at TIMESTAMP(6), day DATE, note STRING, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'kafka', 'topic' = 'cdc.orders', 'format' = 'debezium-json');
SELECT * FROM orders;`;

interface Order {
  readonly id: number | string;
  readonly price?: string;
  readonly size?: number | string;
  readonly at?: number;
  readonly day?: number;
  readonly note?: string | null;
}

const record = (op: string, row: Order, lsn: number): string => {
  const source = { ts_ms: lsn, snapshot: 'false', db: 'd', schema: 'public', table: 'orders', lsn, sequence: `["${lsn - 1}","${lsn}"]` };
  const value = { before: op === 'd' ? row : null, after: op === 'd' ? null : row, source, op, ts_ms: lsn };
  // Integers beyond 2^53 stand as digits.
  return `${JSON.stringify({ topic: 'cdc.orders', partition: 0, key: JSON.stringify({ id: row.id }), value: JSON.stringify(value).replace(/"id":"(\d+)"/g, '"id":$1') })}\n`;
};

const whole = (id: number | string, more: Partial<Order> = {}): Order => ({ id, price: '1.2500', size: 0.1, at: 1_700_000_000_123_456, day: 19_000, note: 'é"\n', ...more });

const asked = (held: string, against: string, out: string | null = null): ReconcileRequest => ({
  held: join(folder, held), tables: new Map([['orders', 'orders']]), against: { kind: 'recording', file: join(folder, against) }, columns: null, key: null, out, environment: {},
  texts: { name: 'test', scenario: null, sql: [{ path: 'test.sql', text }], expect: { outputs: [], lateMax: null, rejectedMax: null } },
});

test('corrections by key, as changes that set it right', async () => {
  const big = '9007199254740993';
  await writeFile(join(folder, 'held.jsonl'), [record('c', whole(1), 10), record('c', whole(2), 11), record('c', whole(big, { size: 'NaN' }), 12), record('c', whole(5), 13)].join(''));
  await writeFile(join(folder, 'new.jsonl'), [record('r', whole(1), 20), record('r', whole(2, { price: '7', note: null }), 20), record('r', whole(big, { size: 'NaN', day: 19_001 }), 20), record('r', whole(7, { size: '-Infinity' }), 20)].join(''));
  const out = join(folder, 'corrections.jsonl');
  const first = await reconcile(asked('held.jsonl', 'new.jsonl', out));
  assert.equal(first.equal, false);
  assert.deepEqual(first.tables[0]!.first.map(({ kind, held, actual }) => [kind, String((held ?? actual)![0])]), [['different', '2'], ['extra', '5'], ['missing', '7'], ['different', big]]);
  assert.equal(first.written, 4);
  await appendFile(join(folder, 'held.jsonl'), await readFile(out));
  const second = await reconcile(asked('held.jsonl', 'new.jsonl'));
  assert.equal(second.equal, true, JSON.stringify(second.tables[0]!.first, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
  assert.equal(second.tables[0]!.held.hash, first.tables[0]!.actual.hash);
});

test('what cannot be compared is refused by name', async () => {
  await writeFile(join(folder, 'one.jsonl'), record('c', whole(1), 10));
  await assert.rejects(reconcile({ ...asked('one.jsonl', 'one.jsonl'), tables: new Map([['trades', 'trades']]) }), /trades is no table that is kept from changes; these are: orders/);
  await assert.rejects(reconcile({ ...asked('one.jsonl', 'one.jsonl'), columns: ['venue'] }), /orders has no column venue/);
  await assert.rejects(reconcile({ ...asked('one.jsonl', 'one.jsonl'), texts: null }), /give with --sql the scenario/);
  await assert.rejects(reconcile(asked('none.jsonl', 'one.jsonl')), /there is no run or recording/);
});

test('what a side lacks is said: a topic of which it has nothing, lines that cannot be read, what is not whole, a gap', async () => {
  const other = record('c', whole(1), 10).replace('"topic":"cdc.orders"', '"topic":"cdc.others"');
  await writeFile(join(folder, 'some.jsonl'), record('c', whole(1), 10));
  await writeFile(join(folder, 'none.jsonl'), `${other}garbage\n`);
  const nothing = await reconcile(asked('some.jsonl', 'none.jsonl'));
  assert.deepEqual(nothing.remarks.filter((remark) => !remark.includes('one by one')), [`${join(folder, 'none.jsonl')}: orders: the recording has no record of topic cdc.orders; it has cdc.others`, `${join(folder, 'none.jsonl')}: orders: 1 record cannot be read (dead letters), the first since the line is not a JSON object`]);
  const change = (xid: number, id: number): string => record('c', whole(id), xid * 10).replace('\\"op\\"', `\\"transaction\\":{\\"id\\":\\"${xid}:${xid * 10}\\",\\"total_order\\":1,\\"data_collection_order\\":1},\\"op\\"`);
  const end = (xid: number): string => `${JSON.stringify({ topic: 'cdc.transaction', partition: 0, key: null, value: JSON.stringify({ status: 'END', id: `${xid}:${xid * 10 + 5}`, event_count: 1, data_collections: [{ data_collection: 'public.orders', event_count: 1 }], ts_ms: xid * 10 }) })}\n`;
  await writeFile(join(folder, 'torn.jsonl'), `garbage\n${change(1, 1)}${end(1)}${change(2, 2)}${end(2)}${change(3, 3)}`);
  const torn = await reconcile(asked('torn.jsonl', 'torn.jsonl'));
  const said = torn.remarks.map((remark) => remark.slice(join(folder, 'torn.jsonl').length + 2));
  assert.match(said.join('\n'), /^A gap in the changes: transactions are missing between LSN 15 \(transaction 1\) and LSN 25 \(transaction 2\)\.\nTransaction 3 is not whole where the data end \(1 of unknown changes\): it is not applied\.\n1 record of captured topics cannot be read \(dead letters\), the first since the line is not a JSON object\.$/);
});
