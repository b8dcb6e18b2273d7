/** From a call as read, with whatever words it had between its parentheses, to its node in the tree. */
import type { Place } from '../plan/expression.js';
import type {
  Call, ColumnName, Name, OrderItem, SqlExpression, Trim, TypeName, WindowSpecification,
} from './ast.js';
import { sqlInvalid } from './sql-error.js';

/** Filled by the grammar; the optional parts are those of a few functions only. */
export interface CallParts {
  args: SqlExpression[];
  star: boolean;
  distinct: boolean;
  withinGroup: OrderItem[];
  /** TRIM(BOTH … */
  side?: Trim['side'];
  /** CAST(x AS type) */
  as?: TypeName;
  /** FLOOR(x TO unit) */
  to?: Name;
  /** POSITION(x IN text) */
  within?: SqlExpression;
  /** OVERLAY(x PLACING y … */
  placing?: SqlExpression;
  /** … FROM start, or EXTRACT's and TRIM's operand */
  from?: SqlExpression;
  /** … FOR length) */
  length?: SqlExpression;
  filter?: SqlExpression;
  nulls?: 'IGNORE' | 'RESPECT';
  over?: WindowSpecification;
}

export const emptyCall = (): CallParts => ({ args: [], star: false, distinct: false, withinGroup: [] });

type Build = (parts: CallParts, place: Place, name: string) => SqlExpression;

/** Flink reads these without parentheses. */
const BARE = new Set(['CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP', 'LOCALTIME', 'LOCALTIMESTAMP', 'CURRENT_USER', 'CURRENT_CATALOG', 'CURRENT_DATABASE']);

/** What a call looks like when it has words inside that its function does not know. */
const SHAPES: Readonly<Record<string, string>> = {
  CAST: 'CAST(x AS type)', TRY_CAST: 'TRY_CAST(x AS type)', EXTRACT: 'EXTRACT(unit FROM x)', FLOOR: 'FLOOR(x) or FLOOR(x TO unit)',
  CEIL: 'CEIL(x) or CEIL(x TO unit)', CEILING: 'CEILING(x) or CEILING(x TO unit)', TRIM: 'TRIM(BOTH characters FROM x)',
  SUBSTRING: 'SUBSTRING(x FROM start FOR length)', POSITION: 'POSITION(x IN text)', OVERLAY: 'OVERLAY(x PLACING y FROM start FOR length)',
  TIMESTAMPADD: 'TIMESTAMPADD(unit, count, time)', TIMESTAMPDIFF: 'TIMESTAMPDIFF(unit, from, to)',
};

const SPECIAL: Readonly<Record<string, Build>> = {
  CAST: cast, TRY_CAST: cast, EXTRACT: extract, FLOOR: roundTo, CEIL: roundTo, CEILING: roundTo, TRIM: trim, SUBSTRING: substring,
  POSITION: position, OVERLAY: overlay, TIMESTAMPADD: timestampCall, TIMESTAMPDIFF: timestampCall,
};

/** SQL_INVALID when the words between the parentheses are not this function's. */
export function buildCall(name: readonly Name[], parts: CallParts, place: Place): SqlExpression {
  const upper = name.map((part) => part.text).join('.').toUpperCase();
  const special = Object.hasOwn(SPECIAL, upper) ? SPECIAL[upper] : undefined;
  return special !== undefined ? special(parts, place, upper) : plain(parts, place, upper);
}

/** `CURRENT_TIMESTAMP` alone is a call; any other name is a column. */
export function bareName(column: ColumnName): SqlExpression {
  const [only, ...rest] = column.parts;
  const upper = only!.text.toUpperCase();
  if (rest.length > 0 || only!.quoted || !BARE.has(upper)) return column;
  return callOf(upper, emptyCall(), [], column.place);
}

const callOf = (name: string, parts: CallParts, args: readonly SqlExpression[], place: Place): Call => ({
  kind: 'call', name, args, star: parts.star, distinct: parts.distinct, filter: parts.filter, nulls: parts.nulls,
  withinGroup: parts.withinGroup, over: parts.over, place,
});

