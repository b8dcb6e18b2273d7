/**
 * A function that reads records of one shape: literals are compared, values go from their bytes to cells. Its text is ours
 * alone: of what stands in records only numbers reach it, which are the bytes of literals, and constants.
 */
import { DECIMAL, INTEGER, TEXT } from './change-forms.js';
import { noCounts, type DebeziumParts } from './debezium-parts.js';
import {
  COLUMN, IMAGE, LSN, NUMBER, OFFSET, OPERATION, PARTITION, PASS, SEQUENCE, TAKEN, TIMESTAMP, XID, unsaid, type Meaning, type Slot,
} from './debezium-shape.js';
import { TextCells, type Cells } from './message-cells.js';

/** Reads a record of the shape at `at` and returns where it ends; -1: it is of another one. Looks at no byte behind `last`, but for `spareBytes`. */
export type ReadShape = (bytes: Buffer, view: DataView, at: number, last: number) => number;

/** Longer literals are compared by native code. */
const longLiteral = 512;

const quote = 34, backslash = 92, zero = 48, nine = 57;

/** Where the cells of the row that is next are: of each table of the topic. */
export interface ShapeRows {
  readonly cells: readonly (readonly Cells[])[];
  readonly rows: number[];
}

/** What of a record is read by one function. */
export interface ShapePart {
  readonly slots: readonly Slot[];
  /** What stands before each slot, and after the last one. */
  readonly literals: readonly Buffer[];
  /** Null: another part of the record says it. */
  readonly meaning: Meaning | null;
  /** Registers that were written before. */
  readonly said: readonly number[];
  /** It ends where its bytes end. */
  readonly isWhole: boolean;
}

export function compileShape(part: ShapePart, rows: ShapeRows, parts: DebeziumParts, asked: ReadonlySet<number>): ReadShape {
  const code = new ShapeCode(rows, parts, asked);
  code.part(part);
  const text = [
    '"use strict";', ...code.constants.map((_, at) => `const k${at} = constants[${at}];`),
    'return function read(b, v, at, last) {', 'let x = 0, e = 0;', ...code.lines, 'return at;', '};',
  ].join('\n');
  return (new Function('constants', text) as (constants: readonly unknown[]) => ReadShape)(code.constants);
}

class ShapeCode {
  readonly lines: string[] = [];
  readonly constants: unknown[] = [];
  readonly #parts: string;
  readonly #values: string;
  readonly #numbers: string;

  constructor(private readonly rows: ShapeRows, parts: DebeziumParts, private readonly asked: ReadonlySet<number>) {
    this.#parts = this.#constant(parts);
    this.#values = this.#constant(parts.values);
    this.#numbers = this.#constant(parts.numbers);
  }

  part({ slots, literals, meaning, said, isWhole }: ShapePart): void {
    const rows = this.#constant(this.rows.rows);
    this.#line(...this.rows.rows.map((_, table) => `const r${table} = ${rows}[${table}];`));
    if (meaning !== null) this.#begin(slots, said);
    slots.forEach((slot, index) => {
      // What follows an image was found with its end.
      if (slots[index - 1]?.kind !== IMAGE) this.#literal(literals[index]!, 'return -1;');
      this.#slot(slot, index, literals);
    });
    if (slots[slots.length - 1]?.kind !== IMAGE) this.#literal(literals[slots.length]!, 'return -1;');
    if (isWhole) this.#line('if (at !== last) return -1;');
    if (meaning?.kind === 'change') this.#fill(meaning);
  }

