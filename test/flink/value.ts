/** Values of both engines in one form: doubles as numbers, NULL as null, all others as text written one way only. */

export type Value = string | number | null;

export const isApproximate = (type: string): boolean => /^(DOUBLE|FLOAT)/.test(type);

/** `text` as Java or DuckDB writes a value of a type. */
export function canonical(text: string, type: string): Value {
  if (isApproximate(type)) return doubleOf(text);
  if (type.startsWith('DECIMAL')) return decimal(text);
  if (type.startsWith('TIMESTAMP')) return time(text);
  return text;
}

function doubleOf(text: string): number {
  const known: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, infinity: Infinity, '-inf': -Infinity, '-infinity': -Infinity };
  return known[text.toLowerCase()] ?? Number(text);
}

/** Without exponent, without zeros at the end. */
function decimal(text: string): string {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const shift = Number(exponent);
  const digits = `${whole}${fraction}`;
  const point = whole!.length + shift;
  const left = digits.slice(0, Math.max(0, point)).padEnd(Math.max(0, point), '0').replace(/^0+/, '');
  const right = `${'0'.repeat(Math.max(0, -point))}${digits.slice(Math.max(0, point))}`.replace(/0+$/, '');
  const value = `${left === '' ? '0' : left}${right === '' ? '' : `.${right}`}`;
  return value === '0' ? '0' : `${sign}${value}`;
}

/** `2024-01-02 03:04:05.6`, without zeros at the end of the fraction. */
function time(text: string): string {
  const [, day, minute, second = '00', fraction = ''] = /^(-?\d+-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:Z|\+00)?$/.exec(text)!;
  const rest = fraction.replace(/0+$/, '');
  return `${day} ${minute}:${second}${rest === '' ? '' : `.${rest}`}`;
}

/** To 1e-9 relative; NaN is NaN. */
export function isNear(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  return Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}

export const showRow = (row: readonly Value[]): string => row.map((value) => (value === null ? 'NULL' : String(value))).join(', ');

export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, digits.length - scale)}.${digits.slice(digits.length - scale)}`;
}