function wrongShape(name: string, place: Place): Error {
  const shape = SHAPES[name];
  return sqlInvalid(place, `this is not how ${name} is called`, shape === undefined ? `Write ${name}(a, b, …).` : `Write ${shape}.`);
}

/** A call with commas only. */
function plain(parts: CallParts, place: Place, name: string): Call {
  if (hasWords(parts)) throw wrongShape(name, place);
  if (parts.distinct && parts.args.length === 0) throw wrongShape(name, place);
  return callOf(name, parts, parts.args, place);
}

const hasWords = ({ side, as, to, within, placing, from }: CallParts): boolean =>
  [side, as, to, within, placing, from].some((part) => part !== undefined);

function cast(parts: CallParts, place: Place, name: string): SqlExpression {
  const { as: type, args: [operand, ...more], from } = parts;
  if (type === undefined || operand === undefined || more.length > 0 || from !== undefined) throw wrongShape(name, place);
  return { kind: 'cast', safe: name === 'TRY_CAST', operand, type, place };
}

function extract(parts: CallParts, place: Place, name: string): SqlExpression {
  const { from: operand, args: [unit, ...more], length } = parts;
  const word = unitOf(unit);
  if (operand === undefined || word === undefined || more.length > 0 || length !== undefined) throw wrongShape(name, place);
  return { kind: 'extract', unit: word, operand, place };
}

function roundTo(parts: CallParts, place: Place, name: string): SqlExpression {
  const { to, args: [operand, ...more] } = parts;
  const short = name === 'FLOOR' ? 'FLOOR' : 'CEIL';
  if (to === undefined) return plain(parts, place, short);
  if (operand === undefined || more.length > 0 || parts.from !== undefined) throw wrongShape(name, place);
  return { kind: 'roundTo', name: short, operand, unit: to.text.toUpperCase(), place };
}

function trim(parts: CallParts, place: Place, name: string): SqlExpression {
  const { args, from, side = 'BOTH', length, as, to, placing, within } = parts;
  if (args.length > 1 || [length, as, to, placing, within].some((part) => part !== undefined)) throw wrongShape(name, place);
  const operand = from ?? args[0];
  if (operand === undefined || (from === undefined && parts.side !== undefined)) throw wrongShape(name, place);
  return { kind: 'trim', side, characters: from === undefined ? undefined : args[0], operand, place };
}

function substring(parts: CallParts, place: Place, name: string): SqlExpression {
  const { from, length, args } = parts;
  if (from === undefined) return plain(parts, place, name);
  if (args.length !== 1) throw wrongShape(name, place);
  return callOf(name, parts, [args[0]!, from, ...(length === undefined ? [] : [length])], place);
}

function position(parts: CallParts, place: Place, name: string): SqlExpression {
  const { within, args: [first, ...more] } = parts;
  if (first === undefined || more.length > 0 || parts.from !== undefined) throw wrongShape(name, place);
  if (within !== undefined) return callOf(name, parts, [first, within], place);
  // POSITION(x IN (text)) was read as a membership in a list of one.
  if (first.kind !== 'inList' || first.negated || first.list.length !== 1) throw wrongShape(name, place);
  return callOf(name, parts, [first.operand, first.list[0]!], place);
}

function overlay(parts: CallParts, place: Place, name: string): SqlExpression {
  const { placing, from, length, args } = parts;
  if (placing === undefined) return plain(parts, place, name);
  if (from === undefined || args.length !== 1) throw wrongShape(name, place);
  return callOf(name, parts, [args[0]!, placing, from, ...(length === undefined ? [] : [length])], place);
}

function timestampCall(parts: CallParts, place: Place, name: string): SqlExpression {
  const [unit, first, second, ...more] = parts.args;
  const word = unitOf(unit)?.replace(/^SQL_TSI_/, '');
  if (word === undefined || first === undefined || second === undefined || more.length > 0 || hasWords(parts)) throw wrongShape(name, place);
  return { kind: 'timestampCall', name: name as 'TIMESTAMPADD' | 'TIMESTAMPDIFF', unit: word, args: [first, second], place };
}

const unitOf = (unit: SqlExpression | undefined): string | undefined =>
  unit?.kind === 'name' && unit.parts.length === 1 ? unit.parts[0]!.text.toUpperCase() : undefined;
