/** Iceberg's schemas: columns with ids that stay when names and types change. */
import { assert } from '../../core/errors.js';
import { quoteName } from '../quote.js';

export type IcebergType =
  | { readonly kind: 'primitive'; readonly name: string }
  | { readonly kind: 'struct'; readonly fields: readonly IcebergField[] }
  | { readonly kind: 'list'; readonly element: IcebergField }
  | { readonly kind: 'map'; readonly key: IcebergField; readonly value: IcebergField };

export interface IcebergField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: IcebergType;
  /** The value of rows written before the column was; undefined: NULL. */
  readonly initial: unknown;
}

type Json = Readonly<Record<string, unknown>>;

const depthMax = 32;
const simple: Readonly<Record<string, string>> = {
  boolean: 'BOOLEAN', int: 'INTEGER', long: 'BIGINT', float: 'FLOAT', double: 'DOUBLE', date: 'DATE', time: 'TIME',
  timestamp: 'TIMESTAMP', timestamptz: 'TIMESTAMP WITH TIME ZONE', string: 'VARCHAR', uuid: 'UUID', binary: 'BLOB',
};
const decimalPattern = /^decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)$/;

/** The fields of a struct as metadata files write it; `refuse` raises what is wrong with them. */
export function parseFields(given: unknown, refuse: (reason: string) => Error, depth = 0): readonly IcebergField[] {
  const list = (given as Json | null)?.['fields'];
  if (!Array.isArray(list)) throw refuse('a schema has no fields');
  if (depth > depthMax) throw refuse(`its types lie more than ${depthMax} deep`);
  const fields = list.map((field: Json) => fieldOf(field?.['name'], field?.['id'], field?.['required'], field?.['type'], field?.['initial-default'], refuse, depth));
  const names = new Map<string, string>();
  for (const { name } of fields) {
    const other = names.get(name.toLowerCase());
    if (other !== undefined) throw refuse(`its columns ${other} and ${name} differ in nothing but case, which SQL cannot tell apart`);
    names.set(name.toLowerCase(), name);
  }
  return fields;
}

function fieldOf(name: unknown, id: unknown, required: unknown, type: unknown, initial: unknown, refuse: (reason: string) => Error, depth: number): IcebergField {
  if (typeof name !== 'string' || name === '' || name.includes('\0')) throw refuse('a column has no name');
  if (!Number.isSafeInteger(id)) throw refuse(`its column ${name} has no id`);
  return { id: id as number, name, required: required === true, type: typeOf(type, name, refuse, depth), initial: initial ?? undefined };
}

function typeOf(given: unknown, column: string, refuse: (reason: string) => Error, depth: number): IcebergType {
  if (typeof given === 'string') {
    const type = { kind: 'primitive', name: given } as const;
    if (duckPrimitive(given) === null) throw refuse(`its column ${column} is of the type ${given.slice(0, 100)}, which is not read`);
    return type;
  }
  if (depth > depthMax) throw refuse(`its types lie more than ${depthMax} deep`);
  const of = given as Json | null;
  const part = (name: string): IcebergField => fieldOf(name, of![`${name}-id`], of![`${name}-required`] ?? true, of![name], undefined, refuse, depth + 1);
  switch (of?.['type']) {
    case 'struct': return { kind: 'struct', fields: parseFields(of, refuse, depth + 1) };
    case 'list': return { kind: 'list', element: part('element') };
    case 'map': return { kind: 'map', key: part('key'), value: part('value') };
    default: throw refuse(`its column ${column} has no type`);
  }
}

export function decimalOf(name: string): { readonly precision: number; readonly scale: number } | null {
  const match = decimalPattern.exec(name);
  if (match === null) return null;
  const [precision, scale] = [Number(match[1]), Number(match[2])];
  return precision >= 1 && precision <= 38 && scale <= precision ? { precision, scale } : null;
}

/** DuckDB's type for a primitive of Iceberg; null for one that is not known. */
function duckPrimitive(name: string): string | null {
  const decimal = decimalOf(name);
  if (decimal !== null) return `DECIMAL(${decimal.precision},${decimal.scale})`;
  return Object.hasOwn(simple, name) ? simple[name]! : /^fixed\[\d{1,9}\]$/.test(name) ? 'BLOB' : null;
}

/** The type in DuckDB's words, to cast to. */
export function duckType(type: IcebergType): string {
  switch (type.kind) {
    case 'primitive': {
      const duck = duckPrimitive(type.name);
      assert(duck !== null, 'types were checked when the schema was read');
      return duck;
    }
    case 'struct': return `STRUCT(${type.fields.map((field) => `${quoteName(field.name)} ${duckType(field.type)}`).join(', ')})`;
    case 'list': return `${duckType(type.element.type)}[]`;
    case 'map': return `MAP(${duckType(type.key.type)}, ${duckType(type.value.type)})`;
  }
}
