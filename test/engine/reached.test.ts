/** Which nodes a chunk runs through, by the inputs that it has rows of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildPhysical } from '../../src/engine/physical.js';
import { Reached } from '../../src/engine/reached.js';
import { planSql } from '../../src/sql/planner.js';

const tables = Array.from({ length: 12 }, (_, index) => `t${index}`);
const { nodes } = buildPhysical(planSql(`${tables.map((name) => `CREATE TABLE ${name} (k DOUBLE) WITH ('connector' = 'kafka');`).join('\n')}\n${tables.map((name) => `SELECT k FROM ${name};`).join('\n')}`));
const partsOf = (inputs: readonly number[]) => inputs.map((input) => ({ batch: { input } }));

test('law: they are those of each of its inputs, ascending, in whatever order its partitions are', () => {
  const reached = new Reached(nodes, tables.length, [[2, 5]]);
  fc.assert(fc.property(fc.array(fc.nat(tables.length - 1), { minLength: 1, maxLength: 20 }), (inputs) => {
    const expected = [...new Set(inputs.flatMap((input) => reached.by(input)))].sort((a, b) => a - b);
    assert.deepEqual(reached.byAll(partsOf(inputs)), expected);
  }), { numRuns: 500 });
});

test('what is remembered of them is one list for each set of inputs', () => {
  const reached = new Reached(nodes, tables.length, []);
  const inputs = tables.map((_, input) => input);
  const [one, other] = [inputs, inputs.toReversed().flatMap((input) => [input, input])].map((order) => reached.byAll(partsOf(order)));
  assert.equal(one, other);
});
