/** The laws: each is a property of every pipeline, and says what of two runs must be equal. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { combineSets } from '../../../src/core/digest.js';
import { faults } from '../../../src/core/faults.js';
import type { EngineState } from '../../../src/engine/engine-state.js';
import { tinyPages, write } from '../../engine/written-pages.js';
import { textOf, type Cell } from './cells.js';
import { rowText, sameRows, sameRun, tableOf } from './compare.js';
import type { Law } from './law.js';
import { oracle, windowsOf } from './oracle.js';
import { Root, type Value } from './oracle-aggregates.js';
import { isOrderFree, isTableFree, orderOf } from './order.js';
import { inputsOf, isUpdating, tableFields, tablesOf, type Aggregate, type Query } from './query.js';
import { randomCases, type Case } from './random-pipelines.js';
import type { Row } from './random-rows.js';
import { isNearRoot } from './rational.js';
import { run, type Run, type RunOptions } from './run.js';

const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
const stepLengths = fc.constantFrom(500, 1000, 3000, 10_000, 60_000);

export const replayLaw: Law = {
  name: 'replay', says: 'the same run gives the same outputs, digests and step records', runs: 60,
  arbitrary: fc.record({ drawn: randomCases({ disorder: 'late', clock: true }) }),
  holds: ({ drawn }) => sameRun(run(drawn), run(drawn), true),
};

export const batchLaw: Law<{ drawn: Case; batchRows: number[]; stepEvery: number }> = {
  name: 'batch', says: 'nothing depends on how rows are cut into batches, outputs not on how into steps', runs: 200,
  arbitrary: fc.record({ drawn: randomCases({ disorder: 'late', clock: true }), batchRows: cuts, stepEvery: stepLengths }),
  holds: ({ drawn, batchRows, stepEvery }) => {
    const whole = run(drawn, { stepEvery });
    sameRun(run(drawn, { batchRows, stepEvery }), whole, true);
    sameRun(run(drawn, { batchRows, stepEvery: 4000 }), whole, false);
  },
};

/** The expected cell as text, which is the found one's where that is near enough to a root. */
function expectedText(expected: Value, found: Cell | undefined): string {
  if (!(expected instanceof Root)) return textOf(expected);
  const { numerator, denominator } = expected;
  return typeof found === 'number' && isNearRoot(found, numerator, denominator) ? textOf(found) : `√(${numerator}/${denominator})`;
}

const lateText = (late: { input: string; position: number; eventTime: number; watermark: number; windowStart: number | null; windowEnd: number | null }): string =>
  [late.input, late.position, late.eventTime, late.watermark, late.windowStart, late.windowEnd].join(' ');
const letterText = ({ input, position }: { input: string; position: number }): string => `${input} ${position}`;

export const oracleLaw: Law = {
  name: 'oracle', says: 'outputs, late rows and dead letters are those of an independent computation, to the bit', runs: 3000,
  arbitrary: fc.record({ drawn: randomCases({ disorder: 'late', clock: true, operatorsMax: 4 }) }),
  holds: ({ drawn }) => {
    const found = run(drawn);
    const expected = oracle(drawn);
    expected.outputs.forEach((rows, output) => {
      const foundRows = found.outputs[output]!;
      const wanted = rows.map((row, index) => row.map((cell, column) => expectedText(cell, foundRows[index]?.[column])).join(' | '));
      assert.deepEqual(foundRows.map(rowText), wanted, `output ${output}`);
    });
    // Statements may share the operator that refuses a row.
    const lates = (list: readonly Parameters<typeof lateText>[0][]) => [...new Set(list.map(lateText))].sort();
    assert.deepEqual(lates(found.late), lates(expected.late), 'late rows');
    // How often one row fails depends on whether its windows are told apart before; the law `once` counts.
    const letters = (list: readonly { input: string; position: number }[]) => [...new Set(list.map(letterText))].sort();
    assert.deepEqual(letters(found.deadLetters), letters(expected.deadLetters), 'dead letters');
  },
};

export const arrivalLaw: Law<{ drawn: Case; jitter: number[] }> = {
  name: 'arrival', says: 'where no row is behind, outputs do not depend on the order of arrival', runs: 150,
  arbitrary: fc.record({
    drawn: randomCases({ disorder: 'none', apart: true, steady: true, delays: [1000, 5000] }).filter(isOrderFree),
    jitter: fc.array(fc.nat(99), { minLength: 1, maxLength: 40 }),
  }),
  holds: ({ drawn, jitter }) => {
    const shuffled: Case = { ...drawn, tables: drawn.tables.map((rows, table) => shuffle(rows, jitter, drawn.pipeline.delays[table]!)) };
    const [one, other] = [run(drawn), run(shuffled)];
    assert.equal(one.behind + other.behind, 0, 'no row is behind');
    one.outputs.forEach((rows, output) => {
      const writers = drawn.pipeline.statements.filter((statement) => statement.output === output);
      sameRows(other.outputs[output]!, rows, writers.length === 1 ? orderOf(writers[0]!.query) : 'set');
    });
  },
};

