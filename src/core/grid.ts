/**
 * A grid of exponents on which doubles are added without rounding.
 *
 * A double is cut into pieces of 42 bits by adding and subtracting a large constant, which rounds it to a
 * multiple of a unit. Accumulators keep the pieces of one unit, so each is an integer count of its unit and
 * stays exact below 2^53 of them: about 2^10 additions, then `carry` moves what is too much for one
 * accumulator to the next. The units are 2^-110, 2^-68, 2^-26 and 2^16 for sums, which covers doubles below
 * 2^58 without bits below 2^-110 (so any of size 1e-17 to 2e17); squares have 2^-152 and 2^58 besides.
 */

/** One and a half times 2^52 units: adding it and taking it away rounds to a multiple of the unit. */
export const CUT_M152 = 1.5 * 2 ** 52 * 2 ** -152;
export const CUT_M110 = 1.5 * 2 ** 52 * 2 ** -110;
export const CUT_M68 = 1.5 * 2 ** 52 * 2 ** -68;
export const CUT_M26 = 1.5 * 2 ** 52 * 2 ** -26;
export const CUT_16 = 1.5 * 2 ** 52 * 2 ** 16;
export const CUT_58 = 1.5 * 2 ** 52 * 2 ** 58;

/** The least size that is too large for the grid of a sum, and for that of a sum whose squares are summed too. */
export const SUM_LIMIT = 2 ** 58;
export const MOMENTS_LIMIT = 2 ** 50;

/** Below these the pieces of 2^16 and beyond are 0: of a value, and of the square's lost part as well. */
export const SMALL_LIMIT = 2 ** 15;
export const SMALL_SQUARE_LIMIT = 2 ** 13;

/** Additions and subtractions between two carries. A piece has up to 2^42 units (a square brings two), a carried accumulator up to 2^51. */
export const OPERATIONS_MAX = 1024;

/** Added to a slot's count of operations while part of its total is in `Spills`. */
export const SPILLED = 2 ** 30;

/** Accumulators above this after a carry go to `Spills`: 2^51 of their units. */
export const SUM_TOP_MAX = 2 ** 51 * 2 ** 16;
export const SQUARES_TOP_MAX = 2 ** 51 * 2 ** 58;
