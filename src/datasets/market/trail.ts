/** Sums over the trades before an anomaly: whole ticks and shares, hence exact. */
export class Trail {
  count = 0;
  #price = 0;
  #square = 0;
  #volume = 0;

  get meanPrice(): number {
    return this.#price / this.count;
  }

  get meanVolume(): number {
    return this.#volume / this.count;
  }

  add(price: number, volume: number): void {
    this.count += 1;
    this.#price += price;
    this.#square += price * price;
    this.#volume += volume;
  }

  /** How far from the mean a further price has to be, in ticks, to lie `score` deviations off, itself counted in. */
  priceOffset(score: number): number {
    const { count } = this;
    const squared = score * score;
    if (count <= squared + 1) return 1;
    const variance = Math.max(0, this.#square / count - this.meanPrice * this.meanPrice);
    return Math.max(1, Math.round(Math.sqrt((squared * variance * (count + 1)) / (count - squared))));
  }

  /** The volume, in round lots, that is `ratio` times the mean, itself counted in. */
  volumeFor(ratio: number, lot: number): number {
    if (this.count <= ratio) return 10 * lot;
    return lot * Math.max(1, Math.round((ratio * this.#volume) / (this.count + 1 - ratio) / lot));
  }
}
