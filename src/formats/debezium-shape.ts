/**
 * What records of one kind have in common, byte for byte, and where they differ: Debezium writes the members of a topic's
 * records in one order, so that whoever has seen one knows where the values of the next one stand.
 */
import { REMOVE, UPSERT } from '../core/change.js';
import type { SnapshotPlace } from '../cdc/event.js';
import type { SourceColumn } from '../sources/source.js';
import { changeForm, isPlainNumber, isText, type ChangeForm } from './change-forms.js';
import { snapshotOf, typesOf, type WrittenType } from './debezium-envelope.js';
import { objectOf } from './debezium-record.js';
import { jsonTree, type JsonNode, type JsonObjectNode } from './json-tree.js';

/** What stands in a slot. `IMAGE`: an object that nobody asks for, up to what follows it; `OPERATION`: c or u. */
export const PASS = 0, IMAGE = 1, NUMBER = 2, COLUMN = 3, SEQUENCE = 4, XID = 5, OPERATION = 6, COLLECTIONS = 7;

/** Numbers of a record, and what they are where it does not say. */
export const PARTITION = 0, OFFSET = 1, TIMESTAMP = 2, ORDER = 3, LSN = 4, LAST_COMMIT = 5, TIME = 6, TAKEN = 7;
export const unsaid: readonly number[] = [0, NaN, NaN, 0, NaN, NaN, -Infinity, NaN];

/** A column of one of the topic's tables. */
export interface Target {
  readonly table: number;
  readonly column: number;
}

export interface Slot {
  readonly start: number;
  readonly end: number;
  readonly kind: number;
  readonly escaped: boolean;
  /** What the value is where the shape was learned: of most records it is so. */
  readonly like: JsonNode['kind'];
  /** Of `NUMBER`: which. */
  readonly register: number;
  readonly targets: readonly (Target & { readonly form: ChangeForm })[];
}

/** What changes of one shape share. */
export interface Origin {
  readonly topic: string;
  readonly table: string;
  readonly snapshot: SnapshotPlace | null;
  readonly run: string | null;
}

/** What a record of a shape is, and which of its columns do not stand in a slot. */
export type Meaning =
  | { readonly kind: 'nothing' | 'end' }
  | {
    readonly kind: 'change'; readonly origin: Origin;
    /** Of a row that is gone: its key counts. */
    readonly isGone: boolean;
    /** Columns that say where in the log its key changed. */
    readonly moved: readonly Target[];
    readonly nulls: readonly Target[];
    readonly texts: readonly (Target & { readonly value: string })[]; readonly constants: readonly (Target & { readonly value: number })[];
    readonly numbers: readonly (Target & { readonly register: number })[];
  };

export interface Learned {
  readonly slots: readonly Slot[];
  readonly meaning: Meaning;
}

export const numberMetadata: Readonly<Record<string, number>> = { 'source.timestamp': TIME, 'ingestion-timestamp': TAKEN, offset: OFFSET, partition: PARTITION, timestamp: TIMESTAMP };

/** Whether the scanner can give the columns: it does without metadata of rare types. */
export const isScannable = (columns: readonly SourceColumn[]): boolean => columns.every(({ metadata, type }) => {
  if (metadata === undefined || metadata.startsWith('$')) return true;
  const key = metadata.replace(/^value\./, '');
  const register = numberMetadata[key];
  return register === undefined ? isText(type) : isPlainNumber(type) && (type.kind !== 'INT' || register === PARTITION);
});

/** The shape of the record at bytes[start..end), of a topic whose tables have `tables` for columns. Null: it is not of the usual form. */
export function learnShape(bytes: Buffer, start: number, end: number, tables: readonly (readonly SourceColumn[])[], tellsMoved: boolean): Learned | null {
  const root = jsonTree(bytes, start, end, false);
  return root?.kind === 'object' ? learned(() => new Learner(bytes, tables, true, tellsMoved).record(root)) : null;
}

/** Where the payloads of a record stand in bytes; null: it has none. */
export interface PayloadPlaces {
  readonly value: readonly [start: number, end: number];
  readonly key: readonly [start: number, end: number] | null;
  readonly headers: readonly [start: number, end: number] | null;
}

/** As `learnShape`, of a record of the topic that has no line. Of a row that is not gone, nothing of the key is looked at. */
export function learnPayloads(bytes: Buffer, { value, key, headers }: PayloadPlaces, topic: string, tables: readonly (readonly SourceColumn[])[], tellsMoved: boolean): Learned | null {
  const [values, keys, said] = [value, key, headers].map((place) => (place === null ? null : jsonTree(bytes, ...place, false)));
  // A key that is no JSON is none, which a shape does not say.
  if (values == null || (key !== null && keys == null) || (headers !== null && said == null)) return null;
  return learned(() => new Learner(bytes, tables, false, tellsMoved).payloads(values, keys!, said!, topic));
}

