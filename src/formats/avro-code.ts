/**
 * A loop that reads Avro messages of one writer's schema straight into columns. Its text is ours alone: what stands in
 * the schema (names, symbols, sizes) reaches it as numbers and constants.
 */
import { timestampUnits, type SqlType } from '../core/types.js';
import type { SourceColumn } from '../sources/source.js';
import { notA } from '../sources/values.js';
import { cursor, longAt, sizeAt, skipperOf, uuidAt } from './avro-bytes.js';
import { conflictOf, fieldNamed, shown } from './avro-resolution.js';
import type { Avro, AvroEnum, AvroField, AvroPrimitive, AvroStruct } from './avro-type.js';
import { decimalAt, decimalOf, scaledTime } from './avro-values.js';
import type { Cells, TextCells } from './message-cells.js';
import type { MessageBytes, MessagePart, ReadEnd } from './message-format.js';

/** Reads records from..to into rows from `end.row` on, up to the first that is of another schema or cannot be read. */
export type AvroLoop = (records: readonly MessageBytes[], from: number, to: number, cells: readonly Cells[], end: ReadEnd) => void;

/** Bytes before Avro begins: a zero, and the schema's id. */
const headerBytes = 5;

const integerBits: Readonly<Partial<Record<SqlType['kind'], number>>> = { TINYINT: 8, SMALLINT: 16, INT: 32, BIGINT: 64 };

/** Throws an Error where a column cannot be read from what this schema writes. `part`: of the message. */
export function compileAvro(schema: AvroStruct, id: number, columns: readonly SourceColumn[], part: MessagePart): AvroLoop {
  const code = new AvroCode();
  const wanted = new Map<AvroField, number[]>();
  columns.forEach(({ name, type, eventTime }, column) => {
    const field = fieldNamed(schema, name) ?? (eventTime ? fieldNamed(schema, 'timestamp') : undefined);
    if (field !== undefined) wanted.set(field, [...(wanted.get(field) ?? []), column]);
    else if (type.nullable) code.line(`c${column}.setNull(row);`);
    else throw new Error(`the writer's schema has no field ${name}, which is NOT NULL`);
  });
  for (const field of schema.fields) {
    const [first, ...others] = wanted.get(field) ?? [];
    if (first === undefined) code.skip(field.type);
    // A field may be two columns: by its name, and by an alias.
    for (const column of others) {
      code.line('mark = at;');
      code.read(field.type, columns[column]!, column);
      code.line('at = mark;');
    }
    if (first !== undefined) code.read(field.type, columns[first]!, first);
  }
  const text = [
    '"use strict";', ...code.constants.map((_, at) => `const k${at} = constants[${at}];`),
    'const bytes = new Uint8Array(8), real = new Float64Array(bytes.buffer), single = new Float32Array(bytes.buffer);',
    'return function run(records, from, to, cells, end) {',
    ...columns.map((_, column) => `const c${column} = cells[${column}], v${column} = c${column}.values ?? c${column}.codes;`),
    ...code.prologue,
    'let row = end.row, at = 0, mark = 0, x = 0, n = 0, size = 0, index = from;',
    'for (; index < to; index += 1) {',
    `const { ${part}Bytes: b, ${part}At: first, ${part}End: last } = records[index];`,
    `if (last - first < ${headerBytes} || b[first] !== 0 || (b[first + 1] << 24 | b[first + 2] << 16 | b[first + 3] << 8 | b[first + 4]) !== ${id | 0}) break;`,
    `at = first + ${headerBytes};`,
    'message: {', ...code.lines,
    `if (at !== last) { end.failure = at > last ? 'the message ends too early' : 'the message goes on after its end'; break message; }`,
    'row += 1; continue;',
    '}',
    'break;',
    '}',
    'end.row = row; end.index = index;',
    '};',
  ].join('\n');
  return (new Function('constants', text) as (constants: readonly unknown[]) => AvroLoop)(code.constants);
}

/** Codes of an enum's symbols in a column's dictionary, as far as they have been met. */
class SymbolCodes {
  #codes: Int32Array;
  #generation = -1;

  constructor(private readonly size: number) {
    this.#codes = new Int32Array(size);
  }

  of({ strings: { generation } }: TextCells): Int32Array {
    if (generation !== this.#generation) this.#codes = new Int32Array(this.size);
    this.#generation = generation;
    return this.#codes;
  }
}

/**
 * The bytes behind a message are another's. A read of fixed size may touch them, which shows at the end; what decides
 * over the rest of the message, or over the words of a failure, never comes from there.
 */
class AvroCode {
  readonly lines: string[] = [];
  readonly prologue: string[] = [];
  readonly constants: unknown[] = [];

  line(...lines: readonly string[]): void {
    this.lines.push(...lines);
  }

  constant(value: unknown): string {
    this.constants.push(value);
    return `k${this.constants.length - 1}`;
  }

