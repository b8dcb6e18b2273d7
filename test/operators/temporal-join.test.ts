/** The temporal join by its law, and by example. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DELETE } from '../../src/core/row-kind.js';
import { runSql } from '../engine/run-engine.js';
import { greater, make, temporalLaw } from './temporal-model.js';
import { drive, type Arrival, type Given } from './two-inputs.js';

test('law: what left rows meet, and when, is as Flink has it, however rows are cut and wherever state is saved', () => {
  fc.assert(temporalLaw, { numRuns: 500 });
});

const quote = (ts: number, v: number, mark: number, kind = 0): Arrival => ({ side: 1, k: 'a', ts, v, kind, mark });
const trade = (ts: number, v: number, mark: number, k: string | null = 'a'): Arrival => ({ side: 0, k, ts, v, mark });
const met = (rows: readonly Given[]): unknown[] => rows.map((given) => [given[3], given[6]]);

test('a version is valid from its own instant until the next; of one instant the last to come stands', () => {
  const arrivals = [quote(10, 1, 0), quote(20, 2, 0), quote(20, 3, 0), trade(9, 90, 0), trade(10, 91, 0), trade(19, 92, 0), trade(20, 93, 0), trade(99, 94, 100)];
  assert.deepEqual(met(drive(make('left'), arrivals).rows), [[90, null], [91, 1], [92, 1], [93, 3], [94, 3]]);
  assert.deepEqual(met(drive(make('inner'), arrivals).rows), [[91, 1], [92, 1], [93, 3], [94, 3]]);
});

test('a deleted row has no version until it is there again', () => {
  const arrivals = [quote(10, 1, 0), quote(20, 1, 0, DELETE), quote(30, 2, 0), trade(15, 90, 0), trade(25, 91, 0), trade(35, 92, 100)];
  assert.deepEqual(met(drive(make('left'), arrivals).rows), [[90, 1], [91, null], [92, 2]]);
});

test('a late left row meets what is still kept; one whose version is gone is told', () => {
  const arrivals = [quote(10, 1, 0), quote(20, 2, 0), quote(30, 3, 30), trade(32, 90, 31), trade(15, 91, 31), trade(30, 92, 31), trade(40, 93, 40)];
  const inner = drive(make('inner'), arrivals);
  assert.deepEqual(met(inner.rows), [[92, 3], [90, 3], [93, 3]]);
  assert.deepEqual(inner.late, [{ v: 91, watermark: 31 }]);
  const left = drive(make('left'), arrivals);
  assert.deepEqual(met(left.rows), [[91, null], [92, 3], [90, 3], [93, 3]]);
  assert.deepEqual(left.late, inner.late);
});

test('a condition besides the keys: the row of an outer join leaves alone where it does not hold', () => {
  const arrivals = [quote(10, 50, 0), trade(11, 40, 0), trade(12, 60, 100)];
  assert.deepEqual(met(drive(make('left', greater), arrivals).rows), [[40, 50], [60, null]]);
});

test('left rows that are taken back take back what they met', () => {
  const sql = `CREATE TABLE o (id INT, k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);
    CREATE TABLE r (k STRING, rate INT, ts TIMESTAMP(3), PRIMARY KEY (k) NOT ENFORCED, WATERMARK FOR ts AS ts);
    CREATE VIEW newest AS SELECT id, k, n, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY ts DESC) AS rn FROM o) WHERE rn = 1;
    SELECT id, n, rate FROM newest LEFT JOIN r FOR SYSTEM_TIME AS OF newest.ts ON newest.k = r.k;`;
  const o = [{ id: 1, k: 'a', n: 1, ts: 1000 }, { id: 1, k: 'a', n: 2, ts: 3000 }, { id: 1, k: 'b', n: 3, ts: 4000 }];
  const r = [{ k: 'a', rate: 10, ts: 500 }, { k: 'a', rate: 20, ts: 2000 }];
  const changes = ['1,1,10,+I', '1,1,10,-U', '1,2,20,+U', '1,2,20,-U', '1,3,,+U'];
  for (const batchRows of [[9], [1]]) assert.deepEqual(runSql(sql, { o, r }, { batchRows }).outputs['query_1']!.map(String), changes);
});

test('NULL keys meet nothing', () => {
  const arrivals: Arrival[] = [{ side: 1, k: null, ts: 1, v: 1, mark: 0 }, trade(2, 90, 100, null)];
  assert.deepEqual(met(drive(make('left'), arrivals).rows), [[90, null]]);
  assert.deepEqual(drive(make('inner'), arrivals).rows, []);
});

test('keys that have come and gone are no burden, and change nothing', () => {
  const arrivals: Arrival[] = [quote(1, 7, 0)];
  for (let n = 0; n < 20_000; n += 1) arrivals.push(trade(10 + n, n, n, `k${n}`));
  arrivals.push(trade(30_000, 90, 30_000), { side: 1, k: 'k5', ts: 30_001, v: 8, mark: 30_000 }, trade(30_002, 91, 30_002, 'k5'));
  for (const restore of [false, true]) assert.deepEqual(met(drive(make('inner'), arrivals, [3000], restore).rows), [[90, 7], [91, 8]]);
  assert.equal(drive(make('left'), arrivals, [3000]).rows.length, 20_002);
});
