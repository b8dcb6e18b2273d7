/** Filters one above the other as one condition. */
import { sqlType } from '../core/types.js';
import type { Expression } from './expression.js';
import { mayFail } from './failing.js';

/**
 * Rows for which both are true. What the filter below leaves out, the one above never sees: where it could fail, it is
 * not asked about rows for which the one below is NULL, as AND would.
 */
export function conjunction(below: Expression, above: Expression): Expression {
  const place = [above, below].find((side) => side.kind === 'call')?.place ?? { line: 1, column: 1, text: '' };
  const first: Expression = below.type.nullable && mayFail(above)
    ? { kind: 'call', name: 'IS TRUE', args: [below], type: sqlType('BOOLEAN', false), place } : below;
  return { kind: 'call', name: 'AND', args: [first, above], type: sqlType('BOOLEAN', first.type.nullable || above.type.nullable), place };
}