  #fails(reason: string, column = -1): string {
    return `{ end.failure = ${this.constant(reason)}; end.column = ${column}; break message; }`;
  }

  /** To `n`, and `at` behind it; NaN where it is beyond ±2^53: then it is `cursor.wide`. */
  #long(): void {
    this.line(
      'x = at < last ? b[at] : 128; at += 1;', 'if (x < 128) n = (x >>> 1) ^ -(x & 1);',
      `else { n = ${this.constant(longAt)}(b, at - 1, last); at = ${this.constant(cursor)}.at; if (at < 0) ${this.#fails('the message holds no integer where one belongs')} }`,
    );
  }

  /** To `size`, and `at` behind it; the text lies within the message. */
  #size(): void {
    const slow = `{ size = ${this.constant(sizeAt)}(b, at - 1, last); at = ${this.constant(cursor)}.at; if (size < 0) ${this.#fails('the message ends within a text')} }`;
    this.line('x = at < last ? b[at] : 128; at += 1;', `if (x < 128 && (x & 1) === 0 && at + (x >> 1) <= last) size = x >> 1; else ${slow}`);
  }

  /** The integer at `at` chooses one of them. */
  #choose(branches: readonly Avro[], each: (branch: Avro) => void): void {
    this.#long();
    this.line('switch (n) {');
    branches.forEach((branch, index) => {
      this.line(`case ${index}: {`);
      each(branch);
      this.line('break; }');
    });
    this.line(`default: ${this.#fails('the message holds a branch that its union lacks')}`, '}');
  }

  skip(type: Avro): void {
    switch (type.kind) {
      case 'null': return;
      case 'boolean': return this.line('at += 1;');
      case 'float': return this.line('at += 4;');
      case 'double': return this.line('at += 8;');
      case 'fixed': return this.line(`at += ${type.size};`);
      case 'int': case 'long': case 'enum': return this.line(`do { if (at >= last) ${this.#fails('the message ends too early')} } while (b[at++] >= 128);`);
      case 'bytes': case 'string':
        this.#size();
        return this.line('at += size;');
      case 'union':
        if (type.branches.length <= 4 && type.branches.every(isShort)) return this.#choose(type.branches, (branch) => this.skip(branch));
        break;
      default:
    }
    this.line(`at = ${this.constant(skipperOf(type))}(b, at, last, 0);`, `if (at < 0) ${this.#fails(`the message does not hold ${shown(type)} where one belongs`)}`);
  }

  read(type: Avro, wanted: SourceColumn, column: number): void {
    if (type.kind === 'union') {
      if (type.branches.every((branch) => branch.kind === 'null' || this.#refusal(branch, wanted.type) !== null)) throw conflicting(wanted, type);
      return this.#choose(type.branches, (branch) => {
        const refusal = branch.kind === 'null' ? null : branch.kind === 'union' ? 'a union within a union' : this.#refusal(branch, wanted.type);
        if (refusal === null) this.#value(branch, wanted, column);
        else this.line(this.#fails(`${notA(wanted.type)}: ${refusal}`, column));
      });
    }
    if (type.kind !== 'null' && this.#refusal(type, wanted.type) !== null) throw conflicting(wanted, type);
    this.#value(type, wanted, column);
  }

  /** Why values of the type are none of the column's. */
  #refusal(type: Avro, wanted: SqlType): string | null {
    const readers = readersOf(wanted, type);
    return readers.some((reader) => conflictOf(reader, type) === null) ? null : shown(type);
  }

  #value(type: Avro, { type: wanted }: SourceColumn, column: number): void {
    const refuse = this.#fails(notA(wanted), column);
    switch (type.kind) {
      case 'null':
        return this.line(wanted.nullable ? `c${column}.setNull(row);` : this.#fails('NULL, where the column is NOT NULL', column));
      case 'boolean':
        return this.line(`if (at >= last) ${this.#fails('the message ends too early')}`, 'x = b[at++];', `if (x > 1) ${refuse}`, `v${column}[row] = x;`);
      case 'int': case 'long': return this.#integer(type, wanted, column, refuse);
      case 'float': return this.#real(4, column);
      case 'double': return this.#real(8, column);
      case 'string': case 'bytes':
        this.#size();
        if (wanted.kind === 'DECIMAL') this.#decimal(type, wanted, column, refuse);
        else this.line(`n = c${column}.strings.codeAt(b, at, size);`, `if (n === 0) ${this.#fails('a text that is not UTF-8', column)}`, `v${column}[row] = n; at += size;`);
        return;
      case 'fixed':
        this.line(`size = ${type.size};`, `if (at + size > last) ${this.#fails('the message ends too early')}`);
        if (wanted.kind === 'DECIMAL') this.#decimal(type, wanted, column, refuse);
        else this.line(`c${column}.set(row, ${this.constant(uuidAt)}(b, at)); at += size;`);
        return;
      default: return this.#symbol(type as AvroEnum, column);
    }
  }

  #symbol({ symbols }: AvroEnum, column: number): void {
    const codes = `e${this.constants.length}`;
    this.prologue.push(`const ${codes} = ${this.constant(new SymbolCodes(symbols.length))}.of(c${column});`);
    this.#long();
    this.line(
      `if (!(n >= 0 && n < ${symbols.length})) ${this.#fails('the message holds a symbol that its enum lacks', column)}`,
      `x = ${codes}[n]; if (x === 0) x = ${codes}[n] = c${column}.strings.codeOf(${this.constant(symbols)}[n]);`, `v${column}[row] = x;`,
    );
  }

  #real(size: 4 | 8, column: number): void {
    this.line(...Array.from({ length: size }, (_, byte) => `bytes[${byte}] = b[at + ${byte}];`), `v${column}[row] = ${size === 4 ? 'single' : 'real'}[0]; at += ${size};`);
  }

  #integer(type: AvroPrimitive, wanted: SqlType, column: number, refuse: string): void {
    this.#long();
    if (type.kind === 'int') this.line(`if (n !== (n | 0)) ${this.#fails('the message holds an int beyond 32 bits', column)}`);
    const wide = `${this.constant(cursor)}.wide`;
    const bits = integerBits[wanted.kind];
    if (bits === 64) return this.line(`if (n === n) v${column}[row] = n; else c${column}.setWide(row, ${wide});`);
    if (bits === 32) return this.line(`if (n !== (n | 0)) ${refuse}`, `v${column}[row] = n;`);
    if (bits !== undefined) return this.line(`if (n !== n << ${32 - bits} >> ${32 - bits}) ${refuse}`, `v${column}[row] = n;`);
    if (wanted.kind === 'DATE') return this.line(`v${column}[row] = n;`);
    if (wanted.kind === 'DOUBLE') return this.line(`v${column}[row] = n === n ? n : Number(${wide});`);
    if (wanted.kind === 'FLOAT') return this.line(`v${column}[row] = Math.fround(n === n ? n : Number(${wide}));`);
    const from = unitsOf(type.logical?.name), to = timestampUnits(wanted.precision ?? 6);
    if (wanted.kind !== 'DECIMAL' && from === to) return this.line(`if (n === n) v${column}[row] = n; else ${to === 1e3 ? refuse : `c${column}.setWide(row, ${wide});`}`);
    const convert = this.constant(wanted.kind === 'DECIMAL' ? decimalOf(wanted, 0) : scaledTime(from, to));
    this.line('{', `const value = ${convert}(n === n ? n : ${wide});`, `if (value === undefined) ${refuse}`, `c${column}.set(row, value);`, '}');
  }

  #decimal(type: Avro, wanted: SqlType, column: number, refuse: string): void {
    const { scale } = (type as { readonly logical: { readonly scale: number } }).logical;
    this.line('{', `const value = ${this.constant(decimalAt(wanted, scale))}(b, at, size);`, `if (value === undefined) ${refuse}`, `c${column}.set(row, value);`, 'at += size;', '}');
  }
}

