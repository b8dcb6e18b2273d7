/** Exact arithmetic for the tests, apart from the engine's: doubles as counts of 2^-1074, and what "nearest" means. */
import fc from 'fast-check';

const UNIT = 1074n;

/** A finite double as a count of 2^-1074, by halving and doubling alone. */
export function fixed(x: number): bigint {
  let mantissa = x;
  let exponent = 0;
  while (mantissa !== Math.trunc(mantissa)) {
    if (Math.abs(mantissa) < 2 ** 900) { mantissa *= 2; exponent--; }
  }
  return exponent === 0 ? BigInt(mantissa) << UNIT : BigInt(mantissa) << (UNIT + BigInt(exponent));
}

const bits = new DataView(new ArrayBuffer(8));

function above(x: number): number {
  if (x === 0) return Number.MIN_VALUE;
  bits.setFloat64(0, x);
  bits.setBigInt64(0, bits.getBigInt64(0) + (x > 0 ? 1n : -1n));
  return bits.getFloat64(0);
}

const size = (value: bigint): bigint => (value < 0n ? -value : value);

function even(x: number): boolean {
  bits.setFloat64(0, x);
  return (bits.getUint32(4) & 1) === 0;
}

/** Whether x is the double nearest to numerator / denominator (counts of 2^-1074 over a whole number), ties to even. */
export function isNearest(x: number, numerator: bigint, denominator: bigint): boolean {
  const largest = (1n << 2098n) - (1n << 2045n); // Number.MAX_VALUE
  const edge = largest + (1n << 2044n); // half a unit beyond it rounds to infinity
  if (x === Infinity) return numerator >= edge * denominator;
  if (x === -Infinity) return -numerator >= edge * denominator;
  if (x !== x || Object.is(x, -0)) return x === 0 && numerator < 0n && -numerator * 2n <= denominator;
  if (x === 0 && numerator < 0n) return false; // a negative value that vanishes is -0
  const distance = size(fixed(x) * denominator - numerator);
  for (const other of [above(x), -above(-x)]) {
    if (Math.abs(other) === Infinity) {
      if (size(numerator) >= edge * denominator) return false;
      continue;
    }
    const otherDistance = size(fixed(other) * denominator - numerator);
    if (otherDistance < distance || (otherDistance === distance && !even(x))) return false;
  }
  return true;
}

/** Doubles of every kind that sums stumble over: ticks, offsets, whole numbers, tiny and huge ones, near-cancelling ones. */
export const finite: fc.Arbitrary<number> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -1_000_000, max: 1_000_000 }).map((ticks) => ticks / 100) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 10_000 }).map((ticks) => 1e12 + ticks * 1e-4) },
  { weight: 2, arbitrary: fc.integer({ min: -5, max: 5 }) },
  { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 1, arbitrary: fc.constantFrom(1e308, -1e308, 1.7976931348623157e308, 1e200, -1e200, 5e-324, -5e-324, 1e-310, 2 ** 58, -(2 ** 58), 2 ** 57, 2 ** -110, 2 ** -111, 2 ** 50, 1e16, 2 ** 53, 0.1, -0.1, -0) },
  { weight: 1, arbitrary: fc.tuple(fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }), fc.integer({ min: -120, max: 20 })).map(([m, e]) => m * 2 ** e) },
);

/** Values of one size, as a column has them: these stay on the fast path. */
export const alike: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 9_000, max: 11_000 }).map((ticks) => ticks / 100),
  fc.integer({ min: 0, max: 50 }).map((ticks) => 1e12 + ticks * 1e-4),
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: 1, max: 2, noNaN: true }),
);
