/** The temporal join by Flink's rules, written down once more key by key, and the law that the operator is held to. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DELETE, UPDATE_AFTER, UPDATE_BEFORE, rowKindTexts } from '../../src/core/row-kind.js';
import { sqlType } from '../../src/core/types.js';
import { TemporalJoin } from '../../src/operators/temporal-join.js';
import { compileStage } from '../../src/plan/compile.js';
import { columnRef, type Expression } from '../../src/plan/expression.js';
import { drive, schema, type Arrival, type Given } from './two-inputs.js';

const place = { line: 1, column: 1, text: '' };

/** right.v > left.v, over the columns of both. */
export const greater: Expression = {
  kind: 'call', name: '>', type: sqlType('BOOLEAN'), place,
  args: [columnRef(5, sqlType('INT')), columnRef(2, sqlType('INT'))],
} as Expression;

export const make = (type: 'inner' | 'left', condition: Expression | null = null, retracts = false) => () => new TemporalJoin({
  name: 'join', retracts, inputs: [schema, schema], type, keys: { left: [0], right: [0] }, times: [1, 1], place,
  condition: condition === null ? null : compileStage({ input: [...schema, ...schema], filter: condition, outputs: [] }),
});

/** Flink's operator with its state in plain maps: one timer a key, left rows and versions looked through whole. */
function byTheRules(arrivals: readonly Arrival[], type: 'inner' | 'left'): { rows: Given[]; gone: number[] } {
  interface Key { left: { row: Arrival; at: number }[]; right: Map<number, Arrival>; timer: number; fresh: boolean; dropped: number }
  const keys = new Map<string | null, Key>();
  const rows: Given[] = [];
  const gone: number[] = [];
  let watermark = -Infinity;
  arrivals.forEach((row, at) => {
    const key: Key = keys.get(row.k) ?? { left: [], right: new Map(), timer: Infinity, fresh: false, dropped: Infinity };
    keys.set(row.k, key);
    if (row.side === 0) key.left.push({ row, at });
    else if (row.kind !== UPDATE_BEFORE) key.right.set(row.ts, row);
    if (row.side === 0 && row.ts <= watermark && row.ts >= key.dropped && row.k !== null && ![...key.right.keys()].some((time) => time <= row.ts)) gone.push(row.v);
    if (row.side === 0 || row.kind !== UPDATE_BEFORE) key.timer = Math.min(key.timer, row.ts);
    if (row.mark <= watermark) return;
    watermark = row.mark;
    const out: { row: Arrival; at: number; given: Given }[] = [];
    for (const fired of keys.values()) {
      if (fired.timer > watermark) continue;
      const due = fired.left.filter(({ row: left }) => left.ts <= watermark);
      fired.left = fired.left.filter(({ row: left }) => left.ts > watermark);
      for (const left of due) {
        const time = Math.max(...[...fired.right.keys()].filter((candidate) => candidate <= left.row.ts));
        const version = fired.right.get(time);
        const match = version !== undefined && version.kind !== DELETE && left.row.k !== null ? version : null;
        if (match !== null || type === 'left') out.push({ ...left, given: [rowKindTexts[left.row.kind ?? 0]!, left.row.k, left.row.ts, left.row.v, match?.k ?? null, match?.ts ?? null, match?.v ?? null] });
      }
      const past = [...fired.right.keys()].filter((time) => time <= watermark).sort((a, b) => a - b);
      for (const time of past.slice(0, -1)) {
        fired.dropped = Math.min(fired.dropped, time);
        fired.right.delete(time);
      }
      fired.timer = Math.min(Infinity, ...fired.left.map(({ row: left }) => left.ts));
    }
    const order = (k: string | null): string => (k === null ? '' : `k${k}`);
    out.sort((a, b) => a.row.ts - b.row.ts || (order(a.row.k) < order(b.row.k) ? -1 : order(a.row.k) > order(b.row.k) ? 1 : a.at - b.at));
    rows.push(...out.map(({ given }) => given));
  });
  return { rows, gone };
}

const arrivalsOf = (rows: readonly Omit<Arrival, 'mark'>[], delays: readonly number[], end: boolean): Arrival[] => {
  const greatest = [-Infinity, -Infinity];
  const arrivals = rows.map((row, at): Arrival => {
    greatest[row.side] = Math.max(greatest[row.side]!, row.ts - delays[row.side]!);
    return { ...row, mark: end && at === rows.length - 1 ? Infinity : Math.min(...greatest) };
  });
  return arrivals;
};

const row = fc.record({
  side: fc.constantFrom<0 | 1>(0, 1), k: fc.constantFrom('a', 'b', null), ts: fc.integer({ min: 0, max: 30 }), v: fc.integer({ min: 0, max: 99 }),
  kind: fc.constantFrom(0, 0, 0, UPDATE_BEFORE, UPDATE_AFTER, DELETE),
});

const delays = fc.tuple(fc.constantFrom(0, 3, 10), fc.constantFrom(0, 3, 10));
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 });

/** What left rows meet, and when, is as Flink has it, however rows are cut and wherever state is saved. */
export const temporalLaw = fc.property(fc.array(row, { maxLength: 40 }), delays, fc.boolean(), cuts, fc.constantFrom('inner' as const, 'left' as const), fc.boolean(), (rows, delay, ordered, chunks, type, retracts) => {
  const said = retracts ? rows : rows.map((one) => (one.side === 0 ? { ...one, kind: 0 } : one));
  const drawn = ordered ? said.map((one, at) => ({ ...one, ts: Math.floor(at / 2) })) : said;
  const arrivals = arrivalsOf(drawn, delay, true);
  const expected = byTheRules(arrivals, type);
  const whole = drive(make(type, null, retracts), arrivals);
  assert.deepEqual(whole.rows, expected.rows);
  assert.deepEqual(whole.late.map(({ v }) => v), expected.gone);
  assert.deepEqual(drive(make(type, null, retracts), arrivals, chunks), whole);
  assert.deepEqual(drive(make(type, null, retracts), arrivals, chunks, true), whole);
});
