/** Draws that remember how they were drawn, so that smaller ones can be tried many at a time. */
import fc from 'fast-check';

/** Draws values of `inner` together with what its shrinker needs. */
class Keeping<T> extends fc.Arbitrary<fc.Value<T>> {
  constructor(private readonly inner: fc.Arbitrary<T>) {
    super();
  }

  generate(random: fc.Random, bias: number | undefined): fc.Value<fc.Value<T>> {
    return new fc.Value(this.inner.generate(random, bias), undefined);
  }

  canShrinkWithoutContext(_value: unknown): _value is fc.Value<T> {
    return false;
  }

  shrink(): fc.Stream<fc.Value<fc.Value<T>>> {
    return fc.Stream.nil();
  }
}

export interface Kept<T> {
  readonly value: T;
  /** Smaller ones, the most promising first. */
  readonly smaller: () => Iterable<Kept<T>>;
}

export function sampleKept<T>(arbitrary: fc.Arbitrary<T>, seed: number, count: number): Kept<T>[] {
  return fc.sample(new Keeping(arbitrary), { seed, numRuns: count }).map((value) => keptOf(arbitrary, value));
}

function keptOf<T>(arbitrary: fc.Arbitrary<T>, { value_: value, context }: fc.Value<T>): Kept<T> {
  return { value, smaller: () => arbitrary.shrink(value, context).map((next) => keptOf(arbitrary, next)) };
}
