import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { durationText, printExpression } from '../../src/plan/print.js';
import type { Expression } from '../../src/plan/expression.js';
import { planSql } from '../../src/sql/planner.js';
import { expressionKey } from '../../src/sql/virtuals.js';

const table = 'CREATE TABLE t (a BIGINT, b DOUBLE, c STRING, d DECIMAL(10, 2), e BOOLEAN, f TIMESTAMP(3)); ';
const names = ['a', 'b', 'c', 'd', 'e', 'f'];

function planned(text: string): Expression {
  const { root } = planSql(`${table} SELECT ${text} AS x FROM t`).statements[0]!;
  return root.kind === 'project' ? root.expressions[0]! : assert.fail('a projection');
}

const { number, condition } = fc.letrec<{ number: string; condition: string }>((tie) => ({
  number: fc.oneof({ depthSize: 'small' },
    fc.constantFrom('a', 'b', '1', '-7'),
    fc.tuple(tie('number'), fc.constantFrom('+', '-', '*', '/'), tie('number')).map(([x, op, y]) => `(${x}) ${op} (${y})`),
    tie('number').map((x) => `-(${x})`),
    fc.constantFrom('CAST(a AS DOUBLE)', 'EXTRACT(HOUR FROM f)', 'TIMESTAMPDIFF(SECOND, f, f)'),
    tie('number').map((x) => `ABS(${x})`),
    fc.tuple(tie('condition'), tie('number'), tie('number')).map(([when, x, y]) => `CASE WHEN ${when} THEN ${x} ELSE ${y} END`),
    tie('number').map((x) => `NULLIF(${x}, 0)`)),
  condition: fc.oneof({ depthSize: 'small' },
    fc.constantFrom('e', "c = 'it''s'", 'c LIKE \'A%\'', "f > TIMESTAMP '2024-01-02 03:04:05.678'", 'c IN (\'a\', \'b\')', "f + INTERVAL '5' MINUTE < f"),
    fc.tuple(tie('number'), fc.constantFrom('<', '=', '<>', '>='), tie('number')).map(([x, op, y]) => `(${x}) ${op} (${y})`),
    fc.tuple(tie('condition'), fc.constantFrom('AND', 'OR'), tie('condition')).map(([x, op, y]) => `(${x}) ${op} (${y})`),
    tie('condition').map((x) => `NOT (${x})`),
    tie('number').map((x) => `(${x}) IS NULL`)),
}));

/** Law: a printed expression says what it was printed from. (Beside a DECIMAL literals have digits that the text cannot tell: left out.) */
test('planning what was printed gives the same expression', () => {
  fc.assert(fc.property(fc.oneof(number, condition), (text) => {
    const expression = planned(text);
    const printed = printExpression(expression, names);
    assert.equal(expressionKey(planned(printed)), expressionKey(expression), `${text}\n${printed}`);
  }), { numRuns: 300 });
});

test('parentheses stand only where they are needed', () => {
  assert.equal(printExpression(planned('(a + 1) * 2 - (3 - a)'), names).replaceAll(/CAST\((\d) AS BIGINT\)/g, '$1'), '(a + 1) * 2 - (3 - a)');
  assert.equal(printExpression(planned("NOT (e AND b > 1e0) OR c = 'x'"), names), "NOT (e AND b > 1) OR c = 'x'");
});

test('decimals, casts, units and strings read as SQL', () => {
  for (const text of ['d + 2.50', 'CAST(d AS DECIMAL(12, 3))', 'EXTRACT(DAY FROM f)', 'FLOOR(f TO HOUR)', "c || 'x'", "DATE '2024-02-29'", '-(-a)', 'a - (1 - a)', 'NULLIF(a, 0)']) {
    assert.equal(printExpression(planned(text), names), text);
  }
});

test('durations are in their greatest whole unit', () => {
  assert.deepEqual([0, 1, 1000, 90_000, 300_000, 86_400_000, -28_800_000].map(durationText), [
    "'0.000' SECOND", "'0.001' SECOND", "'1' SECOND", "'90' SECOND", "'5' MINUTE", "'1' DAY", "'-8' HOUR",
  ]);
});
