/** A curve in one line of text, from the least to the greatest of its values. */

const levels = '▁▂▃▄▅▆▇█';

/** One character a value, a space where there is none; values that are all the same lie in the middle. */
export function sparkline(values: readonly (number | null)[]): string {
  const numbers = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  const least = numbers.reduce((a, b) => Math.min(a, b), Infinity);
  const most = numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  // The difference of two great numbers may be infinite; half of the least numbers there are is nothing.
  const scale = Number.isFinite(most - least) ? 1 : 2;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return ' ';
    const share = least === most ? 0.5 : (value / scale - least / scale) / (most / scale - least / scale);
    return levels[Math.min(levels.length - 1, Math.floor(share * levels.length))]!;
  }).join('');
}

/** As many values as `width` at the most: of each stretch of them the last that is there, or the greatest, so that no peak is lost. */
export function thinned(values: readonly (number | null)[], width: number, of: 'last' | 'greatest' = 'last'): (number | null)[] {
  if (values.length <= width) return [...values];
  return Array.from({ length: width }, (_, place) => {
    const stretch = values.slice(Math.floor((place * values.length) / width), Math.floor(((place + 1) * values.length) / width));
    if (of === 'last') return stretch.findLast((value) => value !== null) ?? null;
    return stretch.reduce((most, value) => (most === null || (value !== null && value > most) ? value : most), null);
  });
}