function learned(learn: () => Learned): Learned | null {
  try {
    return learn();
  } catch (cause) {
    if (cause instanceof Unusual) return null;
    throw cause;
  }
}

/** Most often thrown again and again, so it has no stack. */
class Unusual {}

/** A text of JSON within the record, or the record itself. */
interface Part {
  readonly node: JsonNode;
  readonly escaped: boolean;
}

class Learner {
  readonly #slots: Slot[] = [];
  /** The operation whose key changes, of those that the headers may tell. */
  #movedOp: string | null = null;

  /** `isLine`: payloads are members of a line. `tellsMoved`: changes of keys are two changes that belong together. */
  constructor(private readonly bytes: Buffer, private readonly tables: readonly (readonly SourceColumn[])[], private readonly isLine: boolean, private readonly tellsMoved: boolean) {}

  record(root: JsonObjectNode): Learned {
    const { members } = root;
    if (!members.has('topic')) return this.#value({ node: root, escaped: false }, '', null, null);
    const value = members.get('value');
    if (value === undefined || members.has('value_hex') || members.has('key_hex')) throw new Unusual();
    this.#number(members.get('partition'), PARTITION, false);
    this.#number(members.get('offset'), OFFSET, false);
    this.#number(members.get('timestamp'), TIMESTAMP, false);
    // Of what is no record of a row, nothing is asked.
    const run = this.#isNull(value) ? null : this.#headers(members.get('headers'));
    if (this.#isNull(value)) this.#passHeaders(members.get('headers'));
    for (const [name, node] of members) if (!['topic', 'partition', 'offset', 'timestamp', 'key', 'value', 'headers'].includes(name)) this.#pass(node, false);
    const key = members.get('key') ?? null;
    return this.#value(this.#within(value), this.#text(members.get('topic'), false), run, key);
  }

  payloads(value: JsonNode, key: JsonNode | null, headers: JsonNode | null, topic: string): Learned {
    return this.#value({ node: value, escaped: false }, topic, this.#headers(headers ?? undefined), key);
  }

  /** What a payload holds: as text, or as it is. */
  #within(node: JsonNode): Part {
    if (node.kind !== 'text') return { node, escaped: false };
    const inner = jsonTree(this.bytes, node.start + 1, node.end - 1, true);
    if (inner === null) throw new Unusual();
    return { node: inner, escaped: true };
  }

  #headers(node: JsonNode | undefined): string | null {
    if (node === undefined || this.#isNull(node)) return null;
    if (node.kind !== 'object') throw new Unusual();
    let run: string | null = null;
    for (const [name, value] of node.members) {
      if (name === '__debezium.newkey' || name === '__debezium.oldkey') {
        // Nobody writes both.
        if (this.#movedOp !== null) throw new Unusual();
        this.#movedOp = name === '__debezium.newkey' ? 'd' : 'c';
      }
      // Those of the connector are the same from record to record.
      if (!name.startsWith('__debezium.context.')) this.#pass(value, false);
      else if (name === '__debezium.context.runId') run = this.#text(value, false);
    }
    return run;
  }

  #value(part: Part, topic: string, run: string | null, key: JsonNode | null): Learned {
    if (this.#isNull(part.node)) return this.#nothing(key);
    const outer = objectNode(part.node);
    const { payload, types } = this.#payload(outer, part.escaped);
    if (this.#isNull(payload)) return this.#nothing(key);
    const envelope = objectNode(payload).members;
    const status = envelope.get('status');
    const { escaped } = part;
    if (status?.kind === 'text' && envelope.get('id')?.kind === 'text') return this.#boundary(this.#text(status, escaped), envelope, escaped, key);
    return this.#change(envelope, types, escaped, { topic, run, key });
  }

  /** Without what Connect writes around it. */
  #payload(outer: JsonObjectNode, escaped: boolean): { readonly payload: JsonNode; readonly types: ReadonlyMap<string, WrittenType> | null } {
    const payload = outer.members.get('payload'), schema = outer.members.get('schema');
    if (payload === undefined || schema === undefined) return { payload: outer, types: null };
    for (const [name, node] of outer.members) if (name !== 'payload' && name !== 'schema') this.#pass(node, escaped);
    const text = this.bytes.toString('utf8', schema.start, schema.end);
    return { payload, types: typesOf(objectOf(escaped ? (JSON.parse(`"${text}"`) as string) : text)) };
  }

  #nothing(key: JsonNode | null): Learned {
    this.#passKey(key);
    return this.#learned({ kind: 'nothing' });
  }

