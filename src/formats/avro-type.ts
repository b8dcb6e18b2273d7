/** Avro schemas as registries give them: parsed, names resolved. */

/** What the bytes are, and what they mean: `timestamp-millis`, `decimal` and the like. */
export interface AvroPrimitive {
  readonly kind: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';
  readonly logical: AvroLogical | null;
}

export interface AvroLogical {
  readonly name: string;
  /** Of decimals: digits after the point. */
  readonly scale: number;
}

/** Names are whole, with their namespace. */
interface Named {
  readonly name: string;
  readonly aliases: readonly string[];
}

export type AvroFixed = Named & { readonly kind: 'fixed'; readonly size: number; readonly logical: AvroLogical | null };
export type AvroEnum = Named & { readonly kind: 'enum'; readonly symbols: readonly string[]; readonly hasDefault: boolean };

export interface AvroField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: Avro;
  readonly hasDefault: boolean;
}

/** May hold itself. */
export type AvroStruct = Named & { readonly kind: 'record'; readonly fields: readonly AvroField[] };

export type Avro =
  | AvroPrimitive | AvroFixed | AvroEnum | AvroStruct
  | { readonly kind: 'array'; readonly items: Avro }
  | { readonly kind: 'map'; readonly values: Avro }
  | { readonly kind: 'union'; readonly branches: readonly Avro[] };

type Json = Readonly<Record<string, unknown>>;

const primitives: ReadonlySet<string> = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);

/** Deeper schemas are none that a person wrote. */
const depthMax = 64;

/** `known`: schemas whose types it may name, each after those that it needs itself. Throws an Error that says what is wrong with the schema. */
export function parseAvro(schema: unknown, known: readonly unknown[] = []): Avro {
  const parser = new Parser();
  for (const each of known) parser.type(each, '', 0);
  return parser.type(schema, '', 0);
}

class Parser {
  readonly #named = new Map<string, Avro>();

  type(schema: unknown, namespace: string, depth: number): Avro {
    if (depth > depthMax) throw new Error(`the schema is nested deeper than ${depthMax}`);
    if (typeof schema === 'string') return this.#reference(schema, namespace);
    if (Array.isArray(schema)) return { kind: 'union', branches: schema.map((each) => this.type(each, namespace, depth + 1)) };
    if (typeof schema !== 'object' || schema === null) throw new Error(`the schema has ${JSON.stringify(schema) ?? 'nothing'} where a type belongs`);
    const given = schema as Json;
    const { type } = given;
    switch (type) {
      case 'array': return { kind: 'array', items: this.type(given['items'], namespace, depth + 1) };
      case 'map': return { kind: 'map', values: this.type(given['values'], namespace, depth + 1) };
      case 'record': case 'error': return this.#record(given, namespace, depth);
      case 'enum': return this.#enum(given, namespace);
      case 'fixed': return this.#fixed(given, namespace);
      default:
    }
    if (typeof type === 'string' && primitives.has(type)) return { kind: type as AvroPrimitive['kind'], logical: logicalOf(given) };
    return this.type(type, namespace, depth + 1);
  }

  #reference(name: string, namespace: string): Avro {
    if (primitives.has(name)) return { kind: name as AvroPrimitive['kind'], logical: null };
    const found = this.#named.get(wholeName(name, namespace)) ?? this.#named.get(name);
    if (found === undefined) throw new Error(`the schema names a type ${name} that it does not define`);
    return found;
  }

  #defined<T extends Avro & Named>(type: T): T {
    this.#named.set(type.name, type);
    return type;
  }

  #record(given: Json, outer: string, depth: number): AvroStruct {
    const names = namesOf(given, outer);
    const fields: AvroField[] = [];
    // Known before its fields are: they may name it.
    const record = this.#defined<AvroStruct>({ kind: 'record', ...names, fields });
    if (!Array.isArray(given['fields'])) throw new Error(`record ${names.name} has no fields`);
    for (const field of given['fields'] as readonly Json[]) {
      if (typeof field?.['name'] !== 'string') throw new Error(`record ${names.name} has a field without a name`);
      fields.push({ name: field['name'], aliases: textsOf(field['aliases']), type: this.type(field['type'], namespaceOf(names.name), depth + 1), hasDefault: Object.hasOwn(field, 'default') });
    }
    return record;
  }

  #enum(given: Json, outer: string): AvroEnum {
    const symbols = textsOf(given['symbols']);
    return this.#defined<AvroEnum>({ kind: 'enum', ...namesOf(given, outer), symbols, hasDefault: typeof given['default'] === 'string' && symbols.includes(given['default']) });
  }

  #fixed(given: Json, outer: string): AvroFixed {
    const names = namesOf(given, outer);
    const { size } = given;
    if (!Number.isSafeInteger(size) || (size as number) < 0) throw new Error(`fixed ${names.name} has no size`);
    return this.#defined<AvroFixed>({ kind: 'fixed', ...names, size: size as number, logical: logicalOf(given) });
  }
}

function namesOf(given: Json, outer: string): { readonly name: string; readonly aliases: readonly string[] } {
  if (typeof given['name'] !== 'string') throw new Error(`the schema has a ${String(given['type'])} without a name`);
  const name = wholeName(given['name'], typeof given['namespace'] === 'string' ? given['namespace'] : outer);
  return { name, aliases: textsOf(given['aliases']).map((alias) => wholeName(alias, namespaceOf(name))) };
}

const wholeName = (name: string, namespace: string): string => (name.includes('.') || namespace === '' ? name : `${namespace}.${name}`);
const namespaceOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')));
const textsOf = (given: unknown): string[] => (Array.isArray(given) ? given.filter((each): each is string => typeof each === 'string') : []);

function logicalOf({ logicalType, scale }: Json): AvroLogical | null {
  return typeof logicalType === 'string' ? { name: logicalType, scale: Number.isSafeInteger(scale) ? (scale as number) : 0 } : null;
}
