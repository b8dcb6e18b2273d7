/** Flink's `avro-confluent`: Avro behind the id of its schema. Each writer's schema is resolved by the names of its fields. */
import { compileAvro, type AvroLoop } from '../formats/avro-code.js';
import { parseAvro } from '../formats/avro-type.js';
import type { Cells } from '../formats/message-cells.js';
import type { MessageBytes, MessageFormat, MessagePart, ReadEnd } from '../formats/message-format.js';
import type { SourceColumn } from '../sources/source.js';
import type { KnownSchema, WrittenSchema } from './registry-cache.js';

/** Where schemas come from. */
export interface Schemas {
  /** Null: not known yet, and being asked for. */
  known(id: number): KnownSchema | null;
  /** Throws REGISTRY_UNREACHABLE. */
  learn(id: number): Promise<KnownSchema>;
}

export class AvroFormat implements MessageFormat {
  /** By id; a text says why messages of it cannot be read. */
  readonly #loops = new Map<number, AvroLoop | string>();
  readonly #part: MessagePart;
  readonly #isKey: boolean;
  #lastId = -1;
  #last: AvroLoop | string | undefined;

  constructor(private readonly columns: readonly SourceColumn[], private readonly schemas: Schemas, part: MessagePart = 'value') {
    this.#part = part;
    this.#isKey = part === 'key';
  }

  ready(messages: readonly MessageBytes[]): number {
    for (let index = 0; index < messages.length; index += 1) {
      const id = this.#id(messages[index]!);
      if (id < 0 || id === this.#lastId || this.#loops.has(id)) continue;
      const known = this.schemas.known(id);
      if (known === null) return index;
      this.#know(id, known);
    }
    return messages.length;
  }

  async prepare(messages: readonly MessageBytes[]): Promise<void> {
    for (let from = 0; from < messages.length; from += 1) {
      const id = this.#id(messages[from]!);
      if (id >= 0 && id !== this.#lastId && !this.#loops.has(id)) this.#know(id, await this.schemas.learn(id));
    }
  }

  #know(id: number, known: KnownSchema): void {
    this.#loops.set(id, 'refused' in known ? known.refused : this.#compiled(known, id));
  }

  #compiled({ schema: text, needs }: WrittenSchema, id: number): AvroLoop | string {
    try {
      const schema = parseAvro(JSON.parse(text), needs.map((each) => JSON.parse(each) as unknown));
      return schema.kind === 'record' ? compileAvro(schema, id, this.columns, this.#part) : `schema ${id} is no record`;
    } catch (cause) {
      return `schema ${id}: ${cause instanceof Error ? cause.message : String(cause)}`;
    }
  }

  read(messages: readonly MessageBytes[], from: number, to: number, cells: readonly Cells[], end: ReadEnd): void {
    for (end.index = from; end.index < to && end.failure === null;) {
      const id = this.#id(messages[end.index]!);
      if (id < 0) {
        end.failure = 'the message is not in the wire format of a schema registry';
        return;
      }
      const loop = this.#loopOf(id);
      if (loop === undefined) return;
      if (typeof loop === 'string') {
        end.failure = loop;
        return;
      }
      loop(messages, end.index, to, cells, end);
    }
  }

  #loopOf(id: number): AvroLoop | string | undefined {
    if (id !== this.#lastId) {
      const loop = this.#loops.get(id);
      if (loop === undefined) return undefined;
      this.#last = loop;
      this.#lastId = id;
    }
    return this.#last;
  }

  /** Of its schema; -1: it is not in the wire format. */
  #id({ keyBytes, keyAt, keyEnd, valueBytes, valueAt, valueEnd }: MessageBytes): number {
    const bytes = this.#isKey ? keyBytes : valueBytes;
    const first = this.#isKey ? keyAt : valueAt, last = this.#isKey ? keyEnd : valueEnd;
    if (last - first < 5 || bytes[first] !== 0) return -1;
    return ((bytes[first + 1]! << 24) | (bytes[first + 2]! << 16) | (bytes[first + 3]! << 8) | bytes[first + 4]!) >>> 0;
  }
}
