/** Aggregates in the user's code. A group whose code throws has no result until it is empty again. */
import type { Column } from '../core/batch.js';
import { ByteWriter, type ByteReader } from '../core/bytes.js';
import type { ColumnBuilder } from '../core/column-builder.js';
import { TapewrightError, assert } from '../core/errors.js';
import { faults } from '../core/faults.js';
import { readPlain, writePlain } from '../core/plain-bytes.js';
import { typeName, type Physical, type SqlType } from '../core/types.js';
import { fromUser, type UserValue } from '../functions/declared-types.js';
import { runUserCode, thrownBy, userCode } from '../functions/user-code.js';
import type { UserAggregate } from '../functions/user-function.js';
import type { Accumulator } from './accumulator.js';
import { ArgumentReader } from './accumulator.js';
import type { Cells } from './cells.js';
import { readerOf, type Reader } from './user-rows.js';

/** What a slot holds. */
interface Group {
  state: unknown;
  /** Rows that were added and not taken out. */
  count: number;
  /** Why there is no result. */
  failed: string | null;
  /** Arguments of the rows, oldest first, where they leave and the function cannot take them out; the first `left` have left. */
  readonly rows: UserValue[][] | null;
  left: number;
  /** The state knows rows that have left. */
  isStale: boolean;
}

/** Queues are cut when this many rows have left, and more than half of all. */
const LEFT_MAX = 64;

