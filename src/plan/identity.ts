/** When two parts of plans are the same. */
import type { SourceTable } from './plan.js';

/**
 * Equal texts: equal values, to the bit. Places in the user's text do not count, and a table is told by its name.
 * JSON alone knows neither bigints nor −0, NaN and the infinities.
 */
export function identityOf(value: unknown): string {
  return JSON.stringify(value, (name, part: unknown) => {
    if (name === 'place') return undefined;
    if (name === 'table') return (part as SourceTable).name;
    if (typeof part === 'bigint') return `${part}n`;
    if (typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0))) return Object.is(part, -0) ? '#-0' : `#${part}`;
    return part;
  });
}
