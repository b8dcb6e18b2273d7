/**
 * Aggregates stand inside expressions. While a SELECT is read, each one is a column that is not there yet: virtual
 * column k follows the relation's own. Grouping and OVER later put real columns in their place.
 */
import { columnRef } from '../plan/expression.js';
import type { Expression, Place } from '../plan/expression.js';
import type { AggregateName, Frame } from '../plan/plan.js';
import type { SqlType } from '../core/types.js';
import type { UserAggregate } from '../functions/user-function.js';

/** An aggregate call, its arguments being expressions over the relation (and, for OVER, over grouped virtual columns). */
export interface VirtualCall {
  /** GROUPING has its arguments in `more`. */
  readonly name: AggregateName | 'GROUPING' | 'ROW_NUMBER';
  readonly argument: Expression | null;
  readonly distinct: boolean;
  readonly filter: Expression | null;
  readonly offset?: number;
  readonly defaultValue?: Expression | null;
  /** USER: the function, and its arguments after the first. */
  readonly user?: UserAggregate;
  readonly more?: readonly Expression[];
  readonly type: SqlType;
  readonly place: Place;
  /** Null: an aggregate of the GROUP BY. */
  readonly over: BoundWindow | null;
}

/** What an OVER clause says, once names are looked up. */
export interface BoundWindow {
  readonly partition: readonly Expression[];
  readonly order: Expression;
  readonly orderPlace: Place;
  readonly frame: Frame;
  /** ROWS or RANGE was written. */
  readonly framed: boolean;
  /** ROW_NUMBER: the whole ORDER BY. */
  readonly sort?: readonly BoundSort[];
  readonly place: Place;
}

export interface BoundSort {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nullsLast: boolean;
}

/** The virtual columns of one SELECT; the same call written twice is one column. */
export class Virtuals {
  readonly calls: VirtualCall[] = [];
  readonly #known = new Map<string, number>();

  constructor(readonly base: number) {}

  add(call: VirtualCall): Expression {
    const key = virtualKey(call);
    const index = this.#known.get(key) ?? this.calls.push(call) - 1;
    this.#known.set(key, index);
    return columnRef(this.base + index, call.type);
  }
}

/** A text that two expressions share iff they compute the same. */
export function expressionKey(expression: Expression): string {
  const { kind, precision, scale } = expression.type;
  const type = `${kind}:${precision ?? ''}:${scale ?? ''}`;
  if (expression.kind === 'column') return `#${expression.index}`;
  if (expression.kind === 'literal') return `'${typeof expression.value} ${JSON.stringify(String(expression.value))} ${type}'`;
  return `${JSON.stringify(expression.name)}(${expression.args.map(expressionKey).join(',')}):${type}`;
}

export function windowKey(window: BoundWindow): string {
  const sort = (window.sort ?? []).map(({ expression, descending, nullsLast }) => `${expressionKey(expression)} ${descending} ${nullsLast}`);
  return `[${window.partition.map(expressionKey).join(',')}] ${expressionKey(window.order)} ${window.frame.kind} ${window.frame.preceding} ${sort.join()}`;
}

function virtualKey(call: VirtualCall): string {
  const part = (expression: Expression | null | undefined) => (expression ? expressionKey(expression) : '-');
  const over = call.over === null ? '' : windowKey(call.over);
  return `${call.user?.name ?? call.name} ${call.distinct} ${part(call.argument)} ${(call.more ?? []).map(part).join()} ${part(call.filter)} ${call.offset ?? ''} ${part(call.defaultValue)} ${over}`;
}