/** State: one group object. */
export class UserAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 0;
  readonly objectWidth = 1;
  readonly #keepsRows: boolean;
  readonly #skipsNull: boolean;
  readonly #read: (value: unknown) => Physical;
  #readers: readonly Reader[] = [];

  constructor(readonly user: UserAggregate, private readonly types: readonly SqlType[], leaving: string) {
    super();
    this.#keepsRows = leaving !== 'never' && user.code.retract === undefined;
    this.#skipsNull = user.nulls === 'skip';
    this.#read = fromUser(user.returns, user.name);
    // Said now, rather than when the first snapshot is taken.
    if (!this.#keepsRows) this.#writeState(new ByteWriter(), this.#run(() => user.code.create()));
  }

  bindArguments(columns: readonly Column[]): void {
    this.#readers = columns.map((column, index) => readerOf(column, this.types[index]!));
  }

  add(cells: Cells, slot: number, row: number): void {
    const args = this.#arguments(row);
    if (args === null) return;
    const group = this.#groupAt(cells, slot);
    group.count += 1;
    group.rows?.push(args);
    if (!group.isStale) this.#call(group, 'add', args);
  }

  retract(cells: Cells, slot: number, row: number): void {
    const group = this.#groupAt(cells, slot);
    if (this.#keepsRows) {
      if (this.#arguments(row) === null) return;
      group.left += 1;
      group.isStale = true;
    } else {
      const args = this.#arguments(row);
      if (args === null) return;
      this.#call(group, 'retract', args);
    }
    group.count -= 1;
    // What comes next begins anew, and what went wrong is over.
    if (group.count === 0) cells.objects[slot * cells.objectWidth + this.objectAt] = undefined;
  }

  merge(cells: Cells, slot: number, from: Cells, fromSlot: number): void {
    const other = from.objects[fromSlot * from.objectWidth + this.objectAt] as Group | undefined;
    if (other === undefined) return;
    const group = this.#groupAt(cells, slot);
    group.count += other.count;
    group.failed ??= other.failed;
    assert(this.user.code.merge !== undefined, 'an aggregate that cannot merge is refused where that is needed');
    if (!faults.partsLost) this.#call(group, 'merge', [other.state]);
  }

  /** Writes the result of a slot; returns why there is none. */
  write(cells: Cells, slot: number, out: ColumnBuilder): string | null {
    const { user } = this;
    const group = this.#groupAt(cells, slot);
    if (group.isStale) this.#renew(group);
    if (group.failed !== null) return group.failed;
    try {
      const value = this.#run(() => user.code.result(group.state));
      if (value !== null) out.append(this.#read(value));
      else if (user.returns.nullable) out.appendNull();
      else return `${user.name} gave null, and its result is declared ${typeName(user.returns)}`;
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }

  override save(writer: ByteWriter, cells: Cells, slot: number): void {
    const group = cells.objects[slot * cells.objectWidth + this.objectAt] as Group | undefined;
    writer.u8(group === undefined ? 0 : 1);
    if (group === undefined) return;
    writer.varint(group.count);
    writer.u8(group.failed === null ? 0 : 1);
    if (group.failed !== null) writer.string(group.failed);
    if (group.rows !== null) writePlain(writer, group.rows.slice(group.left), `the rows of the function ${this.user.name}`);
    else if (group.failed === null) this.#writeState(writer, group.state);
  }

  #writeState(writer: ByteWriter, state: unknown): void {
    const { code, name } = this.user;
    writePlain(writer, code.encode === undefined ? state : this.#run(() => code.encode!(state)), `the state of the function ${name}`);
  }

  override load(reader: ByteReader, cells: Cells, slot: number): void {
    const at = slot * cells.objectWidth + this.objectAt;
    cells.objects[at] = undefined;
    if (reader.u8() === 0) return;
    const count = reader.varint();
    const failed = reader.u8() === 0 ? null : reader.string();
    const { code } = this.user;
    const rows = this.#keepsRows ? (readPlain(reader) as UserValue[][]) : null;
    const data = rows !== null || failed !== null ? undefined : readPlain(reader);
    const state = data === undefined || code.decode === undefined ? data : this.#run(() => code.decode!(data));
    cells.objects[at] = { state, count, failed, rows, left: 0, isStale: rows !== null } satisfies Group;
  }

  /** Arguments of a row; null where the row does not count. */
  #arguments(row: number): UserValue[] | null {
    if (this.filter !== null && (this.filter[row] !== 1 || (this.filterNulls !== null && this.filterNulls[row] !== 0))) return null;
    const args: UserValue[] = [];
    for (const read of this.#readers) {
      const value = read(row);
      if (value === null && this.#skipsNull) return null;
      args.push(value);
    }
    return args;
  }

  #groupAt(cells: Cells, slot: number): Group {
    const at = slot * cells.objectWidth + this.objectAt;
    return (cells.objects[at] ??= this.#newGroup()) as Group;
  }

  #newGroup(): Group {
    const group: Group = { state: undefined, count: 0, failed: null, rows: this.#keepsRows ? [] : null, left: 0, isStale: false };
    this.#create(group);
    return group;
  }

  #create(group: Group): void {
    group.failed = null;
    try {
      group.state = this.#run(() => this.user.code.create());
    } catch (error) {
      group.failed = messageOf(error);
    }
  }

  /** Adds up the rows that are left. */
  #renew(group: Group): void {
    const rows = group.rows!;
    if (group.left >= LEFT_MAX && group.left * 2 > rows.length) {
      rows.splice(0, group.left);
      group.left = 0;
    }
    group.isStale = false;
    this.#create(group);
    for (let at = group.left; at < rows.length; at += 1) this.#call(group, 'add', rows[at]!);
  }

  /** Changes the state of a group, unless something has gone wrong with it. */
  #call(group: Group, member: 'add' | 'retract' | 'merge', args: readonly unknown[]): void {
    if (group.failed !== null) return;
    const { code, name } = this.user;
    userCode.running = name;
    try {
      const change = code[member] as (state: unknown, ...args: readonly unknown[]) => unknown;
      const state = change.call(code, group.state, ...args);
      if (state !== undefined) group.state = state;
    } catch (error) {
      group.failed = messageOf(thrownBy(name, error));
    } finally {
      userCode.running = null;
    }
  }

  #run<Result>(act: () => Result): Result {
    return runUserCode(this.user.name, act);
  }
}

/** The reason of a failure; anything else is thrown on. */
function messageOf(error: unknown): string {
  if (!(error instanceof TapewrightError) || error.code !== 'EXPRESSION_FAILED') throw error;
  return error.message;
}
