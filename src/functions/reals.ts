/** DOUBLE and FLOAT as text, the way Java and so Flink print them, and back. */

/** Digits that read back as the value, as few as do but at least two, laid out as Java does. */
function layOut(value: number, shortest: string): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa, exponentText] = shortest.replace(/^-/, '').split('e') as [string, string];
  const digits = mantissa.replace('.', '');
  const exponent = Number(exponentText);
  const sign = value < 0 ? '-' : '';
  if (exponent >= 7 || exponent < -3) return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent}`;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

export function doubleText(value: number): string {
  const magnitude = Math.abs(value);
  // Where Java uses no exponent, JavaScript writes the same digits, but for the `.0` of whole numbers.
  if (magnitude >= 1e-3 && magnitude < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  const shortest = value.toExponential();
  // Of one digit there are nearer neighbours with two: 4.9E-324, not 5.0E-324.
  return layOut(value, shortest.includes('.') ? shortest : trimZeros(value.toExponential(1)));
}

/** At most nine digits tell any two singles apart; the fewest that do are taken. */
export function floatText(value: number): string {
  if (!Number.isFinite(value) || value === 0) return layOut(value, '');
  for (let digits = 1; digits < 8; digits += 1) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) return layOut(value, trimZeros(text));
  }
  return layOut(value, trimZeros(value.toExponential(8)));
}

function trimZeros(text: string): string {
  const [mantissa, exponent] = text.split('e') as [string, string];
  return `${mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa}e${exponent}`;
}

/** What Java's parseDouble takes, hexadecimal aside; null for anything else. */
export function parseReal(text: string): number | null {
  const match = /^([+-]?)(?:(NaN)|(Infinity)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[dDfF]?)$/.exec(text);
  if (match === null) return null;
  const magnitude = match[2] !== undefined ? NaN : match[3] !== undefined ? Infinity : Number(match[4]);
  return match[1] === '-' ? -magnitude : magnitude;
}
