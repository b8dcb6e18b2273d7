/** The functions and operators of the user's that a pipeline may call, by name. */
import { TapewrightError } from '../core/errors.js';
import { isAggregateName } from './aggregates.js';
import { readProcess } from './process-function.js';
import type { ProcessDeclaration, UserProcess } from './process-function.js';
import { isScalarFunction } from './scalar.js';
import { readAggregate, readScalar } from './user-function.js';
import type { AggregateDeclaration, ScalarDeclaration, UserAggregate, UserScalar } from './user-function.js';

/** What a module may export for SQL to call. */
export type FunctionDeclaration = ScalarDeclaration | AggregateDeclaration | ProcessDeclaration;

/** All of them by name in capitals. */
export interface UserFunctions {
  readonly scalars: ReadonlyMap<string, UserScalar>;
  readonly aggregates: ReadonlyMap<string, UserAggregate>;
  readonly processes: ReadonlyMap<string, UserProcess>;
}

export const noUserFunctions: UserFunctions = { scalars: new Map(), aggregates: new Map(), processes: new Map() };

/** Names that SQL reads as tables of its own. */
const tableFunctions: readonly string[] = ['TUMBLE', 'HOP', 'CUMULATE', 'SESSION', 'UNNEST'];

/** Whether something that a module exports looks like a declaration. */
export function isDeclaration(value: unknown): value is FunctionDeclaration {
  const code = value as { evaluate?: unknown; create?: unknown; onRow?: unknown } | null;
  return typeof value === 'object' && [code?.evaluate, code?.create, code?.onRow].some((member) => typeof member === 'function');
}

/** @throws FUNCTION_INVALID for a wrong declaration, and for two of one name. */
export function userFunctions(declarations: readonly FunctionDeclaration[]): UserFunctions {
  const scalars = new Map<string, UserScalar>();
  const aggregates = new Map<string, UserAggregate>();
  const processes = new Map<string, UserProcess>();
  const taken = new Map<string, FunctionDeclaration>();
  for (const declaration of declarations) {
    const read = readDeclaration(declaration);
    const name = read.name.toUpperCase();
    const other = taken.get(name);
    if (other === declaration) continue;
    if (other !== undefined) throw new TapewrightError('FUNCTION_INVALID', `two functions are named ${read.name} (capitals do not tell them apart): rename one`, { name });
    if (isScalarFunction(name) || isAggregateName(name) || tableFunctions.includes(name)) {
      throw new TapewrightError('FUNCTION_INVALID', `the function ${read.name} has the name of one of SQL's own: rename it`, { name });
    }
    taken.set(name, declaration);
    if (read.kind === 'scalar') scalars.set(name, read);
    else if (read.kind === 'aggregate') aggregates.set(name, read);
    else processes.set(name, read);
  }
  return { scalars, aggregates, processes };
}

function readDeclaration(declaration: FunctionDeclaration): UserScalar | UserAggregate | UserProcess {
  if ('evaluate' in declaration) return readScalar(declaration);
  return 'onRow' in declaration ? readProcess(declaration) : readAggregate(declaration);
}
