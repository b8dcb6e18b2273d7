/** What stands in DEFINE and MEASURES: columns of variables, PREV, FIRST and LAST, aggregates, MATCH_ROWTIME. */
import { timestampType, withNullable } from '../core/types.js';
import { resolveAggregate } from '../functions/aggregates.js';
import { implicitCast } from '../functions/scalar.js';
import { columnRef, usesClock } from '../plan/expression.js';
import type { Expression, Place } from '../plan/expression.js';
import { identityOf } from '../plan/identity.js';
import type { MatchExpression, MatchReference } from '../plan/match.js';
import { noAggregates } from './aggregate-calls.js';
import { aggregateNames } from './aggregate-names.js';
import type { Call, Name, SqlExpression } from './ast.js';
import { bind, bindCondition, type Surroundings } from './binder.js';
import { variableNamed, type PlacedVariable } from './match-pattern.js';
import type { Projection } from './projection.js';
import { resolveColumn, typeOfColumn } from './relation.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';

/** Which row of its variable a column is taken from. */
interface Navigation {
  readonly from: 'first' | 'last';
  readonly offset: number;
  readonly back: number;
}

/** The variable that everything inside one FIRST, LAST, PREV or aggregate speaks of; undefined: none yet. */
interface OneVariable {
  readonly name: string;
  variable: number | null | undefined;
}

const here: Navigation = { from: 'last', offset: 0, back: 0 };
const OFFSET_MAX = 100_000;

/** Functions of the standard that Flink does not have, and PREV's opposite. */
const refused: Readonly<Record<string, string>> = {
  NEXT: 'Put the condition on the later row, with PREV or LAST.',
  CLASSIFIER: 'Count the rows of each variable: COUNT(A.x).',
  MATCH_NUMBER: 'Number the matches in a query over them.',
  MATCH_PROCTIME: 'Use MATCH_ROWTIME().',
};

export class MatchBinder {
  readonly #around: Surroundings;
  readonly #variables: readonly PlacedVariable[];
  readonly #below: Projection;
  /** The event-time column of the relation. */
  readonly #rowtime: number;
  #references: MatchReference[] = [];
  #known = new Map<string, number>();
  /** The variable whose condition is read; null in MEASURES. */
  #defined: number | null = null;

  /** Columns and arguments of aggregates are put into `below`, by which the references are numbered. */
  constructor(around: Omit<Surroundings, 'aggregate'>, variables: readonly PlacedVariable[], below: Projection, rowtime: number) {
    this.#variables = variables;
    this.#below = below;
    this.#rowtime = rowtime;
    this.#around = { ...around, aggregate: (call) => this.#call(call, here, null), column: (parts, place) => this.#column(parts, place, here, null) };
  }

  condition(expression: SqlExpression, variable: number): MatchExpression {
    this.#defined = variable;
    return this.#collected(expression, () => bindCondition(expression, 'DEFINE', this.#around));
  }

  measure(expression: SqlExpression): MatchExpression {
    this.#defined = null;
    return this.#collected(expression, () => bind(expression, this.#around));
  }

  #collected({ place }: SqlExpression, read: () => Expression): MatchExpression {
    this.#references = [];
    this.#known = new Map();
    const expression = read();
    if (usesClock(expression)) throw sqlUnsupported(place, 'functions of the moment are not supported in MATCH_RECOGNIZE', 'Use the event time of the rows.');
    return { references: this.#references, expression, place };
  }

  /** What an expression inside FIRST, LAST or PREV is read with. */
  #inside(navigation: Navigation, one: OneVariable): Surroundings {
    return { ...this.#around, aggregate: (call) => this.#call(call, navigation, one), column: (parts, place) => this.#column(parts, place, navigation, one) };
  }

  #column(parts: readonly Name[], place: Place, { from, offset, back }: Navigation, one: OneVariable | null): Expression {
    const { variable, column } = this.#resolve(parts, place, one);
    const type = typeOfColumn(this.#around.relation, column);
    const certain = offset === 0 && back === 0 && this.#hasRows(variable);
    const index = this.#below.add(columnRef(column, type));
    return this.#add({ kind: 'row', column: index, variable, from, offset, back, certain, type: withNullable(type, type.nullable || !certain) });
  }

  /** Whether the variable has a row in any case: in a condition the row on trial is one of its variable. */
  #hasRows(variable: number | null): boolean {
    if (variable === null || variable === this.#defined) return true;
    return this.#variables[variable]!.min > 0 && (this.#defined === null || variable < this.#defined);
  }

  #resolve(parts: readonly Name[], place: Place, one: OneVariable | null): { readonly variable: number | null; readonly column: number } {
    const { relation } = this.#around;
    if (parts.length > 2) throw sqlInvalid(place, 'a column of a variable is written A.column');
    const variable = parts.length === 1 ? null : variableNamed(parts[0]!, this.#variables);
    if (one !== null) {
      if (one.variable !== undefined && one.variable !== variable) throw sqlInvalid(place, `${one.name}(…) speaks of rows of more than one variable`, 'Give every column in it the same variable.');
      one.variable = variable;
    }
    return { variable, column: resolveColumn(relation, parts.slice(-1), place) };
  }

