/**
 * Reads records of one shape: literals are compared, values go from their bytes to cells. One loop over tables of numbers
 * for all shapes: functions of their own would be faster once they are compiled, which takes longer than most files.
 */
import type { LeftOut } from '../core/change.js';
import { DECIMAL, INTEGER, TEXT, type ChangeForm } from './change-forms.js';
import { noCounts, type DebeziumParts } from './debezium-parts.js';
import {
  COLLECTIONS, COLUMN, IMAGE, LAST_COMMIT, LSN, NUMBER, OFFSET, OPERATION, ORDER, PARTITION, PASS, SEQUENCE, TAKEN, TIME, TIMESTAMP, XID, type Meaning, type Slot,
} from './debezium-shape.js';
import { NumberCells, TextCells, type Cells } from './message-cells.js';

const quote = 34, backslash = 92;

/** `null` as four bytes. */
const nullWord = 0x6c6c756e;

/** Longer literals are compared by native code. */
const longLiteral = 512;

/** Kinds of slots that are read at once; those of debezium-shape.ts may be of any look. */
const PASS_NUMBER = 8, PASS_TEXT = 9, PASS_NULL = 10, INTEGER_COLUMN = 11, DECIMAL_COLUMN = 12, TEXT_COLUMN = 13;

/** Where the cells of the row that is next are: of each table of the topic. */
export interface ShapeRows {
  readonly cells: readonly (readonly Cells[])[];
  readonly rows: number[];
}

/** A record, or a part of one, as a table of what follows what. */
export interface ShapeProgram {
  readonly rows: number[];
  readonly cells: readonly (readonly Cells[])[];
  readonly slots: readonly Slot[];
  /**
   * Of each slot `stride` numbers, and of the end as well: how long the literal before it is, which of `words` are its first and its last,
   * the slot's kind, 2 where it stands within a text and else 1, its register, and of a column that is read at once the table.
   */
  readonly code: Int32Array;
  /** Of a column that is read at once: its form and its cells. */
  readonly forms: readonly (ChangeForm | null)[];
  readonly numbers: readonly (NumberCells | null)[];
  readonly texts: readonly (TextCells | null)[];
  /** What stands before each slot, and after the last one. */
  readonly literals: readonly Buffer[];
  /** The literals' bytes, eight at a time, as numbers of which none is NaN in UTF-8; the last one of a literal overlaps. */
  readonly words: Float64Array;
  /** Null: another part of the record says it. */
  readonly meaning: Meaning | null;
  /** It ends where its bytes end, and what a record says beside its value is known. */
  readonly isPayload: boolean;
}

const stride = 8;

export interface ShapePart {
  readonly slots: readonly Slot[];
  readonly literals: readonly Buffer[];
  /** Of the record. */
  readonly meaning: Meaning;
  readonly isFirst: boolean;
  readonly isPayload: boolean;
}

export function shapeProgram({ slots, literals, meaning, isFirst, isPayload }: ShapePart, { cells, rows }: ShapeRows): ShapeProgram {
  const asked = new Set(meaning.kind === 'change' ? meaning.numbers.map(({ register }) => register) : []);
  const words: number[] = [], code: number[] = [];
  const own = slots.map(({ targets }) => (targets.length === 1 ? targets[0]! : null));
  literals.forEach((literal, index) => {
    const slot = slots[index], first = words.length;
    for (let at = 0; at + 8 < literal.length; at += 8) words.push(literal.readDoubleLE(at));
    if (literal.length >= 8) words.push(literal.readDoubleLE(literal.length - 8));
    code.push(literal.length, first, words.length - 1, slot === undefined ? -1 : kindOf(slot, asked), slot?.escaped === true ? 2 : 1, slot?.register ?? 0, own[index]?.table ?? 0, 0);
  });
  const cellsOf = own.map((target) => (target === null ? null : cells[target.table]![target.column]!));
  return {
    rows, cells, slots, code: Int32Array.from(code), forms: own.map((target) => target?.form ?? null),
    numbers: cellsOf.map((each) => (each instanceof NumberCells ? each : null)), texts: cellsOf.map((each) => (each instanceof TextCells ? each : null)),
    literals, words: Float64Array.from(words), meaning: isFirst ? meaning : null, isPayload,
  };
}

