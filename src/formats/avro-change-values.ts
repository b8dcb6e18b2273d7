/** Values of a change's columns from Avro's bytes, as `ChangeReader` reads them: of the usual form, or not at all. */
import type { Avro } from './avro-type.js';
import type { AvroSteps } from './avro-steps.js';
import { ByteTimes } from './byte-times.js';
import { BOOLEAN, DATE, DECIMAL, INTEGER, REAL, SINGLE, TEXT, TIME, UNSCALED, changeForm, digitsMax, type ChangeForm } from './change-forms.js';
import { ChangeValues, firstDay, isLeftOut, lastDay } from './change-values.js';
import type { WrittenType } from './debezium-envelope.js';
import { leftOutTexts } from './debezium-values.js';
import type { ScannedTopic } from './debezium-scanner.js';

/** Where a field goes: a column of one of the topic's tables. */
interface Target {
  readonly cells: string;
  readonly row: string;
  readonly form: ChangeForm;
}

const minus = 45, point = 46, zero = 48;

export class AvroChangeValues {
  readonly #values: string;
  readonly #times: string;
  /** What a function that writes cells begins with: the rows that they are of. */
  readonly head: string;

  constructor(private readonly steps: AvroSteps, private readonly topic: ScannedTopic, private readonly types: ReadonlyMap<string, WrittenType> | null) {
    this.#values = steps.constant(new ChangeValues());
    this.#times = steps.constant(new ByteTimes());
    const rows = steps.constant(topic.rows);
    this.head = topic.cells.map((_, table) => `const r${table} = ${rows}[${table}];`).join(' ');
  }

  /** Columns of tables that are fields of rows, by name. */
  names(): string[] {
    return [...new Set(this.topic.tables.flat().filter(({ metadata }) => metadata === undefined).map(({ name }) => name))];
  }

