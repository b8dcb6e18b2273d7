/**
 * Changes read from the bytes of records without a look at all of JSON: a record that is as another of its topic was, but for
 * the values in it, is compared with that one and only its values are read. Whatever does not match is left to a reader
 * that knows all of JSON, and learned from it. In images that nobody asks for nothing but their end is looked for.
 */
import type { SourceColumn } from '../sources/source.js';
import { ChangeValues, spareBytes } from './change-values.js';
import { DebeziumParts } from './debezium-parts.js';
import { isScannable, learnPayloads, learnShape, type Learned, type Meaning } from './debezium-shape.js';
import { DebeziumWalker, shapeProgram, type ShapeProgram, type ShapeRows } from './debezium-walker.js';

/** Shapes of one topic: what has more of them is not worth comparing. */
const shapesMax = 24;
const droppedMax = 1024;

/** A topic whose records are read, and where the cells of the row that is next are. */
export interface ScannedTopic extends ShapeRows {
  readonly name: string;
  readonly tables: readonly (readonly SourceColumn[])[];
}

/** A shape, ready for use: of a line, or of the payloads of a record. */
export interface Shape {
  readonly topic: ScannedTopic;
  readonly meaning: Meaning;
  /** Of the line, or of the value. */
  readonly value: ShapeProgram;
  /** Of a row that is gone, where its record has a key. */
  readonly key: ShapeProgram | null;
  readonly needsKey: boolean;
  readonly headers: ShapeProgram | null;
  /** The shape that came after this one last, and the other one that came before that. */
  next: Shape | null;
  other: Shape | null;
}

/** Bytes, and a view of them and of `spareBytes` behind them. */
export interface ScannedBytes {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** Of a record: where value, key and headers begin and end in the bytes of their columns; below 0: it has none. */
export type PayloadPlaces = Int32Array;

export class DebeziumScanner {
  /** Of the last record. */
  readonly parts = new DebeziumParts(new ChangeValues());
  readonly #walker = new DebeziumWalker(this.parts);
  /** Where the last line ended, behind its line feed. */
  end = 0;
  readonly #topics: ReadonlyMap<ScannedTopic, Shape[]>;
  #last: Shape | null = null;
  /** Shapes that gave their place to others. */
  #dropped = 0;

  /** Columns of values, keys and headers; null while lines are read. */
  #payloads: readonly [ScannedBytes, ScannedBytes | null, ScannedBytes | null] | null = null;
  #bytes: ScannedBytes = { bytes: Buffer.alloc(0), view: new DataView(new ArrayBuffer(0)) };

  /** `tellsMoved`: of changes of keys it is told where in the log they are. */
  constructor(topics: readonly ScannedTopic[], private readonly tellsMoved: boolean) {
    this.#topics = new Map(topics.filter(({ tables }) => tables.every(isScannable)).map((topic) => [topic, []]));
  }

  /** What follows are lines of these bytes. */
  beginLines(lines: ScannedBytes): void {
    if (this.#payloads !== null) this.#forget();
    this.#payloads = null;
    this.#bytes = lines;
    this.parts.values.view = lines.view;
  }

  /** What follows are records whose payloads are in these columns. */
  beginPayloads(values: ScannedBytes, keys: ScannedBytes | null, headers: ScannedBytes | null): void {
    if (this.#payloads === null) this.#forget();
    this.#payloads = [values, keys, headers];
    this.#bytes = values;
  }

  /** Shapes of lines are none of payloads. */
  #forget(): void {
    for (const known of this.#topics.values()) known.length = 0;
    this.#last = null;
  }

  /** Learns from the line at bytes[start..end), which was read by who knows all of JSON. */
  learnLine(start: number, end: number, topic: ScannedTopic): void {
    const { bytes } = this.#bytes;
    this.#learn(topic, () => learnShape(bytes, start, end, topic.tables, this.tellsMoved), (learned) => {
      const literals = literalsOf(learned, bytes, start, end);
      literals.push(Buffer.concat([literals.pop()!, Buffer.from('\n')]));
      return { value: shapeProgram({ ...learned, literals, isFirst: true, isPayload: false }, topic), key: null, needsKey: false, headers: null };
    });
  }

  /** As `learnLine`, of a record. */
  learnPayloads(places: PayloadPlaces, topic: ScannedTopic): void {
    const parts = [0, 1, 2].map((column) => (places[2 * column]! < 0 ? null : this.#payloads![column]!.bytes.subarray(places[2 * column], places[2 * column + 1])));
    const bytes = Buffer.concat(parts.map((part) => part ?? Buffer.alloc(0)));
    let end = 0;
    const [value, key, headers] = parts.map((part) => (part === null ? null : ([end, end += part.length] as const)));
    this.#learn(topic, () => learnPayloads(bytes, { value: value!, key: key!, headers: headers! }, topic.name, topic.tables, this.tellsMoved), (learned) => {
      const of = (place: readonly [number, number] | null, isFirst: boolean): ShapeProgram | null => {
        if (place == null) return null;
        const own = { ...learned, slots: learned.slots.filter(({ start }) => start >= place[0] && start < place[1]) };
        return shapeProgram({ ...own, literals: literalsOf(own, bytes, ...place), isFirst, isPayload: true }, topic);
      };
      const needsKey = learned.meaning.kind === 'change' && learned.meaning.isGone;
      return { value: of(value!, true)!, key: needsKey ? of(key!, false) : null, needsKey, headers: of(headers!, false) };
    });
  }

