/** A difference made small: first the statement, then the rows. Many candidates go into one job, since a job takes seconds. */
import type { Kept } from './kept.js';
import type { Trial } from './job.js';
import type { Drawn } from './statement.js';
import type { Verdict } from './verdict.js';
import type { World } from './world.js';

export interface Difference {
  readonly trial: Trial;
  readonly verdict: Extract<Verdict, { kind: 'different' }>;
}

type Judge = (trials: readonly Trial[]) => Promise<Verdict[]>;

const candidatesMost = 12;
const roundsMost = 12;

export async function shrink(judge: Judge, kept: Kept<Drawn>, world: World, found: Difference): Promise<Difference> {
  const first = async (trials: readonly Trial[]): Promise<{ index: number; difference: Difference } | null> => {
    const verdicts = trials.length === 0 ? [] : await judge(trials);
    const index = verdicts.findIndex(({ kind }) => kind === 'different');
    return index < 0 ? null : { index, difference: { trial: trials[index]!, verdict: verdicts[index] as Difference['verdict'] } };
  };
  let best = found;
  let current = kept;
  for (let round = 0; round < roundsMost; round += 1) {
    const candidates = smallerOf(current);
    const next = await first(candidates.map(({ value }) => ({ drawn: value, world })));
    if (next === null) break;
    best = next.difference;
    current = candidates[next.index]!;
  }
  for (let parts = 2, round = 0; round < roundsMost; round += 1) {
    const worlds = fewerRows(best.trial, parts);
    const next = await first(worlds.map((fewer) => ({ ...best.trial, world: fewer })));
    if (next !== null) best = next.difference;
    else if (parts >= 16) break;
    else parts *= 2;
  }
  return best;
}

/** The first of them whose texts differ from its own and each other's. */
function smallerOf(kept: Kept<Drawn>): Kept<Drawn>[] {
  const seen = new Set([JSON.stringify(kept.value)]);
  const found: Kept<Drawn>[] = [];
  let tried = 0;
  for (const candidate of kept.smaller()) {
    if (found.length === candidatesMost || (tried += 1) > 500) break;
    const text = JSON.stringify(candidate.value);
    if (!seen.has(text)) found.push(candidate);
    seen.add(text);
  }
  return found;
}

/** The world without one of so many parts of one of the tables that are read. */
function fewerRows({ drawn, world }: Trial, parts: number): World[] {
  return drawn.tables.flatMap((table) => {
    const { rows } = world[table]!;
    const size = Math.ceil(rows.length / parts);
    if (size === 0 || rows.length < parts) return [];
    return Array.from({ length: Math.ceil(rows.length / size) }, (_, part) =>
      world.map((other, index) => (index === table ? { ...other, rows: [...rows.slice(0, part * size), ...rows.slice((part + 1) * size)] } : other)));
  });
}