  #line(...lines: readonly string[]): void {
    this.lines.push(...lines);
  }

  #constant(value: unknown): string {
    const known = this.constants.indexOf(value);
    return `k${known >= 0 ? known : this.constants.push(value) - 1}`;
  }

  /** What the record does not say. */
  #begin(slots: readonly Slot[], said: readonly number[]): void {
    const own = new Set([...said, ...slots.flatMap(({ kind, register }) => (kind === NUMBER ? [register] : []))]);
    unsaid.forEach((value, register) => {
      if (!own.has(register)) this.#line(`${this.#numbers}[${register}] = ${register === OFFSET ? `${this.#parts}.line` : String(value)};`);
    });
    this.#line(`${this.#parts}.xid = 0;`, `${this.#parts}.counts = ${this.#constant(noCounts)};`);
  }

  /** Goes behind the literal, or does what is said. */
  #literal(literal: Buffer, otherwise: string): void {
    const size = literal.length;
    if (size === 0) return;
    const tests = [`at + ${size} > last`];
    if (size > longLiteral) tests.push(`b.compare(${this.#constant(literal)}, 0, ${size}, at, at + ${size}) !== 0`);
    // Eight bytes as a number, which in UTF-8 is never NaN; the last ones overlap those before.
    else if (size >= 8) for (const from of places(size, 8)) tests.push(`v.getFloat64(at + ${from}, true) !== ${numeral(literal.readDoubleLE(from))}`);
    else if (size >= 4) for (const from of places(size, 4)) tests.push(`v.getInt32(at + ${from}, true) !== ${literal.readInt32LE(from)}`);
    else for (let from = 0; from < size; from += 1) tests.push(`b[at + ${from}] !== ${literal[from]!}`);
    this.#line(`if (${tests.join(' || ')}) ${otherwise}`, `at += ${size};`);
  }

  #slot(slot: Slot, index: number, literals: readonly Buffer[]): void {
    const { kind, escaped, register } = slot, parts = this.#parts;
    const call = (text: string): void => this.#line(`at = ${parts}.${text};`, 'if (at < 0) return -1;');
    switch (kind) {
      case PASS: return this.#pass(escaped);
      case NUMBER: return (register === TIMESTAMP || register === TAKEN) && !this.asked.has(register) ? this.#pass(escaped) : call(`number(b, at, ${escaped}, ${register})`);
      case COLUMN: return this.#column(slot);
      case IMAGE: {
        // Texts cannot hold what follows the image: their quotes have escapes.
        this.#line('for (;;) {', `at = ${parts}.brace(b, at, last);`, 'if (at < 0) return -1;');
        this.#literal(literals[index + 1]!, 'continue;');
        return this.#line('break;', '}');
      }
      case SEQUENCE: return call(`sequence(b, at, last, ${escaped})`);
      case XID: return call(`id(b, at, last, ${escaped}, ${register === LSN})`);
      case OPERATION: return this.#line('if (b[at] !== 99 && b[at] !== 117) return -1;', 'at += 1;');
      default: return call(`collections(b, at, last, ${escaped})`);
    }
  }

  #pass(escaped: boolean): void {
    this.#line(
      'x = b[at];', `at = x >= ${zero} && x <= ${nine} ? ${this.#parts}.word(b, at) : ${this.#parts}.pass(b, at, last, ${escaped});`,
      'if (at < 0) return -1;',
    );
  }

  #column({ targets, escaped }: Slot): void {
    const values = this.#values, fail = `return ${this.#parts}.unusual();`;
    const readAt = (place: string, { table, column, form }: Slot['targets'][number]): string =>
      `at = ${values}.read(b, ${place}, last, ${escaped}, ${this.#constant(form)}, ${this.#cells(table, column)}, r${table}); if (at < 0) ${fail}`;
    this.#line(`${this.#parts}.wrote = true;`);
    if (targets.length > 1) {
      this.#line('e = at;', ...targets.map((target) => readAt('e', target)));
      return;
    }
    const [target] = targets, { table, column, form } = target!;
    const cells = this.#cells(table, column), any = `{ ${readAt('at', target!)} }`;
    const width = escaped ? 2 : 1, isQuote = `b[at] === ${escaped ? backslash : quote}`;
    switch (form.form) {
      case INTEGER: {
        const isIn = form.limit === Infinity ? '' : ` || !(${values}.number >= ${-form.limit} && ${values}.number < ${form.limit})`;
        return this.#line(`e = ${values}.numberEnd(b, at);`, `if (e < 0) ${any}`, `else { if (${values}.places !== 0${isIn}) ${fail}`, `${cells}.values[r${table}] = ${values}.number; at = e; }`);
      }
      case DECIMAL:
        return this.#line(
          `e = ${isQuote} ? ${values}.numberEnd(b, at + ${width}) : -1;`, `if (e < 0 || b[e] !== b[at] || b[e + ${width - 1}] !== ${quote}) ${any}`,
          `else { if (!${values}.decimal(${form.limit}, ${form.scale}, ${cells}, r${table})) ${fail}`, `at = e + ${width}; }`,
        );
      case TEXT: return this.#line(`if (${isQuote}) { at = ${values}.text(b, at + ${width}, last, ${escaped}, ${cells}, r${table}); if (at < 0) ${fail}`, `at += ${width}; } else ${any}`);
      default: return this.#line(any);
    }
  }

  /** What does not stand in the record's images. */
  #fill({ nulls, texts, constants, numbers }: Extract<Meaning, { kind: 'change' }>): void {
    for (const { table, column } of nulls) this.#line(this.#isText(table, column) ? `${this.#cells(table, column)}.codes[r${table}] = 0;` : `${this.#cells(table, column)}.setNull(r${table});`);
    for (const { table, column, value } of texts) this.#line(`${this.#cells(table, column)}.set(r${table}, ${this.#constant(value)});`);
    for (const { table, column, value } of constants) this.#line(`${this.#cells(table, column)}.values[r${table}] = ${value};`);
    for (const { table, column, register } of numbers) {
      const cells = this.#cells(table, column);
      this.#line(`{ const n = ${this.#numbers}[${register}]; if (n - n === 0) ${cells}.values[r${table}] = n; else ${cells}.setNull(r${table}); }`);
    }
  }

  #cells(table: number, column: number): string {
    return this.#constant(this.rows.cells[table]![column]!);
  }

  #isText(table: number, column: number): boolean {
    return this.rows.cells[table]![column] instanceof TextCells;
  }
}

/** From where pieces of that size cover the literal; the last one overlaps. */
function places(size: number, width: number): number[] {
  const from: number[] = [];
  for (let at = 0; at + width < size; at += width) from.push(at);
  return [...from, size - width];
}

/** A number as source text; -0 keeps its sign. */
const numeral = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** Registers that a record says of itself, and not in its value. */
export const besideValue: readonly number[] = [PARTITION, OFFSET, TIMESTAMP];