/** Each row comes up to almost `delay` after its time, so none is behind; rows of one instant keep their order. */
function shuffle(rows: readonly Row[], jitter: readonly number[], delay: number): Row[] {
  const rowtime = tableFields.length - 1;
  const comes = (row: Row): number => {
    const time = row[rowtime] as number;
    return time + Math.floor((jitter[Math.abs(time) % jitter.length]! / 100) * (delay - 1));
  };
  return rows.map((row, index) => ({ row, index, time: row[rowtime] as number, comes: comes(row) }))
    .sort((a, b) => a.comes - b.comes || a.time - b.time || a.index - b.index).map(({ row }) => row);
}

export const lanesLaw: Law<{ drawn: Case; lanes: number }> = {
  name: 'lanes', says: 'where no row is behind, outputs as sets, and the tables of those that change, do not depend on the number of lanes', runs: 160,
  arbitrary: fc.record({ drawn: fc.oneof(randomCases({ disorder: 'none', keyed: true, apart: true, steady: true }).filter(isOrderFree), randomCases({ disorder: 'none', keyed: true, apart: true }).filter(isTableFree)), lanes: fc.integer({ min: 2, max: 4 }) }),
  holds: ({ drawn, lanes }) => {
    const [one, divided] = [run(drawn), run(drawn, { lanes })];
    assert.equal(one.behind, 0, 'no row is behind');
    one.outputs.forEach((rows, output) => {
      if (drawn.pipeline.statements.some((statement) => statement.output === output && isUpdating(statement.query))) return assert.deepEqual(tableOf(divided.outputs[output]!), tableOf(rows));
      sameRows(divided.outputs[output]!, rows, 'set');
      assert.equal(combineSets(divided.digests.map((lane) => lane[output]!.setDigest)), one.digests[0]![output]!.setDigest, 'set digests');
    });
    assert.equal(divided.rows, one.rows, 'each row is in one lane');
  },
};

/** What was durable at the end of a step. */
interface Durable {
  readonly state: EngineState;
  readonly run: Run;
}

export interface RecoveryDraw {
  readonly drawn: Case;
  readonly stops: readonly number[];
  readonly stepEvery: number;
  /** A checkpoint at the end of every so many steps. */
  readonly checkpointSteps: number;
  readonly batchRows: number[];
}

export const recoveryLaw: Law<RecoveryDraw> = {
  name: 'recovery', says: 'stopped anywhere and taken up again from bytes, a run is one that never stopped', runs: 200,
  arbitrary: fc.record({
    drawn: randomCases({ disorder: 'late', clock: true }), stops: fc.array(fc.nat(80), { minLength: 1, maxLength: 2 }), stepEvery: fc.constantFrom(500, 1000, 3000),
    checkpointSteps: fc.integer({ min: 1, max: 3 }), batchRows: cuts,
  }),
  holds: ({ drawn, stops, stepEvery, checkpointSteps, batchRows }) => {
    const whole = run(drawn, { stepEvery });
    let durable: Durable | null = null;
    for (const stop of stops) durable = runUntil(drawn, stop, durable, { stepEvery, batchRows }, checkpointSteps).durable ?? durable;
    const resumed = continued(drawn, durable, { stepEvery });
    sameRun(resumed, whole, true);
    sameFuture(drawn, durable, stepEvery);
  },
};

/** Runs on from `durable` until row `stop`, and keeps what the last checkpoint covers. */
export function runUntil(drawn: Case, stop: number, durable: Durable | null, options: RunOptions, checkpointSteps: number): { readonly durable: Durable | null } {
  let kept: Durable | null = null;
  let seen: { state: EngineState; steps: number } | null = null;
  faults.stopAtRow = stop;
  try {
    let steps = 0;
    const part = run(drawn, {
      ...options, pages: tinyPages, ...(durable === null ? {} : { restore: [durable.state] }),
      onStep: (engine, { end }) => {
        steps += 1;
        // What has come to its end is not taken up again.
        if (!end && steps % checkpointSteps === 0) seen = { state: write(engine.checkpoint()), steps };
      },
    });
    const last = seen as { state: EngineState; steps: number } | null;
    if (last !== null) kept = { state: last.state, run: joined(durable?.run ?? null, firstSteps(part, last.steps)) };
  } finally {
    faults.stopAtRow = -1;
  }
  return { durable: kept };
}

/** The first steps of a run: what a checkpoint after them covers. */
function firstSteps(part: Run, steps: number): Run {
  const records = part.records.slice(0, steps);
  const last = records[records.length - 1]!;
  const before = part.records[0]!.seq;
  const startRows = part.startRows;
  return {
    ...part, records,
    outputs: part.outputs.map((rows, output) => rows.slice(0, last.outputRows[output]! - startRows[output]!)),
    late: part.late.filter(({ step }) => step < before + steps), deadLetters: part.deadLetters.filter(({ step }) => step < before + steps),
  };
}

