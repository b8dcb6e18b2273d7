/** Joins of two tables as they stand, and the law that the regular join is held to. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from '../../src/core/row-kind.js';
import { sqlType } from '../../src/core/types.js';
import { RegularJoin, type RegularJoinSpec } from '../../src/operators/regular-join.js';
import { compileStage } from '../../src/plan/compile.js';
import { columnRef, type Expression } from '../../src/plan/expression.js';
import type { JoinType } from '../../src/plan/plan.js';
import { drive, schema, type Arrival, type Given } from './two-inputs.js';

const place = { line: 1, column: 1, text: '' };
const types = ['inner', 'left', 'right', 'full', 'semi', 'anti'] as const;

/** right.v > left.v. */
const greater = { kind: 'call', name: '>', type: sqlType('BOOLEAN'), place, args: [columnRef(5, sqlType('INT')), columnRef(2, sqlType('INT'))] } as Expression;

export const make = (type: JoinType, more: Partial<RegularJoinSpec> = {}) => () => new RegularJoin({
  name: 'join', inputs: [schema, schema], type, keys: { left: [0], right: [0] }, condition: null, place,
  ttl: [null, null], identities: [[0, 1, 2], [0, 1, 2]], unique: [false, false], ...more,
});

interface Fact { readonly k: string | null; readonly v: number }
type Act = { readonly side: 0 | 1; readonly at: number } & ({ readonly add: Fact } | { readonly change: Fact } | { readonly remove: true });

const fact = fc.record({ k: fc.constantFrom('a', 'b', null), v: fc.integer({ min: 0, max: 4 }) });
const act: fc.Arbitrary<Act> = fc.tuple(fc.constantFrom<0 | 1>(0, 1), fc.nat(99), fc.oneof(
  { weight: 3, arbitrary: fact.map((add) => ({ add })) }, fact.map((change) => ({ change })), fc.constant({ remove: true as const }),
)).map(([side, at, what]) => ({ side, at, ...what }));

/** What is done to two tables, as changelogs, and the tables after each row. */
function changelog(acts: readonly Act[]): { arrivals: Arrival[]; tables: (readonly [readonly Fact[], readonly Fact[]])[] } {
  const tables: [Fact[], Fact[]] = [[], []];
  const arrivals: Arrival[] = [];
  const after: (readonly [readonly Fact[], readonly Fact[]])[] = [];
  const say = (side: 0 | 1, { k, v }: Fact, kind: number): void => {
    arrivals.push({ side, k, ts: 0, v, kind, mark: 0 });
    after.push([[...tables[0]], [...tables[1]]]);
  };
  for (const { side, at, ...what } of acts) {
    const table = tables[side];
    if ('add' in what) {
      table.push(what.add);
      say(side, what.add, INSERT);
      continue;
    }
    if (table.length === 0) continue;
    const [old] = table.splice(at % table.length, 1);
    say(side, old!, 'change' in what ? UPDATE_BEFORE : DELETE);
    if (!('change' in what)) continue;
    table.push(what.change);
    say(side, what.change, UPDATE_AFTER);
  }
  return { arrivals, tables: after };
}

/** The join of two tables as SQL has it, as texts in order. */
function joined(type: JoinType, [left, right]: readonly [readonly Fact[], readonly Fact[]], condition: boolean): string[] {
  const match = (l: Fact, r: Fact): boolean => l.k !== null && l.k === r.k && (!condition || r.v > l.v);
  const text = (l: Fact | null, r: Fact | null | undefined): string => JSON.stringify(r === undefined ? [l] : [l, r]);
  const rows: string[] = [];
  for (const l of left) {
    const partners = right.filter((r) => match(l, r));
    if (type === 'semi' || type === 'anti') {
      if (partners.length > 0 === (type === 'semi')) rows.push(text(l, undefined));
      continue;
    }
    rows.push(...partners.map((r) => text(l, r)));
    if (partners.length === 0 && (type === 'left' || type === 'full')) rows.push(text(l, null));
  }
  if (type === 'right' || type === 'full') for (const r of right) if (!left.some((l) => match(l, r))) rows.push(text(null, r));
  return rows.sort();
}

const sideOf = (given: Given, from: number): Fact | null => (given[from + 1] === null ? null : { k: given[from] as string | null, v: given[from + 2] as number });

const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 });

/** At every moment the changelog adds up to the join of the tables as they stand. */
export const regularLaw = fc.property(fc.array(act, { maxLength: 25 }), fc.constantFrom(...types), fc.boolean(), cuts, (acts, type, condition, chunks) => {
  const { arrivals, tables } = changelog(acts);
  const spec = condition ? { condition: compileStage({ input: [...schema, ...schema], filter: greater, outputs: [] }) } : {};
  const whole = drive(make(type, spec), arrivals);
  const table = new Map<string, number>();
  let row = 0;
  arrivals.forEach((_, at) => {
    for (; row < whole.rows.length && whole.released[row] === at; row += 1) {
      const given = whole.rows[row]!;
      const text = JSON.stringify(given.length > 4 ? [sideOf(given, 1), sideOf(given, 4)] : [sideOf(given, 1)]);
      const count = (table.get(text) ?? 0) + (given[0] === '+I' || given[0] === '+U' ? 1 : -1);
      assert.ok(count >= 0, `${text} is taken back, and is not there`);
      table.set(text, count);
    }
    assert.deepEqual([...table].flatMap(([text, count]) => new Array<string>(count).fill(text)).sort(), joined(type, tables[at]!, condition));
  });
  const cut = drive(make(type, spec), arrivals, chunks);
  assert.deepEqual(cut.rows, whole.rows);
  assert.deepEqual(drive(make(type, spec), arrivals, chunks, true), cut);
});
