/** The name that was probably meant. */

/** Steps from one text to the other: a letter changed, put in, left out, or two neighbours swapped. */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let last: number[] = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1];
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[to.length]!;
}

/** The one of `names` most like `name`, whatever its case; null when none is near enough to be meant. */
export function nearest(name: string, names: Iterable<string>): string | null {
  const wanted = name.toLowerCase().slice(0, 100);
  let best: string | null = null;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of names) {
    const distance = editDistance(wanted, candidate.toLowerCase().slice(0, 100));
    if (distance < least || (distance === least && best !== null && candidate < best)) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}