function kindOf({ kind, register, like, targets }: Slot, asked: ReadonlySet<number>): number {
  if (kind === PASS || (kind === NUMBER && (register === TIMESTAMP || register === TAKEN) && !asked.has(register))) {
    return like === 'number' ? PASS_NUMBER : like === 'text' ? PASS_TEXT : like === 'word' ? PASS_NULL : PASS;
  }
  if (kind !== COLUMN || targets.length !== 1) return kind;
  const { form } = targets[0]!.form;
  return form === INTEGER ? INTEGER_COLUMN : form === DECIMAL ? DECIMAL_COLUMN : form === TEXT ? TEXT_COLUMN : COLUMN;
}

export class DebeziumWalker {
  constructor(private readonly parts: DebeziumParts) {}

  /** Where the record at `start` ends; -1: it is of another shape. Looks at no byte behind `last`, but for `spareBytes`. */
  walk(program: ShapeProgram, bytes: Buffer, view: DataView, start: number, last: number): number {
    const { parts } = this, { values, numbers } = parts, { code, words, rows } = program, ends = code.length - stride;
    if (program.meaning !== null) this.#begin(program);
    let at = start;
    for (let index = 0, place = 0; place < ends; index += 1, place += stride) {
      if (!isLiteral(program, code, words, place, bytes, view, at, last)) return -1;
      at += code[place]!;
      const width = code[place + 4]!, escaped = width === 2, mark = escaped ? backslash : quote;
      switch (code[place + 3]) {
        case PASS_NUMBER: {
          const end = parts.digits(bytes, at);
          at = end >= 0 ? end : parts.pass(bytes, at, last, escaped);
          break;
        }
        case PASS_TEXT: {
          const end = bytes[at] === mark ? values.textEnd(bytes, at + width, last, escaped) : -1;
          at = end >= 0 ? end + width : parts.pass(bytes, at, last, escaped);
          break;
        }
        case PASS_NULL: at = view.getInt32(at, true) === nullWord ? at + 4 : parts.pass(bytes, at, last, escaped); break;
        case PASS: at = parts.pass(bytes, at, last, escaped); break;
        case NUMBER: {
          const register = code[place + 5]!;
          const quotes = bytes[at] === mark ? width : 0;
          const end = values.integerEnd(bytes, at + quotes);
          if (end >= 0 && (quotes === 0 || (bytes[end] === mark && bytes[end + width - 1] === quote))) {
            numbers[register] = values.number;
            at = end + quotes;
          } else at = parts.number(bytes, at, escaped, register);
          break;
        }
        case INTEGER_COLUMN: {
          const form = program.forms[index]!, cells = program.numbers[index]!, row = rows[code[place + 6]!]!;
          parts.wrote = true;
          const end = values.integerEnd(bytes, at);
          if (end >= 0) {
            const value = values.number;
            if (value >= form.limit) return parts.unusual();
            cells.values[row] = value;
            at = end;
          } else at = values.read(bytes, at, last, escaped, form, cells, row);
          if (at < 0) return parts.unusual();
          break;
        }
        case DECIMAL_COLUMN: {
          const form = program.forms[index]!, cells = program.numbers[index]!, row = rows[code[place + 6]!]!;
          parts.wrote = true;
          const end = bytes[at] === mark ? values.numberEnd(bytes, at + width) : -1;
          if (end >= 0 && bytes[end] === mark && bytes[end + width - 1] === quote) at = values.decimal(form.limit, form.scale, cells, row) ? end + width : -1;
          else at = values.read(bytes, at, last, escaped, form, cells, row);
          if (at < 0) return parts.unusual();
          break;
        }
        case TEXT_COLUMN: {
          const cells = program.texts[index]!, row = rows[code[place + 6]!]!;
          parts.wrote = true;
          if (bytes[at] === mark) {
            const end = values.text(bytes, at + width, last, escaped, cells, row);
            at = end < 0 ? -1 : end + width;
          } else at = values.read(bytes, at, last, escaped, program.forms[index]!, cells, row);
          if (at < 0) return parts.unusual();
          break;
        }
        case COLUMN: {
          const from = at;
          parts.wrote = true;
          for (const { table, column, form } of program.slots[index]!.targets) if (at >= 0) at = values.read(bytes, from, last, escaped, form, program.cells[table]![column]!, rows[table]!);
          if (at < 0) return parts.unusual();
          break;
        }
        case IMAGE:
          // Texts cannot hold what follows the image: their quotes have escapes.
          do {
            at = parts.brace(bytes, at, last);
            if (at < 0) return -1;
          } while (!isLiteral(program, code, words, place + stride, bytes, view, at, last));
          break;
        case SEQUENCE: at = parts.sequence(bytes, at, last, escaped); break;
        case XID: at = parts.id(bytes, at, last, escaped, code[place + 5] === LSN); break;
        case OPERATION:
          if (bytes[at] !== 99 && bytes[at] !== 117) return -1;
          at += 1;
          break;
        case COLLECTIONS: at = parts.collections(bytes, at, last, escaped); break;
        default: return -1;
      }
      if (at < 0) return -1;
    }
    if (!isLiteral(program, code, words, ends, bytes, view, at, last)) return -1;
    at += code[ends]!;
    if (program.isPayload && at !== last) return -1;
    if (program.meaning?.kind === 'change') this.#fill(program, program.meaning);
    return at;
  }

