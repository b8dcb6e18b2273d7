/** The plan node of a join whose sides and conditions are known. */
import { columnRef, substitute, usesClock } from '../plan/expression.js';
import type { Expression, Place } from '../plan/expression.js';
import type { JoinNode, JoinType, PlanNode } from '../plan/plan.js';
import { isUpdating } from '../plan/changes.js';
import { durationText } from '../plan/print.js';
import { isRowtime } from '../plan/trace.js';
import { joinedSchema } from './join.js';
import { allOf, keyPairsOf, timeBoundOf, type KeyPair, type TimeBounds } from './join-conditions.js';
import type { Environment } from './query.js';
import { projectNode } from './projection.js';
import type { OpenJoin, Relation } from './relation.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import { temporalTimes } from './temporal-tables.js';
import { timeToLiveSetting } from './time-to-live.js';

export interface JoinParts {
  readonly left: Relation;
  readonly right: Relation;
  readonly type: JoinType;
  readonly asOf: OpenJoin['asOf'];
  /** Over both sides' columns. */
  readonly conditions: readonly Expression[];
  readonly place: Place;
}

export interface DecidedJoin {
  readonly node: PlanNode;
  /** What is left to be asked of its rows. */
  readonly rest: readonly Expression[];
  /** Whether window columns of that side still tell windows. */
  readonly keepsRoles: readonly [boolean, boolean];
}

type Common = Pick<JoinNode, 'inputs' | 'type' | 'keys' | 'condition' | 'place' | 'schema'>;

export function decideJoin(parts: JoinParts, environment: Environment): DecidedJoin {
  const { left, right, type, asOf, place } = parts;
  const first = left.columns.length;
  const pairs: KeyPair[] = [];
  const bounds: TimeBounds[] = [];
  const timed: Expression[] = [];
  const others: Expression[] = [];
  const isTime = (column: number): boolean => (column < first ? isRowtime(left.node, column) : isRowtime(right.node, column - first));
  for (const conjunct of parts.conditions) {
    const bound = asOf === null ? timeBoundOf(conjunct, first, isTime) : null;
    const keys = bound === null ? keyPairsOf(conjunct, first, environment.session) : [];
    if (bound !== null) {
      bounds.push(bound);
      timed.push(conjunct);
    } else if (keys.length > 0) pairs.push(...keys);
    else others.push(conjunct);
  }
  const windows = asOf === null ? windowPairs(left, right, pairs, first) : null;
  const ownPairs = windows === null ? pairs : pairs.filter((pair) => !windows.used.includes(pair));
  // Flink has no interval join that keeps rows for having a partner, or for having none.
  const interval = asOf === null && windows === null && !isTest(type) ? intervalOf(bounds, place) : null;
  const rest = interval === null ? [...timed, ...others] : [...timed.filter((_, index) => !interval.used.includes(bounds[index]!)), ...others];
  const keyed = new KeyedSides(parts, ownPairs);
  const condition = type === 'inner' ? null : allOf(rest, place, environment.session);
  if (condition !== null && usesClock(condition)) throw sqlUnsupported(place, 'the condition of this join asks for the time', 'Compute it in a sub-query before the join.');
  const common: Common = { inputs: keyed.inputs, type, keys: keyed.keys, condition: condition === null ? null : keyed.moved(condition), place, schema: joinedSchema(keyed.inputs[0].schema, keyed.inputs[1].schema, type) };
  const decided = (node: JoinNode, isWindowed = false): DecidedJoin => ({
    node: keyed.withoutComputed(node), rest: type === 'inner' ? rest : [],
    keepsRoles: [isWindowed && type !== 'right' && type !== 'full', isWindowed && (type === 'inner' || type === 'right')],
  });
  if (asOf !== null) return decided({ ...common, kind: 'temporal-join', times: temporalTimes(parts, common.keys.right, asOf), rowtime: left.node.rowtime });
  if (windows !== null) return decided({ ...common, kind: 'window-join', windows: [windows.left, windows.right], rowtime: keyed.rowtime(type) }, true);
  if (interval !== null) {
    return decided({ ...common, kind: 'interval-join', times: [interval.left, interval.right - first], lower: interval.lower, upper: interval.upper, rowtime: keyed.rowtime(type) });
  }
  return decided({ ...common, kind: 'join', ttl: timesToLive(parts, bounds, environment), rowtime: null });
}

/** Both sides with their keys as columns: those that are computed stand behind the others. */
class KeyedSides {
  readonly inputs: readonly [PlanNode, PlanNode];
  readonly keys: { readonly left: readonly number[]; readonly right: readonly number[] };
  readonly #first: number;
  readonly #parts: JoinParts;
  /** Columns computed of the left. */
  readonly #added: number;

