/** The public API: pipelines in TypeScript, functions that SQL calls, and runs. */
export { aggregateFunction, scalarFunction } from './functions/user-function.js';
export type { AggregateDeclaration, NullRule, ScalarDeclaration } from './functions/user-function.js';
export { processFunction } from './functions/process-function.js';
export type { ColumnTypes, ProcessContext, ProcessDeclaration, RowOf } from './functions/process-function.js';
export { globalWindow } from './functions/window-function.js';
export type { AggregateText, DeclaredWindow, GlobalWindowDeclaration } from './functions/window-function.js';
export { anyOf, atCalendar, customTrigger, everyMillis, everyRows, onCondition } from './functions/trigger.js';
export type { Trigger, TriggerDeclaration, TriggerKey, TriggerRow } from './functions/trigger.js';
export { calendar } from './calendar/calendar.js';
export type { Calendar } from './calendar/calendar.js';
export type { Phase, Session } from './calendar/venue.js';
export type { DeclaredType, NullableValueOf, ValueOf } from './functions/declared-types.js';
export { seededNumber } from './functions/seeded-number.js';
export {
  avg, call, constant, count, countDistinct, firstValue, lag, lastValue, max, min, sqlCall, stddevPop, stddevSamp, sum, timestamp, varPop, varSamp, when,
} from './builder/calls.js';
export { pipeline } from './builder/pipeline.js';
export type { BuiltPipeline } from './builder/built-pipeline.js';
export { Query } from './builder/query.js';
export type { Insert } from './builder/query.js';
export { Table, table } from './builder/table.js';
export type { Row } from './builder/types.js';
export { Value } from './builder/value.js';
export { cumulate, hop, session, tumble } from './builder/windows.js';
export type { Duration, Window } from './builder/windows.js';
export { TapewrightError } from './core/errors.js';
export type { ErrorCode } from './core/errors.js';
