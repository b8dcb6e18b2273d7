/** The worst few of many: kept in order, the worst first, ties by what came first. */
export class Worst<T> {
  readonly #items: T[] = [];
  count = 0;

  constructor(private readonly kept: number, private readonly badness: (item: T) => number) {}

  add(item: T): void {
    this.count += 1;
    const badness = this.badness(item);
    if (this.#items.length === this.kept && badness <= this.badness(this.#items[this.kept - 1]!)) return;
    const place = this.#items.findIndex((other) => this.badness(other) < badness);
    this.#items.splice(place < 0 ? this.#items.length : place, 0, item);
    if (this.#items.length > this.kept) this.#items.pop();
  }

  /** Whether an item as bad as this would be kept: to make it only then. */
  takes(badness: number): boolean {
    return this.#items.length < this.kept || badness > this.badness(this.#items[this.kept - 1]!);
  }

  get items(): readonly T[] {
    return this.#items;
  }
}