  /** What the record does not say. */
  #begin({ isPayload }: ShapeProgram): void {
    const { parts } = this, { numbers } = parts;
    if (!isPayload) {
      numbers[PARTITION] = 0;
      numbers[OFFSET] = parts.line;
      numbers[TIMESTAMP] = NaN;
    }
    numbers[ORDER] = 0;
    numbers[LSN] = numbers[LAST_COMMIT] = numbers[TAKEN] = NaN;
    numbers[TIME] = -Infinity;
    parts.xid = 0;
    parts.counts = noCounts;
  }

  /** What does not stand in the record's images. */
  #fill({ cells, rows }: ShapeProgram, { moved, nulls, texts, constants, numbers }: Extract<Meaning, { kind: 'change' }>): void {
    for (const { table, column } of moved) (cells[table]![column] as TextCells).set(rows[table]!, JSON.stringify({ left: [], moved: String(this.parts.numbers[LSN]!) } satisfies LeftOut));
    for (let index = 0; index < nulls.length; index += 1) {
      const { table, column } = nulls[index]!;
      cells[table]![column]!.setNull(rows[table]!);
    }
    for (const { table, column, value } of texts) (cells[table]![column] as TextCells).set(rows[table]!, value);
    for (let index = 0; index < constants.length; index += 1) {
      const { table, column, value } = constants[index]!;
      (cells[table]![column] as NumberCells).values[rows[table]!] = value;
    }
    for (let index = 0; index < numbers.length; index += 1) {
      const { table, column, register } = numbers[index]!, value = this.parts.numbers[register]!, own = cells[table]![column] as NumberCells;
      if (Number.isFinite(value)) own.values[rows[table]!] = value;
      else own.setNull(rows[table]!);
    }
  }
}

/** Whether what stands before the slot whose numbers are at `place` is at `at`. */
function isLiteral(program: ShapeProgram, code: Int32Array, words: Float64Array, place: number, bytes: Buffer, view: DataView, at: number, last: number): boolean {
  const size = code[place]!;
  if (at + size > last) return false;
  if (size < 8 || size > longLiteral) {
    const literal = program.literals[place / stride]!;
    if (size > longLiteral) return bytes.compare(literal, 0, size, at, at + size) === 0;
    for (let byte = 0; byte < size; byte += 1) if (bytes[at + byte] !== literal[byte]) return false;
    return true;
  }
  const to = code[place + 2]!;
  if (view.getFloat64(at + size - 8, true) !== words[to]!) return false;
  for (let word = code[place + 1]!, from = at; word < to; word += 1, from += 8) if (view.getFloat64(from, true) !== words[word]!) return false;
  return true;
}
