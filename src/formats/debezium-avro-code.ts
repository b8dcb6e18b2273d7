/** Functions that read Debezium's envelopes in Avro of one writer's schema straight into the cells of a topic's tables. */
import { REMOVE, UPSERT } from '../core/change.js';
import { AvroChangeValues } from './avro-change-values.js';
import { AvroSteps, UnusualSchema, type AvroFunction } from './avro-steps.js';
import type { Avro, AvroField, AvroStruct } from './avro-type.js';
import type { AvroParts } from './debezium-avro-parts.js';
import type { WrittenType } from './debezium-envelope.js';
import type { ScannedTopic } from './debezium-scanner.js';
import { LSN, ORDER, TAKEN, TIME, numberMetadata } from './debezium-shape.js';
import { KnownBytes } from './known-bytes.js';

/** Runs of a source that are known. */
export const runsMost = 32;

/** What the first function finds: a row that is there, or gone; and of transactions their beginning or end. */
export const NOTHING = 0, UPSERTED = 1, GONE = 2, ENDED = 3;

export interface ChangeProgram {
  readonly kind: 'change';
  /** All of it; of a row that is gone, its image where there is one. */
  readonly read: AvroFunction;
  /** Writes what does not stand in the image. */
  readonly fill: AvroFunction;
}

export interface BoundaryProgram {
  readonly kind: 'boundary';
  readonly read: AvroFunction;
  readonly collections: KnownBytes;
}

export type AvroProgram = ChangeProgram | BoundaryProgram;

/** Throws UnusualSchema. */
export function envelopeProgram(schema: Avro, types: ReadonlyMap<string, WrittenType> | null, topic: ScannedTopic, parts: AvroParts): AvroProgram {
  if (schema.kind !== 'record') throw new UnusualSchema();
  const coder = new EnvelopeCode(schema, types, topic, parts);
  return schema.fields.some(({ name }) => name === 'status') ? coder.boundary() : coder.change();
}

/** Writes the columns that a row's key names over those of its image. Throws UnusualSchema. */
export function keyProgram(schema: Avro, types: ReadonlyMap<string, WrittenType> | null, topic: ScannedTopic): AvroFunction {
  if (schema.kind !== 'record') throw new UnusualSchema();
  const steps = new AvroSteps(), values = new AvroChangeValues(steps, topic, types);
  const lines = steps.many(schema.fields.map(({ name, type }) => [...values.clear(name), ...values.read(name, type)]), values.head);
  return steps.compile([steps.define(lines, values.head)])[0]!;
}

/** Passes over a key of which nothing is asked but that it is one. Throws UnusualSchema. */
export function keyCheck(schema: Avro): AvroFunction {
  const steps = new AvroSteps();
  return steps.compile([steps.define(steps.skip(schema))])[0]!;
}

/** Members of a source that say where a change came from: they are the same from change to change. */
const constants: ReadonlySet<string> = new Set(['snapshot', 'db', 'schema', 'table']);

class EnvelopeCode {
  readonly #steps = new AvroSteps();
  readonly #values: AvroChangeValues;
  readonly #parts: string;
  readonly #numbers: string;

  constructor(private readonly schema: AvroStruct, types: ReadonlyMap<string, WrittenType> | null, private readonly topic: ScannedTopic, parts: AvroParts) {
    this.#values = new AvroChangeValues(this.#steps, topic, types);
    this.#parts = this.#steps.constant(parts);
    this.#numbers = this.#steps.constant(parts.numbers);
  }

