/** Which process of a group gets which lanes: decided by one of them, and the same whichever it is. */

export interface Member {
  readonly id: string;
  /** Lanes that it says it has. */
  readonly owned: readonly number[];
}

/**
 * Each lane to one member, so that no member has two lanes more than another. A lane stays where it is unless its
 * member has too many; where two say that they have it, the first by id does.
 */
export function assignLanes(lanes: number, members: readonly Member[]): ReadonlyMap<string, readonly number[]> {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const owners = new Map<number, string>();
  for (const { id, owned } of sorted) for (const lane of owned) if (lane < lanes && !owners.has(lane)) owners.set(lane, id);
  const held = new Map(sorted.map(({ id }) => [id, [...owners].filter(([, owner]) => owner === id).map(([lane]) => lane).sort((a, b) => a - b)]));
  // Who has most keeps one more where lanes do not divide evenly: that moves the fewest.
  const byHeld = [...sorted].sort((a, b) => held.get(b.id)!.length - held.get(a.id)!.length || (a.id < b.id ? -1 : 1));
  const least = Math.floor(lanes / sorted.length), more = lanes % sorted.length;
  const quota = new Map(byHeld.map(({ id }, index) => [id, least + (index < more ? 1 : 0)]));
  const kept = new Map([...held].map(([id, mine]) => [id, mine.slice(0, quota.get(id)!)]));
  const taken = new Set([...kept.values()].flat());
  const free = Array.from({ length: lanes }, (_, lane) => lane).filter((lane) => !taken.has(lane));
  for (const { id } of sorted) {
    const mine = kept.get(id)!;
    mine.push(...free.splice(0, quota.get(id)! - mine.length));
    mine.sort((a, b) => a - b);
  }
  return kept;
}
