/** Scalar expressions and conditions over given columns, chosen by number. */
import type { Cell, Field } from './cells.js';
import { Refused, type Condition, type Scalar } from './query.js';

/**
 * A value over `fields[number]`: mostly the column itself; with `form` 8 a product with another column, with 9 an
 * integer division, which fails where the divisor is 0. Both only where the types allow it.
 */
export function scalarOver(fields: readonly Field[], number: number, form: number, name: string): Scalar {
  const field = fields[number % fields.length]!;
  const whole = fields.find(({ kind }) => kind === 'BIGINT' || kind === 'INT');
  if (form === 8 && field.kind === 'DOUBLE' && whole !== undefined) {
    return {
      sql: `${field.name} * ${whole.name}`, reads: [field.name, whole.name], field: { name, kind: 'DOUBLE' },
      value: (at) => {
        const [left, right] = [at(field.name), at(whole.name)];
        return left === null || right === null ? null : (left as number) * Number(right);
      },
    };
  }
  if (form === 9 && field.kind === 'INT') {
    return {
      sql: `1000 / ${field.name}`, reads: [field.name], field: { name, kind: 'INT' },
      value: (at) => {
        const divisor = at(field.name);
        if (divisor === 0n) throw new Refused('division by zero');
        return divisor === null ? null : 1000n / (divisor as bigint);
      },
    };
  }
  return { sql: field.name, reads: [field.name], field: { ...field, name: name === '' ? field.name : name }, value: (at) => at(field.name) };
}

/** The clock of a replay: the greatest event time up to the row. */
export const clock = (name: string): Scalar => ({
  sql: 'CAST(CURRENT_TIMESTAMP AS TIMESTAMP(3))', reads: [], field: { name, kind: 'TIMESTAMP' }, value: (_at, now) => now,
});

const known = (value: Cell, test: (value: never) => boolean): boolean | null => (value === null ? null : test(value as never));

export function conditionOver(all: readonly Field[], number: number): Condition {
  const fields = all.filter(({ name }) => !name.startsWith('root'));
  const { name, kind, scale } = fields[number % fields.length]!;
  const variant = Math.floor(number / fields.length);
  const made = (sql: string, test: (value: never) => boolean): Condition => ({ sql, reads: [name], value: (at) => known(at(name), test) });
  const present: Condition = { sql: `${name} IS NOT NULL`, reads: [name], value: (at) => at(name) !== null };
  if (variant % 5 === 4) return present;
  switch (kind) {
    case 'STRING': return variant % 2 === 0 ? made(`${name} <> 'A'`, (value: string) => value !== 'A') : made(`${name} IN ('A', 'Z', '')`, (value: string) => ['A', 'Z', ''].includes(value));
    case 'DOUBLE': return variant % 2 === 0 ? made(`${name} > 100.5`, (value: number) => !(value <= 100.5)) : made(`${name} <= 0`, (value: number) => value <= 0);
    case 'BIGINT': case 'INT': return variant % 2 === 0 ? made(`${name} >= 2`, (value: bigint) => value >= 2n) : made(`MOD(${name}, 2) = 0`, (value: bigint) => value % 2n === 0n);
    case 'DECIMAL': return made(`${name} > 10.5`, (value: bigint) => value * 10n > 105n * 10n ** BigInt(scale!));
    case 'BOOLEAN': return variant % 2 === 0 ? made(name, (value: boolean) => value) : { sql: `${name} IS NOT TRUE`, reads: [name], value: (at) => at(name) !== true };
    case 'TIMESTAMP': return present;
  }
}
