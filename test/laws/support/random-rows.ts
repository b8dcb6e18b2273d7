/** Random rows of a source table: ties, NULLs, NaN, infinities, huge and tiny values, and as much disorder as a law allows. */
import fc from 'fast-check';
import type { Cell } from './cells.js';

/** Cells in the order of `tableFields`; an event time of null makes the row unusable. */
export type Row = readonly Cell[];

/** How far rows may lie behind: not at all, or beyond what the watermark allows. */
export type Disorder = 'none' | 'late';

const prices: Readonly<Record<string, fc.Arbitrary<number | null>>> = {
  constant: fc.constantFrom(101.37),
  constantLarge: fc.constantFrom(1e12 + 0.1, 1e12 + 0.1, null),
  ticks: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 9_900, max: 10_100 }).map((ticks) => ticks / 100) }, fc.constant(null)),
  negative: fc.integer({ min: -500, max: -1 }).map((ticks) => ticks / 8),
  offset: fc.integer({ min: 0, max: 100 }).map((ticks) => 1e12 + ticks * 1e-4),
  extreme: fc.constantFrom(NaN, Infinity, -Infinity, -0, 0, 1e308, -1e308, 1.7e308, 5e-324, -5e-324, 1e200, -1e200, 1e-310, 0.1, -0.1, 1e16, 3.5, -3.5, null),
  mixed: fc.oneof(fc.constantFrom(NaN, Infinity, -0, 0, 1e17, 1, -1, null), fc.integer({ min: -300, max: 300 }).map((tick) => tick / 10)),
};

const volumes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -5, max: 2000 }).map(BigInt) },
  { weight: 1, arbitrary: fc.constantFrom(null, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 62n, -(2n ** 62n), 2n ** 63n - 1n) },
);
const quantities = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -3, max: 6 }).map(BigInt) },
  { weight: 1, arbitrary: fc.constantFrom(null, 2n ** 31n - 1n, -(2n ** 31n)) },
);
const amounts = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -2000, max: 3000 }).map(BigInt) },
  { weight: 1, arbitrary: fc.constantFrom(null, 10n ** 12n - 1n, 1n - 10n ** 12n) },
);

/** Everything of a row but when it happened and in which order it came. */
const content = (price: fc.Arbitrary<number | null>) => fc.tuple(
  fc.constantFrom('A', 'B', 'A', 'B', 'C', null), price, volumes, quantities, amounts, fc.constantFrom(true, false, null), fc.constantFrom(null, '', 'a', 'Z', 'é'),
);

export interface TimeOptions {
  readonly disorder: Disorder;
  /** Of the watermark. */
  readonly delay: number;
  /** Event times are congruent to this modulo 3, so that no two tables share an instant; null: as they come. */
  readonly parity: 0 | 1 | 2 | null;
  readonly rowsMax: number;
}

/** Rows in the order of arrival. */
export function randomRows(options: TimeOptions): fc.Arbitrary<readonly Row[]> {
  const draw = (price: fc.Arbitrary<number | null>) => fc.array(
    fc.record({ gap: fc.constantFrom(0, 0, 100, 300, 700, 1000, 1500, 4000), back: fc.nat(99), missing: fc.nat(49), cells: content(price) }),
    { maxLength: options.rowsMax, size: 'max' },
  );
  return fc.tuple(fc.constantFrom(0, 1_700_000_000_000, -3_600_500), fc.constantFrom(...Object.keys(prices)))
    .chain(([start, price]) => draw(prices[price]!).map((rows) => timed(rows, start, options)));
}

interface Drawn {
  readonly gap: number;
  readonly back: number;
  readonly missing: number;
  readonly cells: readonly Cell[];
}

function timed(rows: readonly Drawn[], start: number, { disorder, delay, parity }: TimeOptions): Row[] {
  let clock = start;
  return rows.map(({ gap, back, missing, cells }) => {
    // Without a delay the watermark stands at the newest row: only later ones are not behind.
    clock += disorder === 'none' && delay === 0 ? Math.max(gap, 3) : gap;
    const unusable = disorder === 'late' && missing === 0;
    return [...cells, unusable ? null : placed(clock - behind(back, disorder, delay), parity)];
  });
}

/** How far a row comes after its time. Half of the rows are in order; some are exactly at the bound. */
function behind(back: number, disorder: Disorder, delay: number): number {
  if (back < 50) return 0;
  // Less by what parity may take.
  if (disorder === 'none') return Math.max(0, Math.floor(((back - 50) / 50) * (delay - 3)));
  if (back < 60) return delay;
  return back < 70 ? delay + 1 : (back - 70) * 100 + (back % 2) * delay;
}

function placed(time: number, parity: TimeOptions['parity']): number {
  return parity === null ? time : time - ((((time - parity) % 3) + 3) % 3);
}