  constructor(parts: JoinParts, pairs: readonly KeyPair[]) {
    const { left, right } = parts;
    this.#parts = parts;
    this.#first = left.columns.length;
    const lefts = withKeys(left.node, pairs.map((pair) => pair.left));
    const rights = withKeys(right.node, pairs.map((pair) => substitute(pair.right, (index) => columnRef(index - this.#first, right.node.schema[index - this.#first]!.type))));
    this.inputs = [lefts.node, rights.node];
    this.keys = { left: lefts.keys, right: rights.keys };
    this.#added = lefts.node.schema.length - this.#first;
  }

  /** An expression over both sides' columns, over the join's. */
  moved(expression: Expression): Expression {
    const [left, right] = this.inputs;
    return substitute(expression, (index) => (index < this.#first
      ? columnRef(index, left.schema[index]!.type)
      : columnRef(index + this.#added, right.schema[index - this.#first]!.type)));
  }

  /** The event time that padded rows have, too. */
  rowtime(type: JoinType): number | null {
    const [left, right] = this.inputs;
    if (type === 'full') return null;
    return type !== 'right' ? left.rowtime : right.rowtime === null ? null : right.rowtime + left.schema.length;
  }

  /** The join's rows without the columns computed for it. */
  withoutComputed(node: JoinNode): PlanNode {
    const { left, right, type } = this.#parts;
    const rights = type === 'semi' || type === 'anti' ? 0 : right.columns.length;
    const kept = [...left.columns.map((_, index) => index), ...Array.from({ length: rights }, (_, index) => this.inputs[0].schema.length + index)];
    if (kept.length === node.schema.length) return node;
    return projectNode(node, kept.map((index) => columnRef(index, node.schema[index]!.type)), kept.map((index) => node.schema[index]!));
  }
}

/** `input` with `expressions` among its columns, and which those are. */
function withKeys(input: PlanNode, expressions: readonly Expression[]): { readonly node: PlanNode; readonly keys: readonly number[] } {
  const computed = expressions.filter(({ kind }) => kind !== 'column');
  const keys = expressions.map((expression) => (expression.kind === 'column' ? expression.index : input.schema.length + computed.indexOf(expression)));
  if (computed.length === 0) return { node: input, keys };
  const columns = input.schema.map(({ type }, index) => columnRef(index, type));
  const fields = computed.map(({ type }, index) => ({ name: `key ${index + 1}`, type }));
  return { node: { ...projectNode(input, [...columns, ...computed], [...input.schema, ...fields]), rowtime: input.rowtime }, keys };
}

interface WindowPairs {
  readonly left: { readonly start: number; readonly end: number };
  readonly right: { readonly start: number; readonly end: number };
  readonly used: readonly KeyPair[];
}

/** Equal starts and equal ends of windows of one kind; null where either is not asked for. */
function windowPairs(left: Relation, right: Relation, pairs: readonly KeyPair[], first: number): WindowPairs | null {
  if (left.window === null || right.window === null || JSON.stringify(left.window) !== JSON.stringify(right.window)) return null;
  const byRole = (role: 'start' | 'end'): KeyPair | undefined => pairs.find(({ left: one, right: other }) =>
    one.kind === 'column' && other.kind === 'column' && left.columns[one.index]!.role === role && right.columns[other.index - first]!.role === role);
  const [start, end] = [byRole('start'), byRole('end')];
  if (start === undefined || end === undefined) return null;
  const at = (expression: Expression): number => (expression as Extract<Expression, { kind: 'column' }>).index;
  return {
    left: { start: at(start.left), end: at(end.left) },
    right: { start: at(start.right) - first, end: at(end.right) - first }, used: [start, end],
  };
}

/** Bounds of both directions on one pair of event times; null where one is missing. */
function intervalOf(bounds: readonly TimeBounds[], place: Place): TimeBounds & { readonly used: readonly TimeBounds[] } | null {
  for (const { left, right } of bounds) {
    const used = bounds.filter((bound) => bound.left === left && bound.right === right);
    const lower = Math.max(...used.map((bound) => bound.lower));
    const upper = Math.min(...used.map((bound) => bound.upper));
    if (lower === -Infinity || upper === Infinity) continue;
    if (lower > upper) {
      throw sqlInvalid(place, `no rows can meet: the left's event time less the right's would have to be at least ${durationText(lower)} and at most ${durationText(upper)}`, 'Swap the bounds: BETWEEN takes the earlier one first.');
    }
    return { left, right, lower, upper, used };
  }
  return null;
}

/** Whether rows of the left are asked for partners, and not put together with them. */
const isTest = (type: JoinType): boolean => type === 'semi' || type === 'anti';

/** How long the rows of both sides are remembered; refused where they would be for ever, and never be done with. */
function timesToLive({ left, right, type, place }: JoinParts, bounds: readonly TimeBounds[], { timeToLive, timesToLive: hinted }: Environment): readonly [number | null, number | null] {
  const ofSide = ({ columns }: Relation): number | null => {
    const names = new Set(columns.flatMap(({ qualifier }) => (qualifier.length === 0 ? [] : [qualifier.at(-1)!])));
    const name = names.size === 1 ? [...names][0]! : null;
    return name !== null && hinted?.has(name) === true ? hinted.get(name)! : timeToLive;
  };
  const ttl = [ofSide(left), ofSide(right)] as const;
  if ([left, right].every(({ node }, side) => ttl[side] !== null || isUpdating(node))) return ttl;
  const times = bounds.length === 0 ? 'event times are not bounded' : isTest(type) ? 'bounds on event times do not let go of any here, as in Flink' : 'event times are bounded on one side only';
  const bound = isTest(type) ? 'Window both sides, and compare window_start and window_end'
    : "Bound the times, as a.event_time BETWEEN b.event_time - INTERVAL '1' MINUTE AND b.event_time";
  throw sqlUnsupported(place, `this join would remember every row for ever: ${times}`, `${bound}; or forget rows that nothing touches: SET '${timeToLiveSetting}' = '1 h'.`);
}