  #boundary(status: string, envelope: JsonObjectNode['members'], escaped: boolean, key: JsonNode | null): Learned {
    this.#passKey(key);
    const isEnd = status === 'END';
    for (const [name, node] of envelope) {
      if (name === 'status') continue;
      if (isEnd && name === 'id') this.#slot(node, XID, escaped, LSN);
      else if (isEnd && name === 'ts_ms') this.#number(node, TIME, escaped);
      else if (isEnd && name === 'data_collections' && node.kind === 'array') this.#slot(node, COLLECTIONS, escaped);
      else if (!(isEnd && name === 'data_collections')) this.#pass(node, escaped);
      else if (!this.#isNull(node)) throw new Unusual();
    }
    if (!isEnd && status !== 'BEGIN') throw new Unusual();
    return this.#learned({ kind: isEnd ? 'end' : 'nothing' });
  }

  #change(envelope: JsonObjectNode['members'], types: ReadonlyMap<string, WrittenType> | null, escaped: boolean, { topic, run, key }: { topic: string; run: string | null; key: JsonNode | null }): Learned {
    const opNode = envelope.get('op');
    const op = this.#text(opNode, escaped);
    const isGone = op === 'd';
    if (!['c', 'u', 'r', 'd'].includes(op)) throw new Unusual();
    if ((op === 'c' || op === 'u') && this.#movedOp === null) this.#slots.push({ start: opNode!.end - (escaped ? 2 : 1) - 1, end: opNode!.end - (escaped ? 2 : 1), kind: OPERATION, escaped, like: 'text', register: 0, targets: [] });
    const source = objectNode(envelope.get('source')).members;
    const has = new Set<string>();
    if (!isGone) this.#image(objectNode(envelope.get('after')), types, escaped, has, new Set());
    else this.#gone(envelope.get('before'), types, escaped, has, key);
    if (!isGone) this.#passKey(key);
    this.#transaction(envelope.get('transaction'), escaped);
    for (const [name, node] of envelope) {
      if (name === 'before' && !isGone && node.kind === 'object') this.#slot(node, IMAGE, escaped);
      else if (name === 'ts_ms') this.#number(node, TAKEN, escaped);
      else if (!['op', 'before', 'after', 'source', 'transaction'].includes(name)) this.#pass(node, escaped);
    }
    return this.#learned({ kind: 'change', isGone, ...this.#source(source, escaped, op, topic, run), ...this.#rest(has, { op, source, escaped, topic }) });
  }