  boundary(): BoundaryProgram {
    const steps = this.#steps, parts = this.#parts, collections = new KnownBytes(runsMost), known = steps.constant(collections);
    const lines = this.schema.fields.flatMap(({ name, type }): readonly string[] => {
      if (name === 'status') return [...this.#string(type), `${parts}.status = ${steps.constant(statusAt)}(b, at, size); if (${parts}.status < 0) return -1;`, 'at += size;'];
      if (name === 'id') return [...this.#string(type), 'idAt = at; idSize = size; at += size;'];
      if (name === 'ts_ms') return this.#number(type, TIME);
      if (name !== 'data_collections') return steps.skip(type);
      return [`n = ${known}.find(view, at, last); mark = at;`, `if (n >= 0) at += ${known}.sizes[n];`, 'else {', ...steps.skip(type), 'n = -1; }', `${parts}.collections = n; ${parts}.collectionsAt = mark; ${parts}.collectionsEnd = at;`];
    });
    const own = new Set(this.schema.fields.map(({ name }) => name));
    if (!own.has('id') || !own.has('data_collections')) throw new UnusualSchema();
    const read = steps.define([...lines, 'if (at !== last) return -1;', `if (${parts}.status === ${NOTHING}) return ${NOTHING};`, `return ${parts}.collections >= 0 && ${parts}.end(b, idAt, idSize) ? ${ENDED} : -1;`], 'let idAt = 0, idSize = 0;');
    return { kind: 'boundary', read: steps.compile([read])[0]!, collections };
  }

  change(): ChangeProgram {
    const steps = this.#steps, { head } = this.#values;
    const before = this.#rowOf('before'), after = this.#rowOf('after');
    if (after === null || !this.schema.fields.some(({ name }) => name === 'op') || !this.schema.fields.some(({ name }) => name === 'source')) throw new UnusualSchema();
    const skipBefore = before === null ? '' : steps.define(steps.skip(before)), readBefore = before === null ? '' : steps.define(this.#row(before), head);
    const readAfter = steps.define(this.#row(after), head), noBefore = steps.define(this.#values.names().flatMap((name) => this.#values.nulls(name)), head);
    const lines = this.schema.fields.flatMap(({ name, type }): readonly string[] => {
      switch (name) {
        case 'before': return this.#image(type, ['before = at;', steps.call(skipBefore)]);
        case 'after': return this.#image(type, ['after = at;', steps.call(readAfter)]);
        case 'source': return [steps.call(this.#source(type))];
        case 'transaction': return this.#transaction(type);
        case 'op': return this.#op(type);
        case 'ts_ms': return this.#asks(TAKEN) ? this.#number(type, TAKEN) : steps.skip(type);
        default: return steps.skip(type);
      }
    });
    const read = steps.define([
      ...lines, 'if (at !== last) return -1;',
      `if (after >= 0) { ${this.#parts}.isRead = op === 114; ${this.#parts}.isCreated = op === 99; return op === 99 || op === 117 || op === 114 ? ${UPSERTED} : -1; }`,
      `if (op !== 100) return -1; ${this.#parts}.isRead = false; ${this.#parts}.hasBefore = before >= 0; mark = 0;`,
      before === null ? '' : `if (before >= 0) mark = ${readBefore}(b, view, before, last);`, `if (before < 0) mark = ${noBefore}(b, view, 0, last);`, `return mark < 0 ? -1 : ${GONE};`,
    ], 'let op = 0, before = -1, after = -1;');
    const [run, fill] = steps.compile([read, this.#fill()]);
    return { kind: 'change', read: run!, fill: fill! };
  }

  /** Of an image's field: what a row is. */
  #rowOf(name: string): AvroStruct | null {
    const field = this.schema.fields.find((each) => each.name === name);
    if (field === undefined) return null;
    const branches = field.type.kind === 'union' ? field.type.branches : [field.type];
    const row = branches.find((branch) => branch.kind === 'record');
    if (row === undefined || branches.some((branch) => branch !== row && branch.kind !== 'null')) throw new UnusualSchema();
    return row;
  }

  #image(type: Avro, row: readonly string[]): string[] {
    const of = (branch: Avro): readonly string[] => (branch.kind === 'null' ? [] : row);
    return type.kind === 'union' ? this.#steps.union(type.branches, of) : [...of(type)];
  }

  /** To cells; columns that it lacks are NULL. */
  #row({ fields }: AvroStruct): string[] {
    const has = new Set(fields.map(({ name }) => name));
    const lacking = this.#values.names().filter((name) => !has.has(name)).flatMap((name) => this.#values.nulls(name));
    return [...lacking, ...this.#steps.many(fields.map(({ name, type }) => this.#values.read(name, type)), this.#values.head)];
  }

  #op(type: Avro): string[] {
    if (type.kind !== 'string') throw new UnusualSchema();
    return ['if (at + 2 > last || b[at] !== 2) return -1;', 'op = b[at + 1]; at += 2;'];
  }

  /** A function: numbers to their registers, and which members that stay the same were there to `parts.source`. */
  #source(type: Avro): string {
    if (type.kind !== 'record') throw new UnusualSchema();
    const steps = this.#steps, groups: { readonly isConstant: boolean; readonly fields: AvroField[] }[] = [];
    for (const field of type.fields) {
      const isConstant = constants.has(field.name), before = groups.at(-1);
      if (before?.isConstant === true && isConstant) before.fields.push(field);
      else groups.push({ isConstant, fields: [field] });
    }
    const lines = groups.flatMap(({ isConstant, fields }) => (isConstant ? this.#run(fields) : fields.flatMap((field) => this.#varying(field))));
    return steps.define([`${this.#parts}.source = 0;`, ...lines]);
  }

  #varying({ name, type }: AvroField): readonly string[] {
    const register = name === 'ts_ms' ? TIME : name === 'lsn' ? LSN : null;
    if (register !== null) return this.#number(type, register);
    return name === 'sequence' ? this.#orNull(type, (branch) => [...this.#string(branch), `if (!${this.#parts}.sequence(b, at, size)) return -1;`, 'at += size;']) : this.#steps.skip(type);
  }

  /** Fields that are compared as one; bytes that are new are learned. */
  #run(fields: readonly AvroField[]): string[] {
    const steps = this.#steps, known = steps.constant(new KnownBytes(runsMost)), skip = steps.define(fields.flatMap(({ type }) => steps.skip(type)));
    return [
      `n = ${known}.find(view, at, last);`,
      `if (n < 0) { mark = ${skip}(b, view, at, last); if (mark < 0 || mark > last) return -1; n = ${known}.add(b, at, mark); if (n < 0) return -1; }`,
      `at += ${known}.sizes[n]; ${this.#parts}.source = ${this.#parts}.source * ${runsMost} + n;`,
    ];
  }

  #transaction(type: Avro): string[] {
    return this.#orNull(type, (block) => {
      if (block.kind !== 'record' || !block.fields.some(({ name }) => name === 'id')) throw new UnusualSchema();
      return block.fields.flatMap((field) => {
        if (field.name === 'id') return [...this.#string(field.type), `if (!${this.#parts}.transaction(b, at, size)) return -1;`, 'at += size;'];
        return field.name === 'total_order' ? this.#number(field.type, ORDER) : this.#steps.skip(field.type);
      });
    });
  }

  #orNull(type: Avro, each: (branch: Avro) => readonly string[]): string[] {
    return type.kind === 'union' ? this.#steps.union(type.branches, (branch) => (branch.kind === 'null' ? [] : each(branch))) : [...each(type)];
  }

  #string(type: Avro): string[] {
    if (type.kind !== 'string') throw new UnusualSchema();
    return this.#steps.size();
  }