  #targets(name: string): Target[] {
    return this.topic.tables.flatMap((columns, table) => columns.flatMap((column, index) => (column.metadata === undefined && column.name === name
      ? [{ cells: this.cells(table, index), row: `r${table}`, form: changeForm(column.type, this.types?.get(name)) }] : [])));
  }

  cells(table: number, column: number): string {
    return this.steps.constant(this.topic.cells[table]![column]!);
  }

  /** Writes nulls to the columns of that name. */
  nulls(name: string): string[] {
    return this.#targets(name).map(({ cells, row }) => `${cells}.setNull(${row});`);
  }

  clear(name: string): string[] {
    return this.#targets(name).map(({ cells, row }) => `${cells}.clear(${row});`);
  }

  /** Reads a field of that name to its columns. */
  read(name: string, type: Avro): string[] {
    const targets = this.#targets(name);
    return targets.length === 0 ? this.steps.skip(type) : this.#field(name, type, targets);
  }

  #field(name: string, type: Avro, targets: readonly Target[]): string[] {
    const { steps } = this;
    switch (type.kind) {
      case 'null': return this.nulls(name);
      case 'union': return steps.union(type.branches, (branch) => this.#field(name, branch, targets));
      case 'int': case 'long': return [...(type.kind === 'int' ? steps.int() : steps.long()), ...targets.flatMap((target) => this.#integer(target))];
      case 'boolean': return ['x = at < last ? b[at] : 2; at += 1; if (x > 1) return -1;', ...targets.map(({ form, cells, row }) => (form.form === BOOLEAN ? `${cells}.values[${row}] = x;` : 'return -1;'))];
      case 'float': return this.#real('Float32', 4, targets);
      case 'double': return this.#real('Float64', 8, targets);
      case 'string': return [...steps.size(), ...targets.flatMap((target) => this.#text(target, this.types?.get(name)?.name ?? null)), 'at += size;'];
      case 'bytes': return [...steps.size(), ...targets.flatMap((target) => this.#unscaled(target)), 'at += size;'];
      case 'fixed': return [`size = ${type.size}; if (at + size > last) return -1;`, ...targets.flatMap((target) => this.#unscaled(target)), 'at += size;'];
      default: return ['return -1;'];
    }
  }

  /** Of `n`. */
  #integer({ form, cells, row }: Target): string[] {
    const { limit, scale, units, counted } = form;
    switch (form.form) {
      case INTEGER: return [...(limit === Infinity ? [] : [`if (n < ${-limit} || n >= ${limit}) return -1;`]), `${cells}.values[${row}] = n;`];
      case DECIMAL: return [`${this.#values}.number = n; ${this.#values}.places = 0;`, `if (!${this.#values}.decimal(${limit}, ${scale}, ${cells}, ${row})) return -1;`];
      case REAL: return [`${cells}.values[${row}] = n;`];
      case SINGLE: return [`${cells}.values[${row}] = Math.fround(n);`];
      case DATE: return [`if (n < ${firstDay} || n > ${lastDay}) return -1;`, `${cells}.values[${row}] = n;`];
      case TIME: return [`x = ${counted <= units ? `n * ${units / counted}` : `Math.floor(n / ${counted / units})`};`, 'if (!Number.isSafeInteger(x)) return -1;', `${cells}.values[${row}] = x;`];
      default: return ['return -1;'];
    }
  }

  /** Which NaN it is counts for nothing, but is kept by others. */
  #real(kind: 'Float32' | 'Float64', size: number, targets: readonly Target[]): string[] {
    return [
      `if (at + ${size} > last) return -1;`, `n = view.get${kind}(at, true); if (n !== n) return -1;`,
      ...targets.map(({ form, cells, row }) => (form.form === REAL ? `${cells}.values[${row}] = n;` : form.form === SINGLE ? `${cells}.values[${row}] = Math.fround(n);` : 'return -1;')), `at += ${size};`,
    ];
  }

  /** Of the bytes at `at`, `size` of them. */
  #text({ form, cells, row }: Target, written: string | null): string[] {
    switch (form.form) {
      case TEXT: return [
        `if ((${leftOutTexts.map(({ length }) => `size === ${length}`).join(' || ')}) && ${this.steps.constant(isLeftOut)}(b, at, at + size)) return -1;`,
        `n = ${cells}.strings.codeAt(b, at, size); if (n === 0) return -1;`, `${cells}.codes[${row}] = n;`,
      ];
      case DECIMAL: return [`if (!${this.steps.constant(decimalAt)}(b, at, at + size, ${this.#values}) || !${this.#values}.decimal(${form.limit}, ${form.scale}, ${cells}, ${row})) return -1;`];
      case DATE: return [`if (size !== 10 || !${this.#times}.day(b, at)) return -1;`, `${cells}.values[${row}] = ${this.#times}.days;`];
      // Those of which the type says that they are counts are none as text.
      case TIME: return written === null || written === 'io.debezium.time.ZonedTimestamp'
        ? [`n = ${this.#times}.time(b, at, at + size, ${form.units}, 9); if (!Number.isSafeInteger(n)) return -1;`, `${cells}.values[${row}] = n;`] : ['return -1;'];
      default: return ['return -1;'];
    }
  }

  #unscaled({ form, cells, row }: Target): string[] {
    if (form.form !== UNSCALED) return ['return -1;'];
    return [`n = ${this.steps.constant(unscaledAt)}(b, at, size) * ${form.factor}; if (!(n < ${form.limit} && n > ${-form.limit})) return -1;`, `${cells}.values[${row}] = n;`];
  }
}

/** Two's complement, the greatest byte first, where it may be exact; else NaN. */
function unscaledAt(bytes: Uint8Array, at: number, size: number): number {
  if (size === 0 || size > 8) return NaN;
  let value = (bytes[at]! << 24) >> 24;
  for (let index = at + 1; index < at + size; index += 1) value = value * 256 + bytes[index]!;
  return value;
}

/** Digits with a point or without, to `number` and `places`; false: they are of another form, or too many to be exact. */
function decimalAt(bytes: Uint8Array, start: number, end: number, into: ChangeValues): boolean {
  const isNegative = bytes[start] === minus, first = isNegative ? start + 1 : start;
  if (end - start > digitsMax) return false;
  let value = 0, pointAt = end;
  for (let at = first; at < end; at += 1) {
    const digit = bytes[at]! - zero;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (bytes[at] === point && pointAt === end && at > first && at < end - 1) pointAt = at;
    else return false;
  }
  if (first === end || (isNegative && value === 0)) return false;
  into.number = isNegative ? -value : value;
  into.places = pointAt === end ? 0 : end - pointAt - 1;
  return true;
}
