/** Global windows with triggers of the user's: declared like an operator, and computed by the engine's own aggregates. */
import { TapewrightError, assert } from '../core/errors.js';
import { typeName, type SqlType } from '../core/types.js';
import { resolveAggregate } from './aggregates.js';
import { declaredType } from './declared-types.js';
import type { BaseOf, DeclaredType } from './declared-types.js';
import { readProcess, type ColumnTypes, type ProcessDeclaration } from './process-function.js';
import { triggerFault, type TriggerDeclaration } from './trigger.js';
import { checkName } from './user-function.js';

type AggregateOf = 'COUNT' | 'SUM' | 'AVG' | 'MIN' | 'MAX' | 'FIRST_VALUE' | 'LAST_VALUE' | 'STDDEV_POP' | 'STDDEV_SAMP' | 'VAR_POP' | 'VAR_SAMP';
type NameOf<Input> = keyof Input & string;

/** `COUNT(*)`, `SUM(turnover)`, `COUNT(DISTINCT symbol)`: an aggregate of the input, as in SQL. */
export type AggregateText<Input extends ColumnTypes> = 'COUNT(*)' | `${AggregateOf}(${NameOf<Input>})` | `${AggregateOf}(DISTINCT ${NameOf<Input>})`;

type ResultOf<Input extends ColumnTypes, Text> = Text extends `COUNT(${string}` ? 'BIGINT NOT NULL'
  : Text extends `${string}(DISTINCT ${infer Column})` | `${string}(${infer Column})` ? (Column extends NameOf<Input> ? BaseOf<Input[Column]> & DeclaredType : never) : never;

/** The columns that follow the aggregates: the window [start, end), and what the trigger said. */
const windowColumns = { window_start: 'TIMESTAMP(3) NOT NULL', window_end: 'TIMESTAMP(3) NOT NULL', fired_by: 'STRING NOT NULL' } as const;

export type WindowOutput<Input extends ColumnTypes, Aggregates> = { readonly [Name in keyof Aggregates]: ResultOf<Input, Aggregates[Name]> } & typeof windowColumns;

export interface WindowAggregateDeclaration {
  readonly name: string;
  readonly call: string;
  /** Null: of rows. */
  readonly column: string | null;
  readonly distinct: boolean;
}

/** What of a declaration says that the operator is a global window. */
export interface DeclaredWindow {
  readonly aggregates: readonly WindowAggregateDeclaration[];
  readonly trigger: TriggerDeclaration;
  readonly purges: boolean;
}

export interface GlobalWindowDeclaration<Input extends ColumnTypes, Aggregates> {
  /** By which SQL calls it: `SELECT * FROM name(input => TABLE t PARTITION BY k, on_time => DESCRIPTOR(event_time))`. */
  readonly name: string;
  /** The columns that aggregates and trigger read. */
  readonly input: Input;
  /** By the names of their columns. */
  readonly aggregates: Aggregates;
  readonly trigger: TriggerDeclaration<NameOf<Input>>;
  /** True: a firing leaves the rows in the window, and the next one speaks of them again. */
  readonly accumulates?: boolean;
}

/**
 * Declares a global window of each key. It puts out the key's columns, the aggregates, window_start (event time of the
 * first row), window_end, fired_by and `rowtime`, whenever its trigger fires and rows have come. @throws FUNCTION_INVALID.
 */
export function globalWindow<const Input extends ColumnTypes, const Aggregates extends Readonly<Record<string, AggregateText<Input>>>>(
  { name, input, aggregates, trigger, accumulates = false }: GlobalWindowDeclaration<Input, Aggregates>,
): ProcessDeclaration<Input, WindowOutput<Input, Aggregates>, null> & { readonly window: DeclaredWindow } {
  const refuse = (why: string): TapewrightError => new TapewrightError('FUNCTION_INVALID', `the window ${name} ${why}`, { name });
  checkName(name, 'a window');
  const types = new Map(Object.entries(input).map(([column, type]) => [column, declaredType(type, `column ${column} of the window ${name}`)]));
  const fault = triggerFault(trigger, new Map([...types].map(([column, { kind }]) => [column, kind])));
  if (fault !== null) throw refuse(fault);
  const calls = Object.entries(aggregates as Readonly<Record<string, string>>).map(([column, text]) => readCall(column, text, types, refuse));
  const output = { ...Object.fromEntries(calls.map(({ call, type }) => [call.name, typeName(type)])), ...windowColumns };
  const declaration = {
    name, input, output: output as unknown as WindowOutput<Input, Aggregates>, window: { aggregates: calls.map(({ call }) => call), trigger, purges: !accumulates },
    state: () => null,
    onRow: () => assert(false, 'a global window is the engine\'s own operator'),
  };
  readProcess(declaration as unknown as ProcessDeclaration);
  return declaration;
}

function readCall(name: string, text: string, types: ReadonlyMap<string, SqlType>, refuse: (why: string) => TapewrightError): { call: WindowAggregateDeclaration; type: SqlType } {
  const match = /^\s*([A-Z_]+)\(\s*(DISTINCT\s+)?(\*|\w+)\s*\)\s*$/.exec(text);
  if (match === null) throw refuse(`aggregates ${name} as ${JSON.stringify(text)}: write it as 'COUNT(*)' or 'SUM(column)'`);
  if (Object.hasOwn(windowColumns, name)) throw refuse(`has an aggregate named ${name}, which is a column of every window: rename it`);
  const column = match[3] === '*' ? null : match[3]!;
  const type = column === null ? null : types.get(column);
  if (type === undefined) throw refuse(`aggregates '${column}', which is none of its input columns (${[...types.keys()].join(', ')})`);
  const call = { name, call: match[1]!, column, distinct: match[2] !== undefined };
  try {
    return { call, type: resolveAggregate(call.call, type, call.distinct, { line: 1, column: 1, text }).type };
  } catch (error) {
    if (error instanceof TapewrightError) throw refuse(`aggregates ${name} wrongly: ${error.message.replace(/^line 1, column 1: /, '')}`);
    throw error;
  }
}

/** The window that a declaration is; null: it is an operator of another kind. */
export const windowOf = (code: ProcessDeclaration): DeclaredWindow | null => (code as { readonly window?: DeclaredWindow }).window ?? null;