  /** An integer to a register, if there is one. */
  #number(type: Avro, register: number): string[] {
    return this.#orNull(type, (branch) => {
      if (branch.kind !== 'int' && branch.kind !== 'long') throw new UnusualSchema();
      return [...(branch.kind === 'int' ? this.#steps.int() : this.#steps.long()), `${this.#numbers}[${register}] = n;`];
    });
  }

  #asks(register: number): boolean {
    return this.topic.tables.flat().some(({ metadata }) => metadata !== undefined && numberMetadata[metadata.replace(/^value\./, '')] === register);
  }

  /** Metadata, once it is known where the change came from. */
  #fill(): string {
    const steps = this.#steps, lines: string[] = [];
    for (const [table, columns] of this.topic.tables.entries()) {
      for (const [column, { metadata }] of columns.entries()) {
        if (metadata === undefined) continue;
        const key = metadata.replace(/^value\./, ''), cells = this.#values.cells(table, column), row = `r${table}`, register = numberMetadata[key];
        if (key === '$change') lines.push(`${cells}.values[${row}] = ${this.#parts}.isGone ? ${REMOVE} : ${UPSERT};`);
        else if (key === '$unchanged') lines.push(`if (${this.#parts}.moved === null) ${cells}.setNull(${row}); else ${cells}.set(${row}, ${this.#parts}.moved);`);
        else if (key === 'topic') lines.push(`${cells}.set(${row}, ${steps.constant(this.topic.name)});`);
        else if (register !== undefined) lines.push(`n = ${this.#numbers}[${register}]; if (Number.isFinite(n)) ${cells}.values[${row}] = n; else ${cells}.setNull(${row});`);
        else lines.push(`${cells}.set(${row}, ${this.#parts}.origin.${key === 'source.database' ? 'database' : key === 'source.schema' ? 'schema' : 'table'});`);
      }
    }
    return steps.define(lines, this.#values.head);
  }
}

const [begin, end] = ['BEGIN', 'END'].map((word) => Buffer.from(word, 'latin1')) as [Buffer, Buffer];

/** Of what a transaction's record says: `BEGIN` or `END`; -1: neither. */
function statusAt(bytes: Uint8Array, at: number, size: number): number {
  const word = size === begin.length ? begin : end;
  if (size !== word.length) return -1;
  for (let index = 0; index < size; index += 1) if (bytes[at + index] !== word[index]) return -1;
  return word === begin ? NOTHING : ENDED;
}
