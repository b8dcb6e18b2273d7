/** Code of users that random pipelines call: functions, aggregates, operators and global windows, as a project would declare them. */
import { anyOf, customTrigger, everyMillis, everyRows, onCondition } from '../../../src/functions/trigger.js';
import { processFunction } from '../../../src/functions/process-function.js';
import { aggregateFunction, scalarFunction } from '../../../src/functions/user-function.js';
import { userFunctions, type FunctionDeclaration } from '../../../src/functions/user-functions.js';
import { globalWindow } from '../../../src/functions/window-function.js';
import type { Cell, Field } from './cells.js';
import { Refused, type Scalar } from './query.js';

const lawHalf = scalarFunction({ name: 'law_half', args: ['DOUBLE'], returns: 'DOUBLE', evaluate: (x) => x / 2 });
const lawMark = scalarFunction({ name: 'law_mark', args: ['STRING'], returns: 'STRING', nulls: 'pass', evaluate: (text) => (text === null ? 'none' : `${text}!`) });
/** Throws for what is not above 0. */
const lawSure = scalarFunction({
  name: 'law_sure', args: ['INT'], returns: 'INT',
  evaluate: (n) => {
    if (n <= 0) throw new Error('it is not above 0');
    return n;
  },
});

const modulus = 1_000_003n;

/** The sum of squares modulo a prime: no row counts twice, and none is left out. */
const lawMix = aggregateFunction({
  name: 'law_mix', args: ['BIGINT'], returns: 'BIGINT',
  create: () => ({ rows: 0, sum: 0 }),
  add(state, value) { state.rows += 1; state.sum = mixed(state.sum, squared(value)); },
  retract(state, value) { state.rows -= 1; state.sum = mixed(state.sum, -squared(value)); },
  merge(state, other) { state.rows += other.rows; state.sum = mixed(state.sum, other.sum); },
  result: ({ rows, sum }) => (rows === 0 ? null : sum),
});

const squared = (value: number | bigint): number => Number((BigInt(value) * BigInt(value)) % modulus);
const mixed = (sum: number, more: number): number => (sum + more + Number(modulus)) % Number(modulus);

/** `law_mix`, by definition. */
export const mixOf = (values: readonly bigint[]): Cell => (values.length === 0 ? null : values.reduce((sum, value) => sum + value * value, 0n) % modulus);

/** Counts a key's rows; says when it has been silent for a second and a half, and begins anew. */
export const silenceMillis = 1500;
const lawSteps = processFunction({
  name: 'law_steps', input: { given: 'INT' }, output: { n: 'INT', total: 'INT' },
  state: () => ({ n: 0, total: 0, timer: null as number | null }),
  onRow(row, context) {
    const { state } = context;
    if (state.timer !== null) context.deleteTimer(state.timer);
    state.n += 1;
    state.total += row.given ?? 0;
    state.timer = context.time + silenceMillis;
    context.setTimer(state.timer);
    if (state.n === 4) throw new Error('four is too many');
    context.emit({ n: state.n, total: state.total });
  },
  onTimer(_time, context) {
    context.emit({ n: -context.state.n, total: context.state.total });
    context.clear();
  },
});

/** What makes a global window of the laws speak: each part that there is. */
export interface WindowRule {
  readonly name: string;
  readonly rows: number | null;
  readonly every: number | null;
  readonly says: string | null;
  readonly accumulates: boolean;
  /** The rows are counted by a trigger of the user's. */
  readonly own?: boolean;
}

export const windowRules: readonly WindowRule[] = [
  { name: 'law_rows', rows: 3, every: null, says: null, accumulates: false },
  { name: 'law_clock', rows: null, every: 2000, says: null, accumulates: false },
  { name: 'law_flag', rows: null, every: null, says: 'FLAG', accumulates: true },
  { name: 'law_any', rows: 4, every: 3000, says: 'FLAG', accumulates: false },
  { name: 'law_own', rows: 2, every: null, says: null, accumulates: false, own: true },
];

/** Says OWN with every second row of a key. */
const everySecond = customTrigger({
  name: 'every_second', stateSize: 1, columns: [],
  create: () => ({
    onRow: (_row, { state }) => {
      state[0] = 1 - state[0]!;
      return state[0] === 0 ? 'OWN' : null;
    },
    onTime: () => null,
  }),
});

function windowOf({ name, rows, every, says, accumulates, own }: WindowRule): FunctionDeclaration {
  const parts = [
    ...(rows === null ? [] : [own === true ? everySecond : everyRows(rows)]), ...(every === null ? [] : [everyMillis(every)]),
    ...(says === null ? [] : [onCondition('fires', says)]),
  ];
  return globalWindow({
    name, input: { given: 'INT', fires: 'BOOLEAN' }, aggregates: { n: 'COUNT(*)', total: 'SUM(given)' }, accumulates,
    trigger: parts.length === 1 ? parts[0]! : anyOf(...parts),
  }) as FunctionDeclaration;
}

export const lawFunctions = userFunctions([lawHalf, lawMark, lawSure, lawMix, lawSteps, ...windowRules.map(windowOf)] as unknown as FunctionDeclaration[]);

/** A call of a scalar function over the first field at or after number `number` that one takes; null: none does. `sure`: one may throw. */
export function userScalar(fields: readonly Field[], number: number, sure: boolean, name: string): Scalar | null {
  const kinds = sure ? ['DOUBLE', 'STRING', 'INT'] : ['DOUBLE', 'STRING'];
  const field = fields.map((_, index) => fields[(number + index) % fields.length]!).find(({ kind }) => kinds.includes(kind));
  if (field === undefined) return null;
  const of = (call: string, value: (cell: Cell) => Cell): Scalar => ({ sql: `${call}(${field.name})`, reads: [field.name], field: { name, kind: field.kind }, value: (at) => value(at(field.name)) });
  if (field.kind === 'DOUBLE') return of('law_half', (cell) => (cell === null ? null : (cell as number) / 2));
  if (field.kind === 'STRING') return of('law_mark', (cell) => (cell === null ? 'none' : `${cell as string}!`));
  return of('LAW_SURE', (cell) => {
    if (cell !== null && (cell as bigint) <= 0n) throw new Refused('not above 0');
    return cell;
  });
}