  #source(source: JsonObjectNode['members'], escaped: boolean, op: string, topic: string, run: string | null): { readonly origin: Origin } {
    for (const [name, node] of source) {
      if (name === 'ts_ms') this.#number(node, TIME, escaped);
      else if (name === 'lsn') this.#number(node, LSN, escaped);
      else if (name === 'sequence' && node.kind === 'text') this.#slot(node, SEQUENCE, escaped);
      else if (name === 'sequence' && !this.#isNull(node)) throw new Unusual();
      else if (!['version', 'connector', 'name', 'snapshot', 'db', 'schema', 'table', 'sequence'].includes(name)) this.#pass(node, escaped);
    }
    const text = (name: string): string | null => (source.has(name) && !this.#isNull(source.get(name)!) ? this.#text(source.get(name), escaped) : null);
    const marker = source.get('snapshot');
    const schema = text('schema') ?? text('db');
    return { origin: {
      topic, run, table: `${schema === null ? '' : `${schema}.`}${text('table') ?? ''}`,
      snapshot: snapshotOf(marker?.kind === 'text' ? this.#text(marker, escaped) : marker === undefined ? undefined : this.bytes.toString('latin1', marker.start, marker.end) === 'true', op),
    } };
  }

  #transaction(node: JsonNode | undefined, escaped: boolean): void {
    if (node === undefined || this.#isNull(node)) return;
    const { members } = objectNode(node);
    const id = members.get('id');
    if (id?.kind !== 'text') throw new Unusual();
    this.#slot(id, XID, escaped);
    for (const [name, value] of members) {
      if (name === 'total_order') this.#number(value, ORDER, escaped);
      else if (name !== 'id') this.#pass(value, escaped);
    }
  }

  /** The values of a row; names that are in `others` count there. */
  #image({ members }: JsonObjectNode, types: ReadonlyMap<string, WrittenType> | null, escaped: boolean, has: Set<string>, others: ReadonlySet<string>): void {
    for (const [name, node] of members) {
      const targets = others.has(name) ? [] : this.tables.flatMap((columns, table) => columns.flatMap((column, index) =>
        (column.metadata === undefined && column.name === name ? [{ table, column: index, form: changeForm(column.type, types?.get(name)) }] : [])));
      has.add(name);
      if (targets.length === 0) this.#pass(node, escaped);
      else this.#slots.push({ start: node.start, end: node.end, kind: COLUMN, escaped, like: node.kind, register: 0, targets });
    }
  }

  /** Of a row that is gone: what its key says goes before what stands in the image. */
  #gone(before: JsonNode | undefined, types: ReadonlyMap<string, WrittenType> | null, escaped: boolean, has: Set<string>, key: JsonNode | null): void {
    const named = new Set<string>();
    if (key !== null && !this.#isNull(key)) {
      if (this.isLine && key.kind !== 'text') throw new Unusual();
      const part = this.isLine ? this.#within(key) : { node: key, escaped: false };
      const { payload } = this.#payload(objectNode(part.node), part.escaped);
      const image = objectNode(payload);
      for (const name of image.members.keys()) named.add(name);
      this.#image(image, types, part.escaped, has, new Set());
    }
    if (before !== undefined && !this.#isNull(before)) this.#image(objectNode(before), types, escaped, has, named);
    else if (named.size === 0) throw new Unusual();
  }

  /** Columns that do not stand in the image. */
  #rest(has: ReadonlySet<string>, { op, source, escaped, topic }: { readonly op: string; readonly source: JsonObjectNode['members']; readonly escaped: boolean; readonly topic: string }) {
    const isMoved = this.tellsMoved && op === this.#movedOp && source.has('lsn') && !this.#isNull(source.get('lsn')!);
    const moved: Target[] = [], nulls: Target[] = [], texts: (Target & { value: string })[] = [], constants: (Target & { value: number })[] = [], numbers: (Target & { register: number })[] = [];
    for (const [table, columns] of this.tables.entries()) {
      for (const [column, { name, metadata }] of columns.entries()) {
        const target = { table, column };
        const key = metadata?.replace(/^value\./, '');
        if (key === undefined) {
          if (!has.has(name)) nulls.push(target);
        } else if (key === '$change') constants.push({ ...target, value: op === 'd' ? REMOVE : UPSERT });
        else if (key === '$unchanged' && isMoved) moved.push(target);
        else if (key === 'topic') texts.push({ ...target, value: topic });
        else if (numberMetadata[key] !== undefined) numbers.push({ ...target, register: numberMetadata[key] });
        else {
          const node = key === '$unchanged' ? undefined : source.get(key === 'source.database' ? 'db' : key === 'source.schema' ? 'schema' : 'table');
          if (node === undefined || this.#isNull(node)) nulls.push(target);
          else texts.push({ ...target, value: this.#text(node, escaped) });
        }
      }
    }
    return { moved, nulls, texts, constants, numbers };
  }

  #learned(meaning: Meaning): Learned {
    return { slots: this.#slots.sort((a, b) => a.start - b.start), meaning };
  }

  #isNull({ kind, start, end }: JsonNode): boolean {
    return kind === 'word' && this.bytes.toString('latin1', start, end) === 'null';
  }

  #text(node: JsonNode | undefined, escaped: boolean): string {
    const width = escaped ? 2 : 1;
    const text = node?.kind === 'text' ? this.bytes.toString('utf8', node.start + width, node.end - width) : '\\';
    if (text.includes('\\')) throw new Unusual();
    return text;
  }

  #number(node: JsonNode | undefined, register: number, escaped: boolean): void {
    if (node === undefined || this.#isNull(node)) return;
    if (node.kind !== 'number' && node.kind !== 'text') throw new Unusual();
    this.#slot(node, NUMBER, escaped, register);
  }

  #pass(node: JsonNode, escaped: boolean): void {
    this.#slot(node, PASS, escaped);
  }

  #passHeaders(node: JsonNode | undefined): void {
    if (node?.kind === 'object') for (const value of node.members.values()) this.#pass(value, false);
    else if (node !== undefined) this.#pass(node, false);
  }

  /** Keys are alike but for what stands in them. */
  #passKey(key: JsonNode | null): void {
    if (key === null || !this.isLine) return;
    const within = key.kind === 'text' ? jsonTree(this.bytes, key.start + 1, key.end - 1, true) : null;
    if (within?.kind === 'object') this.#leaves(within);
    else this.#pass(key, false);
  }

  #leaves({ members }: JsonObjectNode): void {
    for (const [name, node] of members) {
      if (node.kind !== 'object') this.#pass(node, true);
      // The connector's schema is the same from record to record.
      else if (name !== 'schema') this.#leaves(node);
    }
  }

  #slot({ kind: like, start, end }: JsonNode, kind: number, escaped: boolean, register = 0): void {
    this.#slots.push({ start, end, kind, escaped, like, register, targets: [] });
  }
}

function objectNode(node: JsonNode | undefined): JsonObjectNode {
  if (node?.kind !== 'object') throw new Unusual();
  return node;
}
