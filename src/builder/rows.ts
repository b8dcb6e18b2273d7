/** Rows in expressions: an object with a value for each column, that says which there are when one is asked for that is not. */
import { nearest } from '../core/nearest.js';
import { nameText } from '../flink/reserved-words.js';
import type { ColumnTypes, Row, Scope } from './types.js';
import { Value, strength } from './value.js';
import { wrong } from './wrong.js';

/** `alias` stands before the names. */
export function rowOf<C extends ColumnTypes, S extends Scope>(names: readonly string[], alias: string | null, of: string): Row<C, S> {
  const columns = new Map<string, Value<'STRING', S>>(names.map((name) => [name, new Value(() => ({ text: columnText(name, alias), binds: strength.atom }))]));
  return new Proxy({}, {
    get(_target, name) {
      if (typeof name !== 'string') return undefined;
      const found = columns.get(name);
      if (found === undefined) throw unknownColumn(name, names, of);
      return found;
    },
    has: (_target, name) => typeof name === 'string' && columns.has(name),
    ownKeys: () => [...columns.keys()],
    getOwnPropertyDescriptor: (_target, name) => (columns.has(String(name)) ? { value: columns.get(String(name)), enumerable: true, configurable: true } : undefined),
  }) as Row<C, S>;
}

export const columnText = (name: string, alias: string | null): string => (alias === null ? nameText(name) : `${alias}.${nameText(name)}`);

export function unknownColumn(name: string, names: readonly string[], of: string): Error {
  const near = nearest(name, names);
  return wrong(`${of} has no column '${name}'${near === null ? `; it has ${names.join(', ')}` : `; did you mean '${near}'?`}`);
}

/** Refuses names that are no columns. */
export function checkColumns(asked: readonly string[], names: readonly string[], of: string): void {
  for (const name of asked) if (!names.includes(name)) throw unknownColumn(name, names, of);
}
