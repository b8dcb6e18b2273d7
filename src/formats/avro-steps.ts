/**
 * Text of functions that read Avro's bytes: what stands in a schema (names, symbols, sizes) reaches it as numbers and
 * constants. Each function takes (b, view, at, last) and returns where it ended, -1 where what it meets is not of the usual
 * form; the bytes behind `last` are another's, and what was read of them is never used.
 */
import { cursor, sizeAt } from './avro-bytes.js';
import type { Avro } from './avro-type.js';
import { exactAt, longEnd } from './avro-words.js';

/** Longer functions are not compiled to machine code, or late. */
const fieldsMost = 40;

/** Thrown where a schema is of a form that is left to others. */
export class UnusualSchema {}

export type AvroFunction = (bytes: Buffer, view: DataView, at: number, last: number) => number;

export class AvroSteps {
  readonly #constants: unknown[] = [];
  readonly #numbers = new Map<unknown, string>();
  readonly #functions: string[] = [];
  #names = 0;

  /** The name of a value in the text. */
  constant(value: unknown): string {
    let name = this.#numbers.get(value);
    if (name === undefined) this.#numbers.set(value, name = `k${this.#constants.push(value) - 1}`);
    return name;
  }

  name(): string {
    this.#names += 1;
    return `n${this.#names}`;
  }

  /** The name of a function; `head`: what it begins with. */
  define(lines: readonly string[], head = ''): string {
    const name = `f${this.#functions.length}`;
    this.#functions.push(`function ${name}(b, view, at, last) {\n${head}\nlet x = 0, n = 0, size = 0, mark = 0;\n${lines.join('\n')}\nreturn at;\n}`);
    return name;
  }

  /** Those functions. */
  compile(names: readonly string[]): AvroFunction[] {
    const text = ['"use strict";', ...this.#constants.map((_, at) => `const k${at} = constants[${at}];`), ...this.#functions, `return [${names.join(', ')}];`].join('\n');
    return (new Function('constants', text) as (constants: readonly unknown[]) => AvroFunction[])(this.#constants);
  }

  /** Calls the function where `at` is. */
  call(name: string): string {
    return `at = ${name}(b, view, at, last); if (at < 0) return -1;`;
  }

  /** Steps one after another, in functions of their own where they are many. */
  many(steps: readonly (readonly string[])[], head = ''): string[] {
    if (steps.length <= fieldsMost) return steps.flat();
    return Array.from({ length: Math.ceil(steps.length / fieldsMost) }, (_, part) => this.call(this.define(steps.slice(part * fieldsMost, (part + 1) * fieldsMost).flat(), head)));
  }

  /** To `n`, where it is exact. What was passed over may end far behind the message, where there is nothing to look at. */
  long(): string[] {
    return [
      'x = at < last ? b[at] : 255; at += 1;', 'if (x < 128) n = (x >>> 1) ^ -(x & 1);',
      `else { if (at > last) return -1; n = ${this.constant(exactAt)}(b, view, at - 1, last); if (n !== n) return -1; at = ${this.constant(cursor)}.at; }`,
    ];
  }

  /** As `long`; where it is of 32 bits: avsc reads longer ones, and not all of them exactly. */
  int(): string[] {
    return [...this.long(), 'if (x >= 128 && n !== (n | 0)) return -1;'];
  }

  /** To `size`, and `at` behind it; the text lies within the message. */
  size(): string[] {
    return [
      'x = at < last ? b[at] : 255; at += 1;', 'if (x < 128 && (x & 1) === 0) size = x >> 1;',
      `else { size = ${this.constant(sizeAt)}(b, at - 1, last); if (size < 0) return -1; at = ${this.constant(cursor)}.at; }`, 'if (at + size > last) return -1;',
    ];
  }

  /** `each`: what is done with a branch. */
  union(branches: readonly Avro[], each: (branch: Avro) => readonly string[]): string[] {
    if (branches.length > 60 || branches.some(({ kind }) => kind === 'union')) throw new UnusualSchema();
    return [
      'x = at < last ? b[at] : 255; at += 1;', 'switch (x) {',
      ...branches.flatMap((branch, index) => [`case ${2 * index}: {`, ...each(branch), 'break; }']), 'default: return -1;', '}',
    ];
  }

  /** Passes over a value as avsc reads it. `open`: records around it. */
  skip(type: Avro, open: readonly Avro[] = []): string[] {
    if (open.includes(type)) throw new UnusualSchema();
    switch (type.kind) {
      case 'null': return [];
      case 'boolean': return ['at += 1;'];
      case 'float': return ['at += 4;'];
      case 'double': return ['at += 8;'];
      case 'fixed': return [`at += ${type.size};`];
      case 'int': case 'long': return [`if (at >= last) return -1; if (b[at] < 128) at += 1; else at = ${this.constant(longEnd)}(view, at, last); if (at < 0) return -1;`];
      case 'enum': return [...this.long(), `if (!(n >= 0 && n < ${type.symbols.length})) return -1;`];
      case 'bytes': case 'string': return [...this.size(), 'at += size;'];
      case 'union': return this.union(type.branches, (branch) => this.skip(branch, open));
      case 'record': return this.many(type.fields.map((field) => this.skip(field.type, [...open, type])));
      case 'array': return this.#blocks(this.skip(type.items, open), isEmpty(type.items));
      case 'map': return this.#blocks([...this.size(), 'at += size;', ...this.skip(type.values, open)], false);
    }
  }

  /** Blocks whose size is said are rare. An item has a byte at least, so that this ends with the message. */
  #blocks(item: readonly string[], itemIsEmpty: boolean): string[] {
    if (itemIsEmpty) throw new UnusualSchema();
    const left = this.name();
    return ['for (;;) {', ...this.long(), 'if (n < 0) return -1; if (n === 0) break;', `for (let ${left} = n; ${left} > 0; ${left} -= 1) {`, ...item, 'if (at > last) return -1;', '}', '}'];
  }
}

function isEmpty(type: Avro): boolean {
  return type.kind === 'null' || (type.kind === 'fixed' && type.size === 0) || (type.kind === 'record' && type.fields.every((field) => isEmpty(field.type)));
}
