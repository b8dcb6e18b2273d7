/** What the markets' instruments have in common. */
import type { Random } from './random.js';

const LETTERS = 26 * 26 * 26;

/** Leaders, then three letters in an order that looks like none: 7919 and 17576 share no factor. */
export function tickers(leaders: readonly string[], count: number): string[] {
  const symbols = [...leaders];
  const taken = new Set(symbols);
  for (let number = 0; symbols.length < count; number += 1) {
    const code = (number * 7919 + 4242) % LETTERS;
    const letter = (place: number) => String.fromCharCode(65 + (Math.floor(code / place) % 26));
    const symbol = letter(676) + letter(26) + letter(1);
    if (!taken.has(symbol)) symbols.push(symbol);
  }
  return symbols;
}

/** Popularity falls with the rank, which begins at 0. */
export const zipf = (rank: number): number => 1 / (rank + 1);

/** Shares of the market, of the sector and of the instrument's own in its moves, such that their squares add up to 1. */
export const mixed = (market: number, sector: number): readonly [number, number, number] =>
  [market, sector, Math.sqrt(1 - market * market - sector * sector)];

/** Ticks: more for what is dear, and for what is seldom traded. */
export const chooseSpread = (open: number, rank: number, random: Random): number =>
  2 + Math.floor(open / 5000) + random.below(1 + Math.floor(rank / 100));
