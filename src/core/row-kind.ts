/** What a row of a changelog says, numbered as Flink does. */
export const INSERT = 0;
/** Takes back the row that the next UPDATE_AFTER of its key replaces. */
export const UPDATE_BEFORE = 1;
export const UPDATE_AFTER = 2;
export const DELETE = 3;

/** By kind, as `_op` has them. */
export const rowKindTexts = ['+I', '-U', '+U', '-D'] as const;

/** Whether a row of this kind is there from now on; else it is gone. */
export const isAdded = (kind: number): boolean => kind === INSERT || kind === UPDATE_AFTER;
