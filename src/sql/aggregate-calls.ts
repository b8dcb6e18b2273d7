/** Aggregate and OVER calls inside expressions: typed, checked, and put aside as virtual columns. */
import { sqlType } from '../core/types.js';
import type { Expression } from '../plan/expression.js';
import { resolveAggregate } from '../functions/aggregates.js';
import { implicitCast } from '../functions/scalar.js';
import { castArguments } from '../functions/user-function.js';
import type { UserAggregate } from '../functions/user-function.js';
import type { Call, NamedWindow, SqlExpression } from './ast.js';
import { aggregateNames, refusedAggregates } from './aggregate-names.js';
import { bind, bindCondition } from './binder.js';
import type { Surroundings } from './binder.js';
import { bindRanking, bindWindow } from './over-windows.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import type { BoundWindow, VirtualCall, Virtuals } from './virtuals.js';

/** Where aggregates may not stand: says so, naming the clause. */
export function noAggregates(clause: string): Surroundings['aggregate'] {
  return (call) => {
    if (call.over !== undefined) throw sqlInvalid(call.place, `an OVER aggregate may not stand in ${clause}`, 'Compute it in a sub-query and use its column here.');
    if (Object.hasOwn(refusedAggregates, call.name)) throw sqlUnsupported(call.place, `${call.name} is not supported`, refusedAggregates[call.name]);
    if (!aggregateNames.includes(call.name) && !isGrouping(call)) return null;
    const advice = clause === 'WHERE' ? 'Use HAVING, or FILTER (WHERE …) on the aggregate.' : 'Compute it in a sub-query and use its column here.';
    throw sqlInvalid(call.place, `the aggregate ${call.name} may not stand in ${clause}`, advice);
  };
}

/**
 * The surroundings of SELECT items and HAVING: aggregates become virtual columns. An OVER aggregate may hold grouped
 * ones (`SUM(SUM(x)) OVER …`); no aggregate holds another of its kind.
 */
export function collecting(around: Surroundings, virtuals: Virtuals, windows: readonly NamedWindow[], clause: string): Surroundings {
  const nested = noAggregates('another aggregate');
  const inner: Surroundings = { ...around, aggregate: nested, windowProperty: undefined };
  const grouped: Surroundings = {
    ...around,
    aggregate: (call) => (isAggregate(call, around) && call.over === undefined ? virtuals.add(read(call, inner, null)) : nested(call)),
  };
  const aggregate = (call: Call): Expression | null => {
    if (Object.hasOwn(refusedAggregates, call.name)) throw sqlUnsupported(call.place, `${call.name} is not supported`, refusedAggregates[call.name]);
    if (isGrouping(call)) return virtuals.add(readGrouping(call, inner));
    if (call.name === 'ROW_NUMBER') return virtuals.add(readRowNumber(call, windows, grouped, clause));
    if (call.over === undefined) return grouped.aggregate(call);
    if (clause === 'HAVING') throw sqlInvalid(call.place, 'an OVER aggregate may not stand in HAVING', 'Compute it in a sub-query and use its column in WHERE.');
    if (!isAggregate(call, around)) throw sqlInvalid(call.place, `${call.name} is no aggregate and takes no OVER`, `There is: ${aggregateNames.join(', ')}.`);
    const window = bindWindow(call.over, windows, grouped);
    if (call.name === 'LAG' && window.framed) throw sqlInvalid(call.place, 'LAG takes no frame', 'Leave ROWS or RANGE out of its OVER clause.');
    return virtuals.add(read(call, grouped, window));
  };
  return { ...around, aggregate };
}

const userAggregate = (call: Call, { session }: Surroundings): UserAggregate | undefined => session.functions?.aggregates.get(call.name);

const isAggregate = (call: Call, around: Surroundings): boolean => aggregateNames.includes(call.name) || userAggregate(call, around) !== undefined;

const isGrouping = ({ name, over }: Call): boolean => (name === 'GROUPING' || name === 'GROUPING_ID') && over === undefined;

const wholeType = sqlType('BIGINT', false);

function readGrouping(call: Call, inner: Surroundings): VirtualCall {
  const { place, args } = call;
  if (args.length === 0 || call.star || call.distinct) throw sqlInvalid(place, `${call.name} takes expressions of GROUP BY`, `Write ${call.name}(a, b).`);
  return { name: 'GROUPING', argument: null, more: args.map((arg) => bind(arg, inner)), distinct: false, filter: null, type: wholeType, place, over: null };
}

