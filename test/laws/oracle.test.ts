/** Law `oracle`: outputs are those of the batch query over the rows that were not late, to the bit. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { textOf, type Cell } from './support/cells.js';
import { law, showCase } from './support/law.js';
import { oracle, Root } from './support/oracle.js';
import type { Value } from './support/oracle-aggregates.js';
import { randomCases, type Case } from './support/random-pipelines.js';
import { isNearRoot } from './support/rational.js';
import { run } from './support/run.js';

const lateText = (late: { input: string; position: number; eventTime: number; watermark: number; windowStart: number | null; windowEnd: number | null }): string =>
  [late.input, late.position, late.eventTime, late.watermark, late.windowStart, late.windowEnd].join(' ');
const letterText = ({ input, position }: { input: string; position: number }): string => `${input} ${position}`;

/** The expected cell as text, which is the found one's where that is near enough to a root. */
function expectedText(expected: Value, found: Cell | undefined): string {
  if (!(expected instanceof Root)) return textOf(expected);
  const { numerator, denominator } = expected;
  return typeof found === 'number' && isNearRoot(found, numerator, denominator) ? textOf(found) : `√(${numerator}/${denominator})`;
}

export function holdsOracle(drawn: Case): void {
  const found = run(drawn);
  const expected = oracle(drawn);
  expected.outputs.forEach((rows, output) => {
    const foundRows = found.outputs[output]!;
    const wanted = rows.map((row, index) => row.map((cell, column) => expectedText(cell, foundRows[index]?.[column])).join(' | '));
    assert.deepEqual(foundRows.map((row) => row.map(textOf).join(' | ')), wanted, `output ${output}`);
  });
  assert.deepEqual(found.late.map(lateText).sort(), expected.late.map(lateText).sort(), 'late rows');
  assert.deepEqual(found.deadLetters.map(letterText).sort(), expected.deadLetters.map(letterText).sort(), 'dead letters');
}

test('outputs, late rows and dead letters are those of an independent computation', () => {
  law('oracle', randomCases({ disorder: 'late' }), 300, holdsOracle, showCase);
});
