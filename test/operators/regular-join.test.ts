/** The regular join against the tables as they stand, and by example as Flink has the order and kinds of its rows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
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

const make = (type: JoinType, more: Partial<RegularJoinSpec> = {}) => () => new RegularJoin({
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

test('law: at every moment the changelog adds up to the join of the tables as they stand', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 });
  fc.assert(fc.property(fc.array(act, { maxLength: 25 }), fc.constantFrom(...types), fc.boolean(), cuts, (acts, type, condition, chunks) => {
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
  }), { numRuns: 400 });
});

const left = (k: string, v: number, kind = INSERT, now = 0): Arrival => ({ side: 0, k, ts: 0, v, kind, mark: 0, now });
const right = (k: string, v: number, kind = INSERT, now = 0): Arrival => ({ side: 1, k, ts: 0, v, kind, mark: 0, now });
/** `+I 1-2`: kind, left's v, right's. */
const told = (rows: readonly Given[]): string[] => rows.map((given) => `${given[0]} ${given[3] ?? ''}-${given[6] ?? ''}`);

test('an inner join hands on the kind of the row that came; of several partners the oldest comes first', () => {
  const arrivals = [right('a', 1), right('a', 2), left('a', 10), left('a', 10, UPDATE_BEFORE), left('a', 11, UPDATE_AFTER), right('a', 1, DELETE)];
  assert.deepEqual(told(drive(make('inner'), arrivals).rows), ['+I 10-1', '+I 10-2', '-U 10-1', '-U 10-2', '+U 11-1', '+U 11-2', '-D 11-1']);
});

test('an outer join takes the lone row back with the first partner, and says it again after the last', () => {
  const arrivals = [left('a', 10), right('a', 1), right('a', 2), right('a', 1, DELETE), right('a', 2, UPDATE_BEFORE), right('a', 3, UPDATE_AFTER), left('a', 10, DELETE)];
  assert.deepEqual(told(drive(make('left'), arrivals).rows), [
    '+I 10-', '-D 10-', '+I 10-1', '+I 10-2', '-D 10-1', '-U 10-2', '+I 10-', '-D 10-', '+I 10-3', '-D 10-3',
  ]);
});

test('semi and anti joins give left rows as their first partner comes and their last goes', () => {
  const arrivals = [left('a', 10), right('a', 1), right('a', 2), right('a', 1, DELETE), right('a', 2, UPDATE_BEFORE)];
  assert.deepEqual(told(drive(make('semi'), arrivals).rows), ['+I 10-', '-U 10-']);
  assert.deepEqual(told(drive(make('anti'), arrivals).rows), ['+I 10-', '-D 10-', '+I 10-']);
});

test('time to live: a row not touched for longer is forgotten; its partner keeps what it had', () => {
  const arrivals = [left('a', 10, INSERT, 0), right('a', 1, INSERT, 100), right('a', 2, INSERT, 101), right('a', 3, INSERT, 202), left('a', 11, INSERT, 203)];
  assert.deepEqual(told(drive(make('inner', { ttl: [100, null] }), arrivals).rows), ['+I 10-1', '+I 11-1', '+I 11-2', '+I 11-3']);
  // A new partner touches a row of an outer side.
  assert.deepEqual(told(drive(make('left', { ttl: [100, null] }), arrivals).rows), ['+I 10-', '-D 10-', '+I 10-1', '+I 10-2', '+I 11-1', '+I 11-2', '+I 11-3']);
  assert.deepEqual(told(drive(make('inner', { ttl: [null, 100] }), arrivals).rows), ['+I 10-1', '+I 10-2', '+I 10-3', '+I 11-3']);
});

test('a row of the same unique key takes the place of the one before', () => {
  const arrivals = [left('a', 10), left('a', 11), right('a', 1)];
  assert.deepEqual(told(drive(make('inner', { identities: [[0], [0]], unique: [true, false] }), arrivals).rows), ['+I 11-1']);
});

test('keys that have come and gone are no burden, and change nothing', () => {
  const arrivals: Arrival[] = [right('keep', 7)];
  for (let n = 0; n < 9000; n += 1) arrivals.push(left(`k${n}`, n), left(`k${n}`, n, DELETE));
  arrivals.push(left('keep', 1), left('k5', 2), right('k5', 3));
  for (const restore of [false, true]) assert.deepEqual(told(drive(make('inner'), arrivals, [3000], restore).rows), ['+I 1-7', '+I 2-3']);
});