  #learn(topic: ScannedTopic, learn: () => Learned | null, compile: (learned: Learned) => Pick<Shape, 'value' | 'key' | 'needsKey' | 'headers'>): void {
    const known = this.#topics.get(topic);
    // What never matches costs each time that it is tried and learned.
    if (known === undefined || this.parts.isKnown || this.#dropped > droppedMax) return;
    const learned = learn();
    if (learned === null) return;
    if (known.length === shapesMax) {
      known.pop();
      this.#dropped += 1;
    }
    known.unshift({ topic, meaning: learned.meaning, ...compile(learned), next: null, other: null });
  }

  /** As `read`, where the line at `start` is as the one that came after such a line as the last one before. */
  readLikely(start: number, last: number): Shape | null {
    this.parts.isKnown = false;
    const before = this.#last;
    if (before === null) return null;
    const { next, other } = before;
    if (next !== null && this.#matches(next, start, last)) return this.#found(next);
    return other !== null && this.#matches(other, start, last) ? this.#found(other) : null;
  }

  /** The line at `start`, where it is as one of the topic before it; null: it is not. Its values are in the cells then. */
  read(start: number, last: number, topic: ScannedTopic): Shape | null {
    const known = this.#topics.get(topic);
    if (known === undefined) return null;
    for (const shape of known) if (this.#matches(shape, start, last)) return this.#found(shape);
    return null;
  }

  /** As `read`, of a record of the topic. What it says beside its value is in `parts.numbers`. */
  readPayloads(places: PayloadPlaces, topic: ScannedTopic): Shape | null {
    this.parts.isKnown = false;
    const before = this.#last;
    if (before !== null) {
      const { next, other } = before;
      if (next !== null && next.topic === topic && this.#matchesPayloads(next, places)) return this.#found(next);
      if (other !== null && other.topic === topic && this.#matchesPayloads(other, places)) return this.#found(other);
    }
    for (const shape of this.#topics.get(topic) ?? []) if (this.#matchesPayloads(shape, places)) return this.#found(shape);
    return null;
  }

  #found(shape: Shape): Shape {
    const before = this.#last;
    if (before !== null && before.next !== shape) {
      before.other = before.next;
      before.next = shape;
    }
    this.#last = shape;
    return shape;
  }

  #matches(shape: Shape, start: number, last: number): boolean {
    const { parts } = this, { bytes, view } = this.#bytes;
    parts.wrote = false;
    const end = this.#walker.walk(shape.value, bytes, view, start, last);
    if (end < 0) return this.#clear(shape);
    this.end = end;
    return true;
  }

  #matchesPayloads(shape: Shape, places: PayloadPlaces): boolean {
    const { value, key, needsKey, headers } = shape;
    if ((needsKey && (key === null) !== (places[2]! < 0)) || (headers === null) !== (places[4]! < 0)) return false;
    this.parts.wrote = false;
    if (this.#matchesPart(value, 0, places) && (key === null || this.#matchesPart(key, 1, places)) && (headers === null || this.#matchesPart(headers, 2, places))) return true;
    return this.#clear(shape);
  }

  #matchesPart(program: ShapeProgram, column: 0 | 1 | 2, places: PayloadPlaces): boolean {
    const { bytes, view } = this.#payloads![column]!;
    this.parts.values.view = view;
    return this.#walker.walk(program, bytes, view, places[2 * column]!, places[2 * column + 1]!) >= 0;
  }

  /** Takes back what was written of a row that is another's. */
  #clear({ topic: { cells, rows } }: Shape): false {
    if (this.parts.wrote) cells.forEach((own, table) => { for (const each of own) each.clear(rows[table]!); });
    return false;
  }
}

/** What stands before each slot, and after the last one. */
function literalsOf({ slots }: Learned, bytes: Buffer, start: number, end: number): Buffer[] {
  return [...slots, null].map((slot, index) => Buffer.from(bytes.subarray(index === 0 ? start : slots[index - 1]!.end, slot?.start ?? end)));
}

/** The bytes with a view of them; they are copied where nothing is behind them. */
export function scannedBytes(bytes: Buffer): ScannedBytes {
  const hasRoom = bytes.byteOffset + bytes.length + spareBytes <= bytes.buffer.byteLength;
  const own = hasRoom ? bytes : Buffer.concat([bytes], bytes.length + spareBytes).subarray(0, bytes.length);
  return { bytes: own, view: new DataView(own.buffer, own.byteOffset, own.length + spareBytes) };
}
