/** Which blocks of which keys the pages have otherwise. Mostly it is one of each key. */
export class ChangedBlocks {
  #blocks = new Map<number, number | Set<number>>();

  mark(id: number, block: number): void {
    const known = this.#blocks.get(id);
    if (known === undefined) this.#blocks.set(id, block);
    else if (typeof known !== 'number') known.add(block);
    else if (known !== block) this.#blocks.set(id, new Set([known, block]));
  }

  /** By key id. */
  *each(): Generator<readonly [id: number, blocks: Set<number>]> {
    for (const [id, blocks] of this.#blocks) yield [id, typeof blocks === 'number' ? new Set([blocks]) : blocks];
  }

  clear(): void {
    this.#blocks.clear();
  }
}