function readRowNumber(call: Call, windows: readonly NamedWindow[], grouped: Surroundings, clause: string): VirtualCall {
  const { place } = call;
  if (call.over === undefined || call.star || call.args.length > 0) throw sqlInvalid(place, 'ROW_NUMBER takes no argument, and needs OVER', 'Write ROW_NUMBER() OVER (PARTITION BY key ORDER BY price DESC).');
  if (clause === 'HAVING') throw sqlInvalid(place, 'ROW_NUMBER may not stand in HAVING', 'Compute it in a sub-query and use its column in WHERE.');
  return { name: 'ROW_NUMBER', argument: null, distinct: false, filter: null, type: wholeType, place, over: bindRanking(call.over, windows, grouped) };
}

function read(call: Call, inner: Surroundings, over: BoundWindow | null): VirtualCall {
  const { name, place, args } = call;
  if (call.nulls !== undefined) throw sqlUnsupported(place, `${call.nulls} NULLS is not supported`, 'Leave it out: aggregates ignore NULL.');
  if (call.withinGroup.length > 0) throw sqlUnsupported(place, 'WITHIN GROUP is not supported');
  if (name === 'LAG' && over === null) throw sqlInvalid(place, 'LAG needs OVER (… ORDER BY the event time)');
  if (over !== null && call.filter !== undefined) throw sqlUnsupported(call.filter.place, 'FILTER on an OVER aggregate is not supported', `Write ${name}(CASE WHEN condition THEN x END) OVER ….`);
  const user = userAggregate(call, inner);
  if (user !== undefined) return readUser(call, user, inner, over);
  if (call.star) {
    if (name !== 'COUNT' || call.distinct) throw sqlInvalid(place, `${name}(${call.distinct ? 'DISTINCT ' : ''}*) does not exist`, 'Only COUNT(*) takes a star.');
  } else if (args.length === 0 || (args.length > 1 && name !== 'LAG') || args.length > 3) {
    throw sqlInvalid(place, `${name} takes ${name === 'LAG' ? 'one to three arguments' : 'one argument'}, not ${args.length}`);
  }
  const given = call.star ? null : bind(args[0]!, inner);
  const filter = call.filter === undefined ? null : bindCondition(call.filter, 'FILTER', { ...inner, aggregate: noAggregates('FILTER') });
  const resolved = resolveAggregate(name, given === null ? null : given.type, call.distinct, place);
  const argument = given === null || resolved.argumentType === null ? given : implicitCast(given, resolved.argumentType, args[0]!.place);
  const nullable = resolved.type.nullable || (filter !== null && resolved.name !== 'COUNT');
  const base = { name: resolved.name, argument, distinct: call.distinct, filter, type: { ...resolved.type, nullable }, place, over };
  return name === 'LAG' ? { ...base, ...lagParts(call, argument!, inner) } : base;
}

function readUser(call: Call, user: UserAggregate, inner: Surroundings, over: BoundWindow | null): VirtualCall {
  const { place, distinct } = call;
  if (call.star) throw sqlInvalid(place, `${user.name}(*) does not exist`, 'Only COUNT(*) takes a star.');
  if (distinct) throw sqlUnsupported(place, `${user.name}(DISTINCT …) is not supported`, 'Leave equal values out in its code, by a set.');
  const filter = call.filter === undefined ? null : bindCondition(call.filter, 'FILTER', { ...inner, aggregate: noAggregates('FILTER') });
  const [argument, ...more] = castArguments(user, call.args.map((arg) => bind(arg, inner)), place) as [Expression, ...Expression[]];
  return { name: 'USER', argument, more, user, distinct, filter, type: user.returns, place, over };
}

function lagParts(call: Call, argument: Expression, inner: Surroundings): Pick<VirtualCall, 'offset' | 'defaultValue' | 'type'> {
  const [, back, otherwise] = call.args;
  const offset = back === undefined ? 1 : wholeNumber(back, inner);
  if (offset === null || offset < 1) throw sqlInvalid(back!.place, 'the second argument of LAG is how many rows back: a whole number from 1', 'Write LAG(x, 1).');
  if (otherwise === undefined) return { offset, defaultValue: null, type: { ...argument.type, nullable: true } };
  const bound = bind(otherwise, inner);
  const defaultValue = implicitCast(bound, { ...argument.type, nullable: bound.type.nullable }, otherwise.place);
  return { offset, defaultValue, type: { ...argument.type, nullable: argument.type.nullable || bound.type.nullable } };
}

function wholeNumber(expression: SqlExpression, around: Surroundings): number | null {
  const bound = bind(expression, around);
  return bound.kind === 'literal' && typeof bound.value === 'number' && bound.type.kind === 'INT' ? bound.value : null;
}