const conflicting = ({ name, type }: SourceColumn, written: Avro): Error => new Error(`the writer's schema has ${shown(written)} for ${name}: ${notA(type)}`);

const isShort = ({ kind }: Avro): boolean => kind !== 'array' && kind !== 'map' && kind !== 'record' && kind !== 'union';

/** Units of a second that a long's logical type counts; milliseconds without one. */
const unitsOf = (logical: string | undefined): number => (logical?.endsWith('micros') === true ? 1e6 : logical?.endsWith('nanos') === true ? 1e9 : 1e3);

/** As which types of Avro the column's values are read; `written` where the specification does not say, and there is one meaning only. */
function readersOf(wanted: SqlType, written: Avro): readonly Avro[] {
  const logical = 'logical' in written ? (written.logical?.name ?? null) : null;
  const plain = (kind: 'boolean' | 'int' | 'long' | 'float' | 'double' | 'string'): Avro => ({ kind, logical: null });
  if (logical === 'decimal') return wanted.kind === 'DECIMAL' ? [written] : [];
  switch (wanted.kind) {
    case 'BOOLEAN': return [plain('boolean')];
    // A long that does not fit says so by itself.
    case 'TINYINT': case 'SMALLINT': case 'INT': case 'BIGINT': return [plain('long')];
    case 'DECIMAL': return logical === null ? [plain('long')] : [];
    case 'FLOAT': return [plain('float')];
    case 'DOUBLE': return [plain('double')];
    case 'STRING': return written.kind === 'enum' || (written.kind === 'fixed' && logical === 'uuid' && written.size === 16) ? [written] : [plain('string')];
    case 'DATE': return logical === null || logical === 'date' ? [plain('int')] : [];
    case 'TIMESTAMP': case 'TIMESTAMP_LTZ': return logical === null || logical.includes('timestamp') ? [plain('long')] : [];
    default: return [];
  }
}
