/** Pieces whose next message cannot be decoded yet: their partitions wait, the others go on, and nothing is passed over. */
import type { LogReader } from './log.js';
import type { LaneInput, Piece } from './rerun.js';

export class HeldPieces {
  /** By input and partition, in the order in which they came. */
  readonly #held = new Map<string, Piece[]>();

  constructor(private readonly inputs: readonly LaneInput[], private readonly reader: LogReader) {}

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  /** What of a piece can be decoded now; the rest is held back, and whatever its partition delivers after it. Null: nothing. */
  admit(piece: Piece): Piece | null {
    const { input, partition, records } = piece;
    const place = `${input}/${partition}`;
    const held = this.#held.get(place);
    if (held !== undefined) {
      held.push(piece);
      return null;
    }
    const ready = this.inputs[input]!.decoder.ready(records);
    if (ready === records.length) return piece;
    this.#held.set(place, [{ ...piece, records: records.slice(ready) }]);
    this.#pause(piece, true);
    return ready === 0 ? null : { ...piece, records: records.slice(0, ready) };
  }

  /** A piece, or the beginning of one, that has waited and need not wait any more; null: there is none. */
  next(): Piece | null {
    for (const [place, pieces] of this.#held) {
      const first = pieces[0]!;
      const ready = this.inputs[first.input]!.decoder.ready(first.records);
      if (ready === 0) continue;
      if (ready < first.records.length) {
        pieces[0] = { ...first, records: first.records.slice(ready) };
        return { ...first, records: first.records.slice(0, ready) };
      }
      pieces.shift();
      if (pieces.length === 0) {
        this.#held.delete(place);
        this.#pause(first, false);
      }
      return first;
    }
    return null;
  }

  #pause({ input, partition }: Piece, isPaused: boolean): void {
    const { topic, partitions } = this.inputs[input]!;
    this.reader.pause?.(topic, partitions[partition]!, isPaused);
  }
}