  #add(reference: MatchReference): Expression {
    const key = identityOf(reference);
    const at = this.#known.get(key) ?? this.#references.push(reference) - 1;
    this.#known.set(key, at);
    return columnRef(at, reference.type);
  }

  /** A call that is the pattern's business; null for other functions. `one`: it stands inside of FIRST, LAST or PREV. */
  #call(call: Call, navigation: Navigation, one: OneVariable | null): Expression | null {
    const { name, place } = call;
    if (Object.hasOwn(refused, name)) throw sqlUnsupported(place, `${name}() is not supported in MATCH_RECOGNIZE`, refused[name]);
    switch (name) {
      case 'FIRST': case 'LAST': return this.#navigated(call, navigation, one);
      case 'PREV':
        if (one !== null) throw sqlInvalid(place, `PREV may not stand in ${one.name}`, 'Write PREV(LAST(A.x, 1), 2).');
        return this.#navigated(call, navigation, one);
      case 'FINAL': case 'RUNNING':
        if (this.#defined !== null) throw sqlInvalid(place, `${name} stands in MEASURES only`, 'Leave it out: a condition sees the rows so far.');
        return bind(call.args[0]!, this.#around);
      case 'MATCH_ROWTIME': return this.#matchRowtime(call);
      default: return this.#aggregate(call, one);
    }
  }

  #navigated(call: Call, outer: Navigation, one: OneVariable | null): Expression {
    const { name, args, place } = call;
    if (one !== null && one.name !== 'PREV') throw sqlInvalid(place, `${name} may not stand in ${one.name}`, 'Use one of them.');
    const [argument, count] = args;
    if (argument === undefined || args.length > 2) throw sqlInvalid(place, `${name} takes a value and a number of rows`, `Write ${name}(A.x) or ${name}(A.x, 1).`);
    const distance = count === undefined ? (name === 'PREV' ? 1 : 0) : this.#distance(count, name);
    const inner: OneVariable = one ?? { name, variable: undefined };
    const navigation: Navigation = name === 'PREV' ? { ...outer, back: distance } : { from: name === 'FIRST' ? 'first' : 'last', offset: distance, back: outer.back };
    const nested: OneVariable = one === null ? inner : { name, variable: one.variable };
    const value = bind(argument, this.#inside(navigation, nested));
    if (nested.variable === undefined) throw sqlInvalid(place, `${name} needs a column`, `Write ${name}(A.column).`);
    inner.variable = nested.variable;
    return value;
  }

  #distance(count: SqlExpression, name: string): number {
    const bound = bind(count, { ...this.#around, aggregate: noAggregates(name), column: (_, place) => { throw sqlInvalid(place, `the second argument of ${name} is a constant`, `Write ${name}(A.x, 1).`); } });
    if (bound.kind === 'literal' && typeof bound.value === 'number' && Number.isInteger(bound.value) && bound.value >= 0 && bound.value <= OFFSET_MAX) return bound.value;
    throw sqlInvalid(count.place, `the second argument of ${name} is a number of rows, from 0 to ${OFFSET_MAX}`, `Write ${name}(A.x, 1).`);
  }

  #matchRowtime({ args, place }: Call): Expression {
    if (this.#defined !== null) throw sqlInvalid(place, 'MATCH_ROWTIME stands in MEASURES only', 'Use the column of the event time.');
    const { relation } = this.#around;
    if (args.length === 0) return this.#add({ kind: 'rowtime', type: timestampType(3, false) });
    const [column] = args;
    const index = column?.kind === 'name' ? resolveColumn(relation, column.parts.slice(-1), column.place) : -1;
    if (args.length > 1 || index !== this.#rowtime) throw sqlInvalid(place, 'MATCH_ROWTIME takes nothing, or the column of the event time', 'Write MATCH_ROWTIME().');
    return this.#add({ kind: 'rowtime', type: withNullable(typeOfColumn(relation, index), false) });
  }

  #aggregate(call: Call, one: OneVariable | null): Expression | null {
    const { name, args, place } = call;
    if (!aggregateNames.includes(name) || call.over !== undefined || name === 'LAG') return noAggregates('MATCH_RECOGNIZE')(call);
    if (one !== null) throw sqlInvalid(place, `the aggregate ${name} may not stand in ${one.name}`, 'Use one of them.');
    if (call.distinct) throw sqlUnsupported(place, `${name}(DISTINCT …) is not supported in MATCH_RECOGNIZE`, 'Leave DISTINCT out.');
    if (call.filter !== undefined) throw sqlUnsupported(place, 'FILTER is not supported in MATCH_RECOGNIZE', `Write ${name}(CASE WHEN condition THEN A.x END).`);
    if (call.star ? name !== 'COUNT' : args.length !== 1) throw sqlInvalid(place, `${name} takes one argument${name === 'COUNT' ? ' or *' : ''}`, `Write ${name}(A.x).`);
    const of: OneVariable = { name, variable: undefined };
    const argument = call.star ? null : this.#argument(args[0]!, of);
    const resolved = resolveAggregate(name, argument?.type ?? null, false, place);
    const cast = argument === null || resolved.argumentType === null ? argument : implicitCast(argument, resolved.argumentType, args[0]!.place);
    const column = cast === null ? null : this.#below.add(cast);
    const variable = of.variable ?? null;
    return this.#add({ kind: 'aggregate', variable, call: { name: resolved.name, argument: column, distinct: false, filter: null, type: resolved.type, place }, type: resolved.type });
  }

  /** An aggregate's argument, over the columns of the relation. */
  #argument(argument: SqlExpression, of: OneVariable): Expression {
    const { relation } = this.#around;
    const value = bind(argument, {
      ...this.#around,
      aggregate: (call) => {
        if (['FIRST', 'LAST', 'PREV', 'FINAL', 'RUNNING'].includes(call.name)) throw sqlInvalid(call.place, `${call.name} may not stand in the aggregate ${of.name}`, 'Use one of them.');
        return noAggregates('another aggregate')(call);
      },
      column: (parts, place) => {
        const { column } = this.#resolve(parts, place, of);
        return columnRef(column, typeOfColumn(relation, column));
      },
    });
    if (usesClock(value)) throw sqlUnsupported(argument.place, 'functions of the moment are not supported in MATCH_RECOGNIZE', 'Use the event time of the rows.');
    return value;
  }
}