function joined(first: Run | null, second: Run): Run {
  if (first === null) return second;
  return {
    ...second, outputs: second.outputs.map((rows, output) => [...first.outputs[output]!, ...rows]), late: [...first.late, ...second.late],
    deadLetters: [...first.deadLetters, ...second.deadLetters], records: [...first.records, ...second.records], startRows: first.startRows,
  };
}

export function continued(drawn: Case, durable: Durable | null, options: RunOptions): Run {
  const rest = run(drawn, durable === null ? options : { ...options, restore: [durable.state] });
  return joined(durable?.run ?? null, rest);
}

/** The state after all rows is the same in effect: rows that come later fare equally. */
function sameFuture(drawn: Case, durable: Durable | null, stepEvery: number): void {
  const states: Uint8Array[] = [];
  for (const restore of [null, durable]) {
    run(drawn, { stepEvery, end: false, ...(restore === null ? {} : { restore: [restore.state] }), onStep: (engine) => { states[restore === null ? 0 : 1] = engine.snapshot(); } });
  }
  const [never, stopped] = states;
  if (never === undefined || stopped === undefined) return;
  const rowtime = tableFields.length - 1;
  const later = drawn.tables.map((rows) => [...rows, ...rows.map((row) => row.map((cell, column) => (column === rowtime && cell !== null ? (cell as number) + 7300 : cell)))]);
  const future: Case = { ...drawn, tables: later };
  sameRun(run(future, { stepEvery, restore: [stopped] }), run(future, { stepEvery, restore: [never] }), true);
}

export const onceLaw: Law = {
  name: 'once', says: 'every input row is used, late, filtered out or a dead letter', runs: 150,
  arbitrary: fc.record({ drawn: randomCases({ disorder: 'late', clock: true }) }),
  holds: ({ drawn }) => {
    for (const { query } of drawn.pipeline.statements) for (const node of countable(query)) accounted(drawn, node);
  },
};

type Stateful = Extract<Query, { kind: 'window' | 'over' }>;

/** Operators that read the rows of tables, filtered at the most. */
function countable(query: Query): Stateful[] {
  const isPlain = (input: Query): boolean => input.kind === 'table' || (input.kind === 'filter' && isPlain(input.input)) || (input.kind === 'union' && input.inputs.every(isPlain));
  const own = (query.kind === 'window' || query.kind === 'over') && isPlain(query.input) ? [query] : [];
  return [...own, ...inputsOf(query).flatMap(countable)];
}

const counted: Aggregate = { name: 'COUNT', distinct: false, argument: null, filter: null, offset: 1, result: { name: 'a0', kind: 'BIGINT' } };
/** Fails where qty is 0. */
const failing: Aggregate = {
  name: 'MIN', distinct: false, filter: null, offset: 1, result: { name: 'a1', kind: 'INT' },
  argument: { sql: '1000 / qty', reads: ['qty'], field: { name: '', kind: 'INT' }, value: () => null },
};

/** Counts the rows of one operator in, and out again. */
function accounted(drawn: Case, node: Stateful): void {
  const aggregates = [counted, failing];
  const results = aggregates.map(({ result }) => result);
  const query: Stateful = node.kind === 'window'
    ? { ...node, aggregates, havingMin: null, fields: [...node.fields.slice(0, node.keys.length), ...results, ...node.fields.slice(-3)] }
    : { ...node, aggregates, fields: [...node.input.fields, ...results] };
  const found = run({ ...drawn, pipeline: { ...drawn.pipeline, statements: [{ query, output: 0 }] } });
  const read = tablesOf(query);
  const rowtime = tableFields.length - 1;
  const unusable = read.flatMap((table) => drawn.tables[table]!.filter((row) => row[rowtime] === null)).length;
  const passing = rowsThrough(query.input, drawn);
  const at = (name: string) => tableFields.findIndex((field) => field.name === name);
  const failed = passing.filter((row) => row[at('qty')] === 0n).length;
  const fed = passing.filter((row) => row[at('qty')] !== 0n);
  const places = fed.reduce((sum, row) => sum + (node.kind === 'over' ? 1 : (node.window.kind === 'session' ? 1 : windowsOf(node.window, row[rowtime] as number).length)), 0);
  const countAt = node.kind === 'window' ? node.keys.length : -1;
  const used = found.outputs[0]!.reduce((sum, row) => sum + (countAt < 0 ? 1 : Number(row[countAt])), 0);
  assert.equal(used + found.late.length, places, 'used or late');
  assert.equal(found.deadLetters.length, unusable + failed, 'dead letters');
  assert.equal(found.rows, read.reduce((sum, table) => sum + drawn.tables[table]!.length, 0) - unusable, 'rows');
}

function rowsThrough(query: Query, drawn: Case): Row[] {
  const rowtime = tableFields.length - 1;
  if (query.kind === 'table') return drawn.tables[query.table]!.filter((row) => row[rowtime] !== null);
  if (query.kind === 'union') return query.inputs.flatMap((input) => rowsThrough(input, drawn));
  assert(query.kind === 'filter');
  return rowsThrough(query.input, drawn).filter((row) => query.where.value((name) => row[tableFields.findIndex((field) => field.name === name)]!) === true);
}
